/** The rows of one run in memory, with the promises that the schedule relies on: a change and its roll-up are told together. */
import {RollUpCounter, type StateStatus} from '@megatest/model';

export type FakeRow = StateStatus & {
  readonly testId: number;
  readonly testName: string;
  readonly itemPath: string;
  readonly launchId: string;
  /** The last report of the launch that counted. */
  readonly reports: number;
};

type MutableRow = {-readonly [K in keyof FakeRow]: FakeRow[K]};

export class FakeStore {
  readonly rows: MutableRow[] = [];
  readonly #tests = new Map<
    string,
    {readonly rows: Map<string, MutableRow>; readonly counter: RollUpCounter}
  >();
  readonly #changed = new Set<MutableRow>();

  register(testName: string, itemPath: string): FakeRow {
    const test = this.#tests.get(testName) ?? {rows: new Map(), counter: new RollUpCounter()};
    this.#tests.set(testName, test);
    const known = test.rows.get(itemPath);
    if (known !== undefined) {
      return known;
    }
    const testId = this.rows.length;
    const row = {testId, testName, itemPath, state: 'NOT_STARTED', status: 'n/a', launchId: '', reports: 0};
    this.rows.push(row);
    test.rows.set(itemPath, row);
    this.#changed.add(row);
    if (itemPath !== '') {
      // As in the store, making a row does not roll up.
      test.counter.move(undefined, row);
    }
    return row;
  }

  find(testName: string, itemPath: string): FakeRow | undefined {
    return this.#tests.get(testName)?.rows.get(itemPath);
  }

  /** All rows of a test, the one with the empty item path included. */
  rowsOf(testName: string): Iterable<FakeRow> {
    return this.#tests.get(testName)?.rows.values() ?? [];
  }

  setState(testId: number, {state, status}: StateStatus): void {
    const row = this.#row(testId);
    const before = {state: row.state, status: row.status};
    row.state = state;
    row.status = status;
    this.#changed.add(row);
    const test = this.#tests.get(row.testName);
    const parent = test?.rows.get('');
    if (row.itemPath !== '' && test !== undefined && parent !== undefined) {
      const result = test.counter.move(before, row);
      if (result.state !== parent.state || result.status !== parent.status) {
        parent.state = result.state;
        parent.status = result.status;
        this.#changed.add(parent);
      }
    }
  }

  setLaunch(testId: number, launchId: string): void {
    const row = this.#row(testId);
    row.launchId = launchId;
    row.reports = 0;
  }

  /** Whether this report is news: of the launch that owns the row, and not told before. */
  takeReport(testId: number, launchId: string, number: number): boolean {
    const row = this.#row(testId);
    if (row.launchId !== launchId || number <= row.reports) {
      return false;
    }
    row.reports = number;
    return true;
  }

  takeChanges(): readonly FakeRow[] {
    const changes = [...this.#changed];
    this.#changed.clear();
    return changes;
  }

  #row(testId: number): MutableRow {
    const row = this.rows[testId];
    if (row === undefined) {
      throw new Error(`there is no test ${testId}`);
    }
    return row;
  }
}

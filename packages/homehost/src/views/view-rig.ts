/** For tests of views: a database file whose changes are told to a service, as a daemon does it. */
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {type Connection, ensureSchema, openWorking, Store} from '@megatest/store';
import {ViewService, type ViewServiceOptions} from './view-service.ts';

export class ViewRig implements Disposable {
  readonly store: Store;
  readonly service: ViewService;
  readonly told: Parameters<ViewServiceOptions['tellGrids']>[0][number][] = [];
  readonly #directory = mkdtempSync(join(tmpdir(), 'megatest-views-'));
  readonly #db: Connection;
  #rev = 0;

  constructor(mostCells = 1000) {
    const path = join(this.#directory, 'm.db');
    this.#db = openWorking(path);
    ensureSchema(this.#db, [{name: 'OS', type: 'TEXT'}], 'M');
    this.store = new Store(this.#db);
    this.service = new ViewService({path, mostCells, rev: 0, tellGrids: (news) => this.told.push(...news)});
  }

  /** A run of that start, with tests as `name/item STATE STATUS start duration`. */
  run(target: string, runName: string, eventTime: number, ...tests: readonly string[]): number {
    const made = {target: [target], runName, state: 'new', status: 'n/a', owner: 'me', contour: ''};
    const {runId} = this.store.runs.register(made, eventTime);
    this.set(runId, ...tests);
    return runId;
  }

  set(runId: number, ...tests: readonly string[]): void {
    const put = this.#db.prepare<unknown[]>(
      `INSERT INTO tests (run_id, testname, item_path, state, status, event_time, run_duration) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (run_id, testname, item_path) DO UPDATE SET state = excluded.state, status = excluded.status`,
    );
    for (const test of tests) {
      const [name = '', state = 'COMPLETED', status = 'PASS', start = 100, duration = 10] = test.split(' ');
      const [testName, ...item] = name.split('/');
      put.run(runId, testName, item.join('/'), state, status, start, duration);
    }
    this.tell(tests.map((test) => this.id(runId, test.split(' ')[0] ?? '')));
  }

  id(runId: number, name: string): number {
    const [testName = '', ...item] = name.split('/');
    return this.store.tests.find(runId, testName, item.join('/'))?.id ?? 0;
  }

  /** That these tests, and the runs that the store has written, have changed. */
  tell(tests: readonly number[]): void {
    this.#rev += 1;
    const {runs} = this.store.takeChanges();
    this.service.apply({rev: this.#rev, ids: {runs: [...runs], tests}});
  }

  tellNothingIsKnown(): void {
    this.#rev += 1;
    this.service.apply({rev: this.#rev, ids: undefined});
  }

  /** The words of codes. */
  texts(codes: readonly number[]): string {
    return codes.map((code) => this.service.palette.entries[code - 1]?.text ?? '-').join(' ');
  }

  /** A window as lines: the row, then its cells. */
  async lines(grid: number, from = 0, count = 100): Promise<readonly string[]> {
    const {rows, codes} = await this.service.answer('grid.rows', {grid, from, count, cols: [0, 100]});
    return rows.map(({label, item, kind, n}, index) => {
      const name = item === '' ? `${label}${kind === 'collapsed' ? ` (${n})` : ''}` : `${label}/${item}`;
      return `${name}: ${this.texts(codes[index] ?? [])}`;
    });
  }

  [Symbol.dispose](): void {
    this.service.close();
    this.#db.close();
    rmSync(this.#directory, {recursive: true});
  }
}

/** Which tests of an index a view shows: by their names, and by what their codes mean. Each name and each code is judged once. */
import {isShown, type StateFilter, TestFilter} from '@megatest/model';
import type {ViewFilter} from '@megatest/rpc';
import type {CellIndex} from './cell-index.ts';
import type {RunCells} from './run-cells.ts';

export class ShownTests {
  readonly #index: Pick<CellIndex, 'names' | 'palette'>;
  readonly #tests: TestFilter;
  readonly #states: StateFilter;
  readonly #byTest = new Map<string, (itemPath: string) => boolean>();
  /** By row key: 0 not judged yet, 1 shown, 2 not. */
  #rows = new Uint8Array(0);
  readonly #codes: boolean[] = [false];

  constructor(
    index: Pick<CellIndex, 'names' | 'palette'>,
    {q = '', states = [], statuses = [], show = false}: ViewFilter = {},
  ) {
    this.#index = index;
    this.#tests = new TestFilter(q);
    this.#states = {states, statuses, show};
  }

  hasRow(rowKey: number): boolean {
    if (this.#tests.isEmpty) {
      return true;
    }
    const {names} = this.#index;
    if (rowKey >= this.#rows.length) {
      const rows = new Uint8Array(Math.max(names.size, 2 * this.#rows.length));
      rows.set(this.#rows);
      this.#rows = rows;
    }
    if (this.#rows[rowKey] === 0) {
      this.#rows[rowKey] = this.#judgeTest(names.testName(rowKey))(names.itemPath(rowKey)) ? 1 : 2;
    }
    return this.#rows[rowKey] === 1;
  }

  hasCode(code: number): boolean {
    const {entries} = this.#index.palette;
    for (let next = this.#codes.length; next <= code; next += 1) {
      const {state = '', status = ''} = entries[next - 1] ?? {};
      this.#codes.push(isShown(state, status, this.#states));
    }
    return this.#codes[code] ?? false;
  }

  has(cells: RunCells, place: number): boolean {
    return this.hasCode(cells.code(place)) && this.hasRow(cells.rowKey(place));
  }

  #judgeTest(testName: string): (itemPath: string) => boolean {
    let judge = this.#byTest.get(testName);
    if (judge === undefined) {
      judge = this.#tests.forTest(testName);
      this.#byTest.set(testName, judge);
    }
    return judge;
  }
}

/**
 * One open grid: which runs are its columns, which tests and items its rows, and in which order.
 *
 * For each row and each column it counts the tests that are shown, so a change costs itself: only when a count comes from 0 or gets there
 * are the rows laid out again. Runs are *pending* until they have been counted wholly; what is there of them is shown. Rows keep their
 * order while the grid is open.
 */
import {orderRows, type RowSort, severity, TextFilter} from '@megatest/model';
import {type GridParams, type GridRun, type GridSize, type GridWindow, RpcError} from '@megatest/rpc';
import type {CellChange, CellIndex} from './cell-index.ts';
import {collapsedBy, GridRows, type NumberedGroup} from './grid-rows.ts';
import {keepOrder} from './keep-order.ts';
import type {RunCells} from './run-cells.ts';
import {ShownTests} from './shown-tests.ts';

const defaultSort: RowSort = '-event_time';
const defaultRunLimit = 24;

export type GridNews = GridSize & {readonly runs?: readonly GridRun[]};
export type WindowCells = Pick<GridWindow, 'rows' | 'ids' | 'codes'>;

export class Grid {
  readonly #index: CellIndex;
  readonly #params: GridParams;
  readonly #shown: ShownTests;
  readonly #isCollapsed: (testName: string) => boolean;
  /** Runs that may be columns, newest first. */
  #candidates: readonly GridRun[] = [];
  #candidateIds: ReadonlySet<number> = new Set();
  #runCount = 0;
  readonly #counted = new Set<number>();
  /** Tests that are shown, by row key and by run. */
  #ofRow = new Uint32Array(0);
  readonly #ofRun = new Map<number, number>();
  #isStale = true;
  #hasNews = false;
  #rows: GridRows;
  #columns: readonly GridRun[] = [];
  /** The columns that were told last. */
  #toldColumns: readonly GridRun[] = [];

  constructor(index: CellIndex, params: GridParams) {
    this.#index = index;
    this.#params = params;
    this.#shown = new ShownTests(index, params.filter);
    this.#isCollapsed = collapsedBy(params.collapse);
    this.#rows = new GridRows(index.names, [], this.#isCollapsed);
    this.countAnew();
  }

  /** The newest run that has not been counted wholly. */
  get nextPending(): number | undefined {
    return this.#candidates.find(({runId}) => !this.#counted.has(runId))?.runId;
  }

  get rows(): GridRows {
    this.#layOut();
    return this.#rows;
  }

  get columns(): readonly GridRun[] {
    this.#layOut();
    return this.#columns;
  }

  get runCount(): number {
    return this.#runCount;
  }

  get size(): GridSize {
    return {rowCount: this.rows.count, pending: this.#candidates.length - this.#counted.size};
  }

  /** What has changed since the last call; `undefined` when nothing has that a window could show. */
  takeNews(): GridNews | undefined {
    if (!this.#hasNews) {
      return undefined;
    }
    this.#hasNews = false;
    const {size, columns} = this;
    const isOther = JSON.stringify(columns) !== JSON.stringify(this.#toldColumns);
    this.#toldColumns = columns;
    return {...size, ...(isOther ? {runs: columns} : {})};
  }

  changed({runId, rowKey, before, after, isOtherTest, isComing}: CellChange): void {
    if (
      !this.#candidateIds.has(runId) ||
      (isComing && this.#counted.has(runId)) ||
      !this.#shown.hasRow(rowKey)
    ) {
      return;
    }
    const [was, is] = [this.#shown.hasCode(before), this.#shown.hasCode(after)];
    if (was !== is) {
      this.#count(runId, rowKey, is ? 1 : -1);
    } else if (is && isOtherTest) {
      this.#hasNews = true;
    }
  }

  /** Something changed that nobody could tell. */
  missed(runId: number): void {
    if (this.#counted.has(runId)) {
      this.countAnew();
    }
  }

  isWhole(runId: number): void {
    if (this.#candidateIds.has(runId) && !this.#counted.has(runId)) {
      this.#counted.add(runId);
      this.#hasNews = true;
    }
  }

  countAnew(): void {
    const {runLimit = defaultRunLimit, runOffset = 0} = this.#params;
    const runs = this.#index.runs.filter(runFilter(this.#index.keys, this.#params));
    this.#runCount = runs.length;
    this.#candidates = runs.slice(runOffset, runOffset + runLimit);
    this.#candidateIds = new Set(this.#candidates.map(({runId}) => runId));
    this.#counted.clear();
    this.#ofRow.fill(0);
    this.#ofRun.clear();
    this.#isStale = true;
    this.#hasNews = true;
    for (const {runId} of this.#candidates) {
      const cells = this.#index.cells(runId);
      for (let place = 0; place < (cells?.size ?? 0); place += 1) {
        if (cells !== undefined && this.#shown.has(cells, place)) {
          this.#count(runId, cells.rowKey(place), 1);
        }
      }
      if (this.#index.isWhole(runId)) {
        this.#counted.add(runId);
      }
    }
  }

  /** Where a test is shown. */
  async locate(testId: number): Promise<{readonly row: number; readonly col: number}> {
    const found = this.#index.find(testId);
    const col = this.columns.findIndex(({runId}) => runId === found?.runId);
    if (found !== undefined && col >= 0) {
      const cells = await this.#cells(found.runId);
      const place = this.#shownPlace(cells, found.rowKey);
      const row = place === undefined ? undefined : this.rows.find(found.rowKey);
      if (row !== undefined) {
        return {row, col};
      }
    }
    throw new RpcError('notFound', `this grid does not show test ${testId}`, {what: 'test', id: testId});
  }

  /** `count` rows from `from`, and columns from the first of `cols` to before the second. */
  async window(from: number, count: number, cols: readonly [number, number]): Promise<WindowCells> {
    const rows = this.rows.slice(from, from + count);
    const ids: number[][] = rows.map(() => []);
    const codes: number[][] = rows.map(() => []);
    for (const {runId} of this.columns.slice(...cols)) {
      // One after the other: there may not be room for all of them.
      const cells = await this.#cells(runId);
      for (const [index, {rowKey}] of rows.entries()) {
        const place = this.#shownPlace(cells, rowKey);
        ids[index]?.push(place === undefined ? 0 : (cells?.id(place) ?? 0));
        codes[index]?.push(place === undefined ? 0 : (cells?.code(place) ?? 0));
      }
    }
    return {rows: rows.map(({row}) => row), ids, codes};
  }

  /** What is there of a run that is pending; all of any other, which is read again when it had to make room. */
  async #cells(runId: number): Promise<RunCells | undefined> {
    if (this.#counted.has(runId) && !this.#index.isWhole(runId)) {
      await this.#index.load([runId]);
    }
    return this.#index.cells(runId);
  }

  #shownPlace(cells: RunCells | undefined, rowKey: number): number | undefined {
    const place = cells?.placeOf(rowKey);
    return cells !== undefined && place !== undefined && this.#shown.has(cells, place) ? place : undefined;
  }

  #count(runId: number, rowKey: number, by: 1 | -1): void {
    if (rowKey >= this.#ofRow.length) {
      const ofRow = new Uint32Array(Math.max(this.#index.names.size, 2 * this.#ofRow.length));
      ofRow.set(this.#ofRow);
      this.#ofRow = ofRow;
    }
    const inRow = (this.#ofRow[rowKey] ?? 0) + by;
    const inRun = (this.#ofRun.get(runId) ?? 0) + by;
    this.#ofRow[rowKey] = inRow;
    this.#ofRun.set(runId, inRun);
    this.#hasNews = true;
    const edge = by === 1 ? 1 : 0;
    this.#isStale ||= inRow === edge || inRun === edge;
  }

  #layOut(): void {
    if (!this.#isStale) {
      return;
    }
    this.#isStale = false;
    this.#columns = this.#candidates.filter(
      ({runId}) => this.#params.emptyRuns === true || (this.#ofRun.get(runId) ?? 0) > 0,
    );
    const {sort = defaultSort} = this.#params;
    const now = orderRows(this.#groups(), sort, this.#keysFor(sort));
    const before = new Map(this.#rows.groups.map((group) => [group.testName, group]));
    const kept = keepOrder(this.#rows.groups, now, ({testName}) => testName).map((group) => {
      const items = before.get(group.testName)?.items ?? [];
      return {...group, items: keepOrder(items, group.items, (rowKey) => rowKey)};
    });
    this.#rows = new GridRows(this.#index.names, kept, this.#isCollapsed);
  }

  /** Tests and items that any run shows, in natural order. */
  #groups(): readonly NumberedGroup[] {
    const {names} = this.#index;
    const groups: {readonly testName: string; top: number | undefined; readonly items: number[]}[] = [];
    let group: (typeof groups)[number] | undefined;
    for (const rowKey of names.inOrder()) {
      if ((this.#ofRow[rowKey] ?? 0) === 0) {
        continue;
      }
      const testName = names.testName(rowKey);
      if (group?.testName !== testName) {
        group = {testName, top: undefined, items: []};
        groups.push(group);
      }
      if (names.itemPath(rowKey) === '') {
        group.top = rowKey;
      } else {
        group.items.push(rowKey);
      }
    }
    return groups;
  }

  /** The newest start of each row, or how severe it is in the newest run that has it. */
  #keysFor(sort: RowSort): (rowKey: number) => number {
    if (sort.endsWith('testname')) {
      return () => 0;
    }
    const isByTime = sort.endsWith('event_time');
    const keys = new Float64Array(this.#index.names.size).fill(-1);
    for (const {runId} of this.#candidates) {
      const cells = this.#index.cells(runId);
      for (let place = 0; place < (cells?.size ?? 0); place += 1) {
        if (cells === undefined || !this.#shown.has(cells, place)) {
          continue;
        }
        const rowKey = cells.rowKey(place);
        const known = keys[rowKey] ?? -1;
        if (isByTime) {
          keys[rowKey] = Math.max(known, cells.eventTime(place));
        } else if (known < 0) {
          keys[rowKey] = this.#severityOf(cells.code(place));
        }
      }
    }
    return (rowKey) => keys[rowKey] ?? -1;
  }

  #severityOf(code: number): number {
    const {state = '', status = ''} = this.#index.palette.entries[code - 1] ?? {};
    return severity(state, status);
  }
}

function runFilter(keys: readonly string[], {filter}: GridParams): (run: GridRun) => boolean {
  const ofName = new TextFilter(filter?.runName ?? '');
  const ofKeys = Object.entries(filter?.keys ?? {}).map(([key, text]) => {
    const place = keys.indexOf(key);
    if (place < 0) {
      throw new RpcError('invalidValue', `${key} is no key; keys are ${keys.join(', ')}`, {
        field: 'filter.keys',
        value: key,
      });
    }
    return {place, filter: new TextFilter(text)};
  });
  return ({runName, target}) =>
    ofName.matches(runName) && ofKeys.every(({place, filter: of}) => of.matches(target[place] ?? ''));
}

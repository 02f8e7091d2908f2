/**
 * The tests of the runs that somebody looks at, read from a database file into memory (spec dashboard.md B4.2).
 *
 * A run is *absent*, *coming* (its pages are read one after the other, and others are answered between two) or *whole*. While more than
 * `mostCells` are kept, whole runs that were not asked for longest become absent again. What is written meanwhile is read again by the ids
 * of the rows (`apply`); listeners hear of every cell that came, went or became another one.
 */
import type {GridRun} from '@megatest/rpc';
import {
  type CellPlace,
  type CellRow,
  type Connection,
  cellPage,
  cellsById,
  type RunRow,
  Store,
} from '@megatest/store';
import type {Palette} from './palette.ts';
import {RowNames} from './row-names.ts';
import {RunCells} from './run-cells.ts';

export type CellChange = {
  readonly runId: number;
  readonly rowKey: number;
  /** Codes; 0: there was no test, or is none any more. */
  readonly before: number;
  readonly after: number;
  readonly isOtherTest: boolean;
  /** Of a run that is coming: it was there before, for who has counted the run already. */
  readonly isComing: boolean;
};

export type IndexListener = {
  readonly cellChanged: (change: CellChange) => void;
  /** Something changed in a run that is not (wholly) in memory. */
  readonly missed: (runId: number) => void;
  readonly isWhole: (runId: number) => void;
  /** Runs came, went, or have another name or time, or what was told of cells may be wrong: all is to be counted anew. */
  readonly mustCountAnew: () => void;
};

/** `ids` is `undefined` when nobody knows any more what has changed. */
export type ViewChanges = {
  readonly rev: number;
  readonly ids: {readonly runs: readonly number[]; readonly tests: readonly number[]} | undefined;
};

export type CellIndexOptions = {
  readonly db: Connection;
  readonly palette: Palette;
  readonly mostCells: number;
  readonly listener: IndexListener;
};

type IndexedRun = {readonly cells: RunCells; isWhole: boolean; coming: Promise<void>};

const pageRows = 5000;
/** Two runs can be compared, however large they are. */
const fewestRuns = 2;

export class CellIndex {
  readonly names = new RowNames();
  readonly palette: Palette;
  readonly #db: Connection;
  readonly #store: Store;
  readonly #mostCells: number;
  readonly #listener: IndexListener;
  /** The one that was asked for last is the last. */
  readonly #indexed = new Map<number, IndexedRun>();
  #cells = 0;
  /** Newest first. */
  #runs: readonly GridRun[];

  constructor({db, palette, mostCells, listener}: CellIndexOptions) {
    this.#db = db;
    this.#store = new Store(db);
    this.palette = palette;
    this.#mostCells = mostCells;
    this.#listener = listener;
    this.#runs = this.#readRuns();
  }

  get keys(): readonly string[] {
    return this.#store.keys;
  }

  /** Newest first; without those that are deleted. */
  get runs(): readonly GridRun[] {
    return this.#runs;
  }

  /** What is there of a run. */
  cells(runId: number): RunCells | undefined {
    const run = this.#indexed.get(runId);
    if (run !== undefined) {
      this.#indexed.delete(runId);
      this.#indexed.set(runId, run);
    }
    return run?.cells;
  }

  isWhole(runId: number): boolean {
    return this.#indexed.get(runId)?.isWhole ?? false;
  }

  /** Whose test this is, by its row. */
  find(testId: number): {readonly runId: number; readonly rowKey: number} | undefined {
    const [row] = cellsById(this.#db, [testId]);
    return row === undefined
      ? undefined
      : {runId: row.runId, rowKey: this.names.keyOf(row.testName, row.itemPath)};
  }

  /** Resolves when each of these runs was read. */
  async load(runIds: readonly number[]): Promise<void> {
    for (const runId of runIds) {
      if (this.cells(runId) === undefined) {
        this.#begin(runId);
      }
      await this.#indexed.get(runId)?.coming;
    }
  }

  apply({ids}: ViewChanges): void {
    if (ids === undefined) {
      this.#forgetAll();
      return;
    }
    if (ids.runs.length > 0) {
      this.#applyRuns(ids.runs);
    }
    for (let from = 0; from < ids.tests.length; from += pageRows) {
      this.#applyTests(ids.tests.slice(from, from + pageRows));
    }
  }

  #forgetAll(): void {
    this.#indexed.clear();
    this.#cells = 0;
    this.#takeRuns();
  }

  #readRuns(): readonly GridRun[] {
    return this.#store.runs.find({runPatt: '%', newestFirst: true}).map(toGridRun);
  }

  #applyRuns(runIds: readonly number[]): void {
    const known = new Map(this.#runs.map((run) => [run.runId, run]));
    const isOther = runIds.some((runId) => {
      const row = this.#store.runs.get(runId);
      const now = row === undefined || row.state === 'deleted' ? undefined : toGridRun(row);
      return JSON.stringify(now) !== JSON.stringify(known.get(runId));
    });
    if (isOther) {
      this.#takeRuns();
    }
  }

  #takeRuns(): void {
    this.#runs = this.#readRuns();
    this.#listener.mustCountAnew();
  }

  #applyTests(ids: readonly number[]): void {
    const rows = cellsById(this.#db, ids);
    const runIds = new Set(this.#runs.map(({runId}) => runId));
    if (rows.some(({runId, state}) => state !== 'DELETED' && !runIds.has(runId))) {
      // Rows that came from another file are told by their tests only.
      this.#takeRuns();
    }
    for (const row of rows) {
      const run = this.#indexed.get(row.runId);
      if (run === undefined) {
        this.#listener.missed(row.runId);
      } else {
        this.#put(row.runId, run, row);
      }
    }
    if (rows.length < ids.length) {
      const found = new Set(rows.map(({id}) => id));
      this.#remove(new Set(ids.filter((id) => !found.has(id))));
    }
  }

  /** Rows that are not there any more: whose they were is told by the cells only. */
  #remove(ids: ReadonlySet<number>): void {
    for (const [runId, {cells}] of this.#indexed) {
      for (let place = 0; place < cells.size; place += 1) {
        const before = cells.code(place);
        if (before !== 0 && ids.has(cells.id(place))) {
          const rowKey = cells.rowKey(place);
          cells.set({rowKey, id: 0, code: 0, eventTime: 0, runDuration: 0});
          this.#listener.cellChanged({
            runId,
            rowKey,
            before,
            after: 0,
            isOtherTest: true,
            isComing: false,
          });
        }
      }
    }
  }

  #begin(runId: number): void {
    const run: IndexedRun = {cells: new RunCells(), isWhole: false, coming: Promise.resolve()};
    this.#indexed.set(runId, run);
    run.coming = this.#read(runId, run);
    // Who waits for it is told of the error, and who asks next makes it begin again.
    run.coming.catch(() => {
      this.#forget(runId, run);
      this.#listener.mustCountAnew();
    });
  }

  async #read(runId: number, run: IndexedRun): Promise<void> {
    let after: CellPlace | undefined;
    do {
      // Others are answered before each page.
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#indexed.get(runId) !== run) {
        return;
      }
      const page = cellPage(this.#db, runId, after, pageRows);
      for (const row of page.rows) {
        this.#put(runId, run, row, true);
      }
      this.#makeRoom(runId);
      after = page.next;
    } while (after !== undefined);
    run.isWhole = true;
    this.#listener.isWhole(runId);
  }

  #put(runId: number, run: IndexedRun, row: CellRow, isPage = false): void {
    const {cells} = run;
    const rowKey = this.names.keyOf(row.testName, row.itemPath);
    const place = cells.placeOf(rowKey);
    const before = place === undefined ? 0 : cells.code(place);
    const isOtherTest = place === undefined || cells.id(place) !== row.id;
    const isComing = !run.isWhole && place === undefined;
    const after = row.state === 'DELETED' ? 0 : this.palette.codeOfTest(row.state, row.status);
    if (place !== undefined || after !== 0) {
      const size = cells.size;
      cells.set({rowKey, id: row.id, code: after, eventTime: row.eventTime, runDuration: row.runDuration});
      this.#cells += cells.size - size;
      this.#listener.cellChanged({runId, rowKey, before, after, isOtherTest, isComing});
    }
    if (isComing && !isPage) {
      this.#listener.missed(runId);
    }
  }

  #makeRoom(runId: number): void {
    for (const [oldest, run] of this.#indexed) {
      if (this.#cells <= this.#mostCells || this.#indexed.size <= fewestRuns) {
        return;
      }
      if (oldest !== runId && run.isWhole) {
        this.#forget(oldest, run);
      }
    }
  }

  #forget(runId: number, run: IndexedRun): void {
    if (this.#indexed.get(runId) === run) {
      this.#indexed.delete(runId);
      this.#cells -= run.cells.size;
    }
  }
}

function toGridRun({id, target, runName, eventTime}: RunRow): GridRun {
  return {runId: id, target, runName, eventTime};
}

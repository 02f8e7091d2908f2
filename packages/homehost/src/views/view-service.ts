/**
 * Answers what is asked of the results in one database file, M or a copy of it, and keeps open grids up to date. It knows nothing of a
 * daemon: whoever has it tells it what was written (`apply`), and hears which grids look different (`tellGrids`).
 */
import {
  type ComparedRuns,
  type GridParams,
  type GridRun,
  type GridWindow,
  type Matrix,
  type OpenGrid,
  type ParsedParamsOf,
  RpcError,
  type RunsTree,
  type Timeline,
  viewLimits,
  type viewsMethods,
} from '@megatest/rpc';
import {type Connection, openWorking} from '@megatest/store';
import {CellIndex, type IndexListener, type ViewChanges} from './cell-index.ts';
import {Grid, type GridNews} from './grid.ts';
import {comparisonOf, matrixOf} from './matrix.ts';
import {type Listing, OpenListings, type Paged} from './open-listings.ts';
import {Palette} from './palette.ts';
import type {RunCells} from './run-cells.ts';
import {TimelineBuilder} from './run-timeline.ts';
import {ShownTests} from './shown-tests.ts';

export type ViewServiceOptions = {
  /** Of the database, which is only read. */
  readonly path: string;
  readonly mostCells: number;
  /** Everything up to it is in the database. */
  readonly rev: number;
  /** At most four times a second. */
  readonly tellGrids: (news: readonly ({readonly grid: number} & GridNews)[]) => void;
};

/** Codes in answers are those of the service's own `palette`. */
export type ViewAnswers = {
  readonly 'runs.tree': RunsTree;
  readonly 'grid.open': Omit<OpenGrid, 'palette'>;
  readonly 'grid.close': null;
  readonly 'grid.rows': Omit<GridWindow, 'palette'>;
  readonly 'grid.locate': {readonly row: number; readonly col: number};
  readonly 'runs.matrix': Omit<Matrix, 'palette'>;
  readonly 'runs.compare': Omit<ComparedRuns, 'palette'>;
  readonly 'timeline.get': Omit<Timeline, 'palette'>;
};

export type ViewParams = {
  readonly [M in keyof ViewAnswers]: ParsedParamsOf<typeof viewsMethods, M>;
} & {readonly 'grid.open': GridParams & {readonly grid: number}};

/** A new grid whose runs are not all read by then is shown as far as they are. */
const patienceMs = 250;
const tellPauseMs = 250;
/** Grids of very many rows are laid out for this part of the time at most: what is read meanwhile must come too. */
const layOutShare = 0.5;
/** Rows of all open grids together. */
const mostRows = 20_000_000;

export class ViewService {
  readonly palette = new Palette();
  readonly #db: Connection;
  readonly #index: CellIndex;
  readonly #tellGrids: ViewServiceOptions['tellGrids'];
  readonly #grids = new Map<number, Grid>();
  readonly #listings = new OpenListings();
  #timer: NodeJS.Timeout | undefined;
  #tellCostMs = 0;
  #isReading = false;
  #rev: number;

  constructor({path, mostCells, rev, tellGrids}: ViewServiceOptions) {
    this.#db = openWorking(path, {readonly: true});
    this.#rev = rev;
    this.#tellGrids = tellGrids;
    const forGrids = (tell: (grid: Grid) => void) => {
      for (const grid of this.#grids.values()) {
        tell(grid);
      }
      this.#arm();
    };
    const listener: IndexListener = {
      cellChanged: (change) => forGrids((grid) => grid.changed(change)),
      missed: (runId) => forGrids((grid) => grid.missed(runId)),
      isWhole: (runId) => forGrids((grid) => grid.isWhole(runId)),
      mustCountAnew: () => forGrids((grid) => grid.countAnew()),
    };
    this.#index = new CellIndex({db: this.#db, palette: this.palette, mostCells, listener});
  }

  /** What was written up to `rev`. */
  apply(changes: ViewChanges): void {
    this.#rev = changes.rev;
    this.#index.apply(changes);
    this.#readOn();
  }

  readonly #answers: {
    readonly [M in keyof ViewAnswers]: (params: ViewParams[M]) => Promise<ViewAnswers[M]> | ViewAnswers[M];
  } = {
    'runs.tree': ({cursor}) => this.#tree(cursor),
    'grid.open': async (params) => await this.#open(params),
    'grid.close': ({grid}) => {
      this.#grids.delete(grid);
      return null;
    },
    'grid.rows': async ({grid: number, from, count, cols}) => {
      const grid = this.#grid(number);
      const rev = this.#rev;
      return {rev, ...(await grid.window(from, count, cols)), ...grid.size};
    },
    'grid.locate': async ({grid, testId}) => await this.#grid(grid).locate(testId),
    'runs.matrix': async ({runId, filter, cursor}) =>
      await this.#paged('runs.matrix', cursor, async () => {
        const [cells] = await this.#whole([runId]);
        return matrixOf(this.#index, cells, new ShownTests(this.#index, filter));
      }),
    'runs.compare': async ({src: srcId, dest: destId, hideClean = false, filter, cursor}) =>
      await this.#paged('runs.compare', cursor, async () => {
        const [src, dest] = await this.#whole([srcId, destId]);
        return comparisonOf(this.#index, {src, dest}, new ShownTests(this.#index, filter), hideClean);
      }),
    'timeline.get': async ({runIds, filter, cursor}) =>
      await this.#paged('timeline.get', cursor, async () => {
        const builder = new TimelineBuilder(this.#index, new ShownTests(this.#index, filter));
        for (const runId of runIds) {
          const [cells] = await this.#whole([runId]);
          builder.add(runId, cells);
        }
        return builder.listing();
      }),
  };

  async answer<M extends keyof ViewAnswers>(method: M, params: ViewParams[M]): Promise<ViewAnswers[M]> {
    return await this.#answers[method](params);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#db.close();
  }

  #tree(cursor: string | undefined): RunsTree {
    const oldestFirst = this.#index.runs.toReversed();
    const isBehind = cursor === undefined ? () => true : behind(cursor);
    const from = oldestFirst.findIndex(isBehind);
    const page = from < 0 ? [] : oldestFirst.slice(from, from + viewLimits.entries);
    const last = from + viewLimits.entries < oldestFirst.length ? page.at(-1) : undefined;
    return {
      rows: page.map(({runId, target, runName, eventTime}) => [[...target, runName], runId, eventTime]),
      ...(last === undefined ? {} : {next: `${last.eventTime}:${last.runId}`}),
    };
  }

  async #open({grid: number, ...params}: ViewParams['grid.open']): Promise<ViewAnswers['grid.open']> {
    const grid = new Grid(this.#index, params);
    this.#grids.set(number, grid);
    try {
      await patiently(this.#readPending());
      const rows = [...this.#grids.values()].reduce((sum, {size}) => sum + size.rowCount, 0);
      if (rows > mostRows) {
        throw new RpcError('overloaded', 'too many rows are open: close grids that nobody looks at', {
          retryAfterMs: 10_000,
        });
      }
    } catch (error) {
      this.#grids.delete(number);
      throw error;
    }
    grid.takeNews();
    return {grid: number, rev: this.#rev, runs: grid.columns, runCount: grid.runCount, ...grid.size};
  }

  /** A page of what is there already, or the first of what is made now. */
  async #paged<Page extends object>(
    kind: keyof ViewAnswers,
    cursor: string | undefined,
    make: () => Promise<Listing<Page>>,
  ): Promise<Paged<Page & {readonly rev: number}>> {
    if (cursor !== undefined) {
      return this.#listings.next(kind, cursor);
    }
    const rev = this.#rev;
    const {length, page} = await make();
    return this.#listings.first(kind, {length, page: (from, to) => ({...page(from, to), rev})});
  }

  #grid(number: number): Grid {
    const grid = this.#grids.get(number);
    if (grid === undefined) {
      throw new RpcError('notFound', `grid ${number} is not open`, {what: 'grid', id: number});
    }
    return grid;
  }

  /** All that there is of these runs. */
  async #whole<const Ids extends readonly number[]>(
    runIds: Ids,
  ): Promise<{readonly [I in keyof Ids]: RunCells}>;
  async #whole(runIds: readonly number[]): Promise<readonly RunCells[]> {
    for (const runId of runIds) {
      if (!this.#index.runs.some((run) => run.runId === runId)) {
        throw new RpcError('notFound', `there is no run ${runId}`, {what: 'run', id: runId});
      }
    }
    // While one was read another may have had to make room.
    while (!runIds.every((runId) => this.#index.isWhole(runId))) {
      await this.#index.load(runIds);
    }
    return runIds.flatMap((runId) => this.#index.cells(runId) ?? []);
  }

  #arm(): void {
    if (this.#timer === undefined && this.#grids.size > 0) {
      this.#timer = setTimeout(() => this.#tell(), Math.max(tellPauseMs, this.#tellCostMs / layOutShare));
    }
  }

  #tell(): void {
    this.#timer = undefined;
    const began = performance.now();
    const news = [...this.#grids].flatMap(([number, grid]) => {
      const ofGrid = grid.takeNews();
      return ofGrid === undefined ? [] : [{grid: number, ...ofGrid}];
    });
    this.#tellCostMs = performance.now() - began;
    if (news.length > 0) {
      this.#tellGrids(news);
    }
    this.#readOn();
  }

  /** An error is told to who asks for what could not be read. */
  #readOn(): void {
    if (!this.#isReading) {
      this.#isReading = true;
      void this.#readPending()
        .catch(() => {})
        .finally(() => {
          this.#isReading = false;
        });
    }
  }

  /** Reads the runs of open grids, first those of the grid that was opened last. */
  async #readPending(): Promise<void> {
    for (;;) {
      const runId = [...this.#grids.values()].findLast(
        ({nextPending}) => nextPending !== undefined,
      )?.nextPending;
      if (runId === undefined) {
        return;
      }
      await this.#index.load([runId]);
    }
  }
}

/** Does not wait for long; it goes on meanwhile. */
async function patiently(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, patienceMs);
  });
  await Promise.race([work, patience]).finally(() => clearTimeout(timer));
}

function behind(cursor: string): (run: GridRun) => boolean {
  const [time, id] = cursor.split(':').map(Number);
  if (!/^\d+:\d+$/.test(cursor) || time === undefined || id === undefined) {
    throw new RpcError('invalidValue', 'this cursor is not the `next` of a reply', {
      field: 'cursor',
      value: cursor,
    });
  }
  return ({eventTime, runId}) => eventTime > time || (eventTime === time && runId > id);
}

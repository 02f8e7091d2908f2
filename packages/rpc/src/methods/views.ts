/** Reads for whoever shows results: grids of many runs, one run, two runs, a timeline (spec homehost.md 9.15). */
import {ROW_SORTS, TestFilter, TextFilter} from '@megatest/model';
import * as z from 'zod';
import {method} from '../method-table.ts';
import type {PaletteEntry, PaletteNews} from './feed.ts';
import {cursor, id, name, names} from './shapes.ts';

export const viewLimits = {
  /** Rows and columns of one window of a grid. */
  windowRows: 500,
  windowColumns: 200,
  /** Runs of one grid, and of one timeline. */
  runs: 5000,
  /** Cells or bars of one reply, and runs of a tree. */
  entries: 5000,
  /** Open grids of one connection. */
  grids: 64,
} as const;

/** Each of these is compared with every name. */
const mostPatterns = 100;

function filterText(invalid: (text: string) => readonly string[]) {
  return name
    .refine((list) => list.split(',').length <= mostPatterns, `at most ${mostPatterns} patterns`)
    .refine((text) => invalid(text).length === 0, {
      error: ({input}) => `${invalid(String(input)).join(', ')} is no pattern: [ needs a ] and rising ranges`,
    });
}

const textFilter = filterText((text) => new TextFilter(text).invalid);

/** What is left out lets everything pass. `keys` and `runName` say nothing where runs are named by their ids. */
const filter = z.strictObject({
  /** Patterns of each key. */
  keys: z.record(name, textFilter).optional(),
  runName: textFilter.optional(),
  /** Of tests and items: `test`, `test/`, `test/item`, with patterns, by commas. */
  q: filterText((text) => new TestFilter(text).invalid).optional(),
  states: names.optional(),
  statuses: names.optional(),
  /** States and statuses are those to be shown, not those to be hidden. */
  show: z.boolean().optional(),
});

export type ViewFilter = z.output<typeof filter>;

/** Tests whose items are not shown: these, or all but these. */
const collapse = z.union([names, z.strictObject({allBut: names})]);

const gridParams = {
  filter: filter.optional(),
  sort: z.enum(ROW_SORTS).optional(),
  collapse: collapse.optional(),
  runLimit: id.min(1).max(viewLimits.runs).optional(),
  runOffset: id.optional(),
  /** Runs without a test that is shown have a column too. */
  emptyRuns: z.boolean().optional(),
};

export type GridParams = z.output<z.ZodObject<typeof gridParams>>;

/** From the first to before the second. */
const columns = z
  .tuple([id, id])
  .refine(([from, to]) => from <= to && to - from <= viewLimits.windowColumns, {
    error: `[from, to], at most ${viewLimits.windowColumns} columns`,
  });

export type GridRun = {
  readonly runId: number;
  readonly target: readonly string[];
  readonly runName: string;
  readonly eventTime: number;
};

export type GridRow = {
  /** Name of the test. */
  readonly label: string;
  readonly item: string;
  readonly kind: 'test' | 'collapsed' | 'item';
  /** Items of the test that are shown, or would be. */
  readonly n: number;
};

export type GridSize = {
  readonly rowCount: number;
  /** Runs of which not all tests have been read yet: rows may still come. */
  readonly pending: number;
};

export type OpenGrid = GridSize & {
  readonly grid: number;
  readonly rev: number;
  /** Columns, the newest first. */
  readonly runs: readonly GridRun[];
  /** All runs that the filter lets pass. */
  readonly runCount: number;
  readonly palette: readonly PaletteEntry[];
};

export type GridWindow = GridSize & {
  readonly rev: number;
  readonly rows: readonly GridRow[];
  /** By row, then by column; 0 where there is no test. */
  readonly ids: readonly (readonly number[])[];
  readonly codes: readonly (readonly number[])[];
  /** Codes that the connection was not told of before. */
  readonly palette?: PaletteNews;
};

export type RunsTree = {
  /** Values of the keys and the name; the oldest first. */
  readonly rows: readonly (readonly [path: readonly string[], runId: number, eventTime: number])[];
  readonly next?: string;
};

/** Columns and rows of a further page come behind those of the pages before it, and cells count all of them. */
export type Matrix = {
  readonly rev: number;
  readonly cols: readonly string[];
  readonly rows: readonly string[];
  readonly cells: readonly (readonly [row: number, col: number, testId: number, code: number])[];
  readonly palette: readonly PaletteEntry[];
  readonly next?: string;
};

/** By the state of the comparison, what is hidden too. */
export type ComparedRuns = Matrix & {readonly counts: Readonly<Record<string, number>>};

export type TimelineRun = {
  readonly runId: number;
  /** Unix seconds. */
  readonly start: number;
  readonly end: number;
  /** Of all bars. */
  readonly sumS: number;
  /** Most bars at the same time. */
  readonly most: number;
};

/** Groups of a further page come behind those of the pages before it, and bars count all of them. */
export type Timeline = {
  readonly rev: number;
  readonly runs: readonly TimelineRun[];
  /** `run` is a place in `runs`. */
  readonly groups: readonly {readonly run: number; readonly testName: string; readonly n: number}[];
  readonly bars: {
    readonly ids: readonly number[];
    readonly groups: readonly number[];
    readonly items: readonly string[];
    /** Unix seconds. */
    readonly starts: readonly number[];
    /** Seconds. */
    readonly durations: readonly number[];
    readonly codes: readonly number[];
    /** In the run, when bars have no captions. */
    readonly rows: readonly number[];
  };
  readonly palette: readonly PaletteEntry[];
  readonly next?: string;
};

export const viewsMethods = {
  'runs.tree': method<RunsTree>()(
    'read',
    'Every run by the values of its keys and its name, oldest first: `[path, runId, eventTime]`, at most 5000; `next` goes on as `cursor`.',
    {cursor: cursor.optional()},
  ),
  'grid.open': method<OpenGrid>()(
    'read',
    'A table of tests and items (rows) over runs (columns, newest first, `runLimit` of them, 24), which is kept up to date until it is closed or the connection ends; at most 64 of a connection. `collapse`: tests without their items, or `{allBut}`. Its rows stay in their order.',
    gridParams,
  ),
  'grid.close': method<null>()('read', 'Nobody looks at the grid any more.', {grid: id}),
  'grid.rows': method<GridWindow>()(
    'read',
    'A window of a grid: `count` rows (at most 500) from `from`, and columns `[from, to]` without the last (at most 200).',
    {grid: id, from: id, count: id.max(viewLimits.windowRows), cols: columns},
  ),
  'grid.locate': method<{readonly row: number; readonly col: number}>()(
    'read',
    'Where a test stands in a grid; an item that is not shown stands with its test.',
    {grid: id, testId: id},
  ),
  'runs.matrix': method<Matrix>()(
    'read',
    'Tests (columns) and items (rows) of one run, at most 5000 cells `[row, col, testId, code]`; `next` goes on as `cursor`.',
    {runId: id, filter: filter.optional(), cursor: cursor.optional()},
  ),
  'runs.compare': method<ComparedRuns>()(
    'read',
    'The same of two runs, with what became of each test between `src` and `dest`; a test is shown when the filter lets pass what it was or what it is.',
    {
      src: id,
      dest: id,
      /** Without what is as it was. */
      hideClean: z.boolean().optional(),
      filter: filter.optional(),
      cursor: cursor.optional(),
    },
  ),
  'timeline.get': method<Timeline>()(
    'read',
    'When the tests of runs began and how long they took, by run and test in the order of time, at most 5000 bars; `next` goes on as `cursor`.',
    {
      runIds: z.array(id).max(viewLimits.runs),
      filter: filter.optional(),
      cursor: cursor.optional(),
    },
  ),
} as const;

/** One test with all that belongs to it, and its past (spec homehost.md 9.15, dashboard.md B5.7, B5.8). */
import type {HistoryScore} from '@megatest/model';
import type {
  DataRow,
  MetaRow,
  Neighbour,
  PastOutcome,
  RunRow,
  StepRow,
  TestCore,
  TestRow,
} from '@megatest/store';
import {method} from '../method-table.ts';
import type {FileListing} from './files.ts';
import {cursor, id, name} from './shapes.ts';

/** What may be done to a test from its panel (spec dashboard.md A11.2, B7). */
export type PanelAction =
  | 'run'
  | 'rerun'
  | 'clean'
  | 'clean-run'
  | 'kill'
  | 'archive'
  | 'restore'
  | 'rerun-step'
  | 'set-state'
  | 'comment'
  | 'waive';

export type TestPanel = {
  readonly test: TestRow;
  readonly run: RunRow | null;
  readonly keys: readonly {readonly key: string; readonly value: string}[];
  readonly meta: MetaRow | null;
  /** Records, by id. */
  readonly steps: readonly StepRow[];
  /** At most 500; `testData.list` goes on. */
  readonly data: readonly DataRow[];
  readonly hasMoreData: boolean;
  readonly files: FileListing;
  /** What the caller may do. */
  readonly actions: readonly PanelAction[];
  /** The row of the whole test, for an item. */
  readonly parent: Pick<TestCore, 'id' | 'state' | 'status'> | null;
  /** Items before and behind this one, by item path. */
  readonly previous: Neighbour | null;
  readonly next: Neighbour | null;
};

export type ItemHistory = HistoryScore<PastOutcome> & {
  readonly itemPath: string;
  /** The oldest first. */
  readonly outcomes: readonly PastOutcome[];
};

type ShortOutcome = Pick<PastOutcome, 'runId' | 'testId' | 'state' | 'status' | 'runDuration'>;

export type CatalogueScore = HistoryScore<PastOutcome> & {
  readonly testName: string;
  readonly strip: readonly ShortOutcome[];
};

export type CatalogueRow = {
  readonly testName: string;
  /** Of the testconfig, else as it was recorded last. */
  readonly meta: Readonly<Record<string, string>>;
  /** `null`: not known without running commands. */
  readonly items: number | null;
  /** It is in the area's files. */
  readonly isInArea: boolean;
  /** Its last results; `null` when it has none. */
  readonly past: CatalogueScore | null;
};

export type TargetResult = {
  readonly target: readonly string[];
  readonly runId: number;
  readonly runName: string;
  readonly eventTime: number;
  readonly total: number;
  readonly pass: number;
  readonly fail: number;
  readonly other: number;
};

export const panelMethods = {
  'tests.panel': method<TestPanel>()(
    'read',
    'A test with its run, steps, first 500 values, files, neighbours, and what the caller may do with it.',
    {testId: id},
  ),
  'tests.history': method<{
    readonly items: readonly ItemHistory[];
    /** There are more of them. */
    readonly isTruncated: boolean;
  }>()(
    'long',
    'The last `n` results (20) of a test and its items, or of one item, in the newest 1000 runs, and what they say: flaky, broken, fixed, slow.',
    {
      testName: name,
      itemPath: name.optional(),
      targetPatt: name.optional(),
      n: id.positive().max(1000).optional(),
    },
  ),
  'tests.catalogue': method<{
    readonly rows: readonly CatalogueRow[];
    /** Why the files of the area could not be read; `null` when they were. */
    readonly problem: string | null;
    readonly next?: string;
  }>()(
    'long',
    'The tests of the area by name, with their last results; at most 500, then `next` goes on as `cursor`.',
    {
      cursor: cursor.optional(),
    },
  ),
  'targets.latest': method<{readonly keys: readonly string[]; readonly rows: readonly TargetResult[]}>()(
    'long',
    'The newest run of every target, with its tests counted.',
    {},
  ),
} as const;

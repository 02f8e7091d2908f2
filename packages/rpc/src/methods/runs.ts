/** Runs and what drives them (spec homehost.md 9.3, 9.11). */
import type {RunnerRow, RunRow, StateCount} from '@megatest/store';
import * as z from 'zod';
import {method} from '../method-table.ts';
import {id, longText, name, names, rowLimit, text} from './shapes.ts';

export const submitOptions = z.strictObject({
  testPatt: text.optional(),
  modePatt: name.optional(),
  tagExpr: name.optional(),
  requireTarget: z.boolean().optional(),
  rerun: names.optional(),
  force: z.boolean().optional(),
  preclean: z.boolean().optional(),
  runWait: z.boolean().optional(),
  setVars: text.optional(),
  contour: name.optional(),
  verbosity: name.optional(),
  /** Failures at which nothing more is launched. */
  maxFail: z.number().int().positive().optional(),
  /** Launch in an order that this seed decides. */
  shuffle: z.number().int().nonnegative().optional(),
  /** Of `rerun-step`: the step to begin with. */
  fromStep: name.optional(),
  /** Nothing follows that step. */
  onlyStep: z.boolean().optional(),
});

export type SubmitOptions = z.output<typeof submitOptions>;

export type RunSummary = RunRow & {readonly counts: readonly StateCount[]};

export const RUN_FIELDS = [
  'id',
  'target',
  'runName',
  'state',
  'status',
  'owner',
  'eventTime',
  'comment',
  'failCount',
  'passCount',
  'contour',
  'counts',
] as const satisfies readonly (keyof RunSummary)[];

/** So many patterns of one key are compared with every run. */
const mostPatterns = 100;
const patterns = name.refine(
  (list) => list.split(',').length <= mostPatterns,
  `at most ${mostPatterns} patterns`,
);

export type NetStateCount = {
  readonly runId: number;
  readonly runName: string;
  /** The status of what is COMPLETED, else the state. */
  readonly netState: string;
  readonly count: number;
};

export const runsMethods = {
  'runs.submit': method<{readonly driverId: number; readonly runId: number | null}>()(
    'write',
    'Starts a driver; the same uuid again returns the same driver.',
    {
      uuid: name,
      action: z.enum(['run', 'rerun-clean', 'rerun-all', 'rerun-failed', 'rerun-step']),
      target: name,
      runName: name,
      options: submitOptions,
      manager: z.strictObject({host: name, user: name}),
      argv: z.array(text).max(10_000),
    },
  ),
  'runs.attach': method<{readonly ended: {readonly exitCode: number} | null; readonly nextSeq: number}>()(
    'read',
    'Sends the output of a driver from `fromSeq` on, now and as it comes; without `results: false` also each result and how far the run is.',
    {driverId: id, fromSeq: id.optional(), results: z.boolean().optional()},
  ),
  'runs.list': method<readonly RunSummary[]>()(
    'read',
    'Runs by name pattern and target pattern, oldest first, with their counts, at most `limit` (5000). `before`: those behind this run when the newest is first. `since`: the run has changed; `sinceS`: or one of its tests.',
    {
      runPatt: name,
      target: name.optional(),
      /** By key. */
      targetPatt: z.record(name, patterns).optional(),
      sinceS: z.number().optional(),
      since: z.number().optional(),
      limit: rowLimit.optional(),
      offset: id.optional(),
      newestFirst: z.boolean().optional(),
      before: id.optional(),
      /** Counting takes longer than everything else. */
      counts: z.boolean().optional(),
      fields: z.array(z.enum(RUN_FIELDS)).max(RUN_FIELDS.length).optional(),
    },
  ),
  'runs.get': method<RunSummary | null>()('read', 'One run.', {runId: id}),
  'runs.count': method<{readonly count: number}>()('read', 'How many runs have such a name.', {
    runPatt: name,
  }),
  'runs.ids': method<readonly number[]>()(
    'read',
    'Ids of runs, newest first, at most 5000; `before` goes on behind the last of them.',
    {before: id.optional()},
  ),
  'runs.register': method<{readonly runId: number; readonly created: boolean; readonly revived: boolean}>()(
    'write',
    'Makes a run, or revives a deleted one under its id; one that is there stays as it is.',
    {
      target: z.array(name.min(1)).max(100),
      runName: name.min(1),
      state: name,
      status: name,
      owner: name,
      contour: name,
    },
  ),
  'runs.setStatus': method<null>()('write', 'Status and comment of a run.', {
    runId: id,
    status: name,
    comment: longText.optional(),
  }),
  'runs.setComment': method<null>()('write', 'Comment of a run.', {runId: id, comment: longText}),
  'runs.touch': method<null>()('write', 'The run counts as begun now.', {runId: id}),
  'runs.delete': method<{readonly tests: number; readonly steps: number; readonly data: number}>()(
    'write',
    'Deletes the records of a run, not its directories; refused while it is locked, or anything of it is running.',
    {runId: id},
  ),
  'runs.refreshStats': method<readonly StateCount[]>()(
    'write',
    'Counts the tests of a run by state and status, and stores the counts.',
    {runId: id},
  ),
  'runs.storedStats': method<readonly StateCount[]>()('read', 'The counts of a run as they were stored.', {
    runId: id,
  }),
  'runs.summary': method<{
    readonly rows: readonly NetStateCount[];
    /** Of the runs of this reply. */
    readonly totals: readonly {readonly netState: string; readonly count: number}[];
    readonly next?: string;
  }>()(
    'read',
    'Tests of all runs, newest first, counted by status when COMPLETED, else by state; at most 5000 rows, then `next` goes on as `cursor`.',
    {cursor: name.optional()},
  ),
  'runs.setLock': method<null>()('write', 'Protects a run from removal and resets, or no longer.', {
    runId: id,
    locked: z.boolean(),
    user: name,
  }),
  'runs.wait': method<null>()('long', 'Answered when no such test is left.', {
    target: name,
    runPatt: name,
    testPatt: text,
    states: names.optional(),
    statuses: names.optional(),
  }),
  'runs.remove': method<{
    readonly tests: number;
    readonly runs: number;
    readonly messages: readonly string[];
  }>()(
    'long',
    'Removes test directories (by a manager) and records; a run of which nothing is left goes too. Locked runs are skipped.',
    {
      target: name,
      runPatt: name,
      testPatt: text,
      states: names.optional(),
      statuses: names.optional(),
      manager: z.strictObject({host: name, user: name}),
    },
    'operator',
  ),
  'runs.markIncomplete': method<{readonly testIds: readonly number[]}>()(
    'write',
    'Tests that have died without a word become COMPLETED/DEAD, in this run, in these runs or in all.',
    {
      runId: id.optional(),
      target: name.optional(),
      runPatt: name.optional(),
      deadtimeS: z.number().nonnegative().optional(),
    },
  ),
  'runs.kill': method<{readonly tests: number; readonly drivers: number}>()(
    'write',
    'Stops drivers and asks running tests to be killed.',
    {
      target: name,
      runPatt: name,
      testPatt: text,
    },
  ),
  'runners.list': method<readonly Omit<RunnerRow, 'plan'>[]>()(
    'read',
    'Drivers, newest first, at most `limit` (1000), older than `before`; `testPatt` is a LIKE pattern, the others are taken as they are.',
    {
      target: name.optional(),
      runName: name.optional(),
      testPatt: name.optional(),
      state: name.optional(),
      before: id.optional(),
      limit: rowLimit.optional(),
    },
  ),
  'runners.stop': method<{readonly stopped: number}>()(
    'write',
    'Stops a driver, or those of a `target` and `runName`: nothing new is launched; running tests go on.',
    {
      driverId: id.optional(),
      target: name.optional(),
      runName: name.optional(),
      testPatt: name.optional(),
    },
  ),
} as const;

/** Runs and what drives them (spec homehost.md 9.3, 9.11). */
import type {RunnerRow, RunRow, StateCount} from '@megatest/store';
import * as z from 'zod';
import {method} from '../method-table.ts';
import {id, name, names, text} from './shapes.ts';

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
    'Sends the output of a driver from `fromSeq` on, now and as it comes.',
    {driverId: id, fromSeq: id.optional()},
  ),
  'runs.list': method<readonly RunSummary[]>()(
    'read',
    'Runs by name pattern and target pattern, oldest first, with their counts.',
    {
      runPatt: name,
      target: name.optional(),
      sinceS: z.number().optional(),
    },
  ),
  'runs.get': method<RunSummary | null>()('read', 'One run.', {runId: id}),
  'runs.setStatus': method<null>()('write', 'Status and comment of a run.', {
    runId: id,
    status: name,
    comment: text.optional(),
  }),
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
    'Tests that have died without a word become COMPLETED/DEAD, in these runs or in all.',
    {target: name.optional(), runPatt: name.optional(), deadtimeS: z.number().nonnegative().optional()},
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
  'runners.list': method<readonly Omit<RunnerRow, 'plan'>[]>()('read', 'Drivers, newest first.', {}),
  'runners.stop': method<{readonly stopped: number}>()(
    'write',
    'Nothing new is launched; running tests go on.',
    {driverId: id},
  ),
} as const;

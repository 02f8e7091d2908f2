/** What pages have done: shown first, then started once (spec homehost.md 9.15, dashboard.md B7). */
import {ACTION_NAMES, type ActionDanger} from '@megatest/model';
import * as z from 'zod';
import {method} from '../method-table.ts';
import type {Job} from './jobs.ts';
import {name, text} from './shapes.ts';

const actionParams = z.strictObject({
  target: name.optional(),
  runName: name.optional(),
  testPatt: text.optional(),
  /** Only tests in these states, with these statuses: comma lists. */
  state: name.optional(),
  status: name.optional(),
  /** `set-state`: STATE/STATUS, either of which may be empty. */
  new: name.optional(),
  /** Comment to store with it. */
  message: text.optional(),
  /** `run`: directories are emptied first. */
  preclean: z.boolean().optional(),
  /** `rerun-step`: the step to begin with, and whether nothing follows it. */
  fromStep: name.optional(),
  onlyStep: z.boolean().optional(),
  /** `command`: a line that begins with `megatest`; no shell reads it. */
  command: text.optional(),
});

export type AffectedCounts = {readonly tests: number; readonly runs: number; readonly running: number};

export type ActionPreview = {
  /** What `actions.start` is called with. */
  readonly preview: string;
  /** Words; each is done when the one before has ended with 0. */
  readonly commands: readonly (readonly string[])[];
  /** The same as one would type it. */
  readonly text: string;
  readonly counts: AffectedCounts;
  /** Names of at most 10 of the tests (of the runs, where whole runs are concerned). */
  readonly sample: readonly string[];
  readonly danger: ActionDanger;
  /** What must be typed to start it; `null`: nothing. */
  readonly typed: string | null;
  /** Whose manager does it, and where it runs if he has one there. */
  readonly user: string;
  readonly host: string;
  /** Unix seconds; later it cannot be started any more. */
  readonly expires: number;
};

export const actionsMethods = {
  'actions.preview': method<ActionPreview>()(
    'long',
    'Shows what an action would do, to which tests and runs; changes nothing. It can be started for 60 seconds, by the same user.',
    {action: z.enum([...ACTION_NAMES, 'archive', 'restore']), params: actionParams},
    'operator',
  ),
  'actions.start': method<{readonly job: Job}>()(
    'write',
    'Puts what was shown into the job queue, once. Refused when it would concern other tests now: `data` has `before` and `now`.',
    {preview: name, typed: name.optional()},
  ),
} as const;

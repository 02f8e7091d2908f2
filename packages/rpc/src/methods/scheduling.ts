/** What the scheduler knows: for who watches it, it asks nobody itself (spec homehost.md 9.4). */
import * as z from 'zod';
import {method} from '../method-table.ts';
import {limits} from '../peer.ts';
import {id, name, names} from './shapes.ts';

/** What a waiton says: the test may go, has to wait, or will never go, because this one failed or will not run itself. */
export type PrerequisiteVerdict = 'go' | 'wait' | 'fail' | 'discard';

export type Prerequisites = {
  /** Of all waitons together. */
  readonly verdict: PrerequisiteVerdict;
  /** The waitons that do not say `go`. */
  readonly unmet: readonly {
    readonly testName: string;
    /** The item that is needed; empty = the test as a whole. */
    readonly itemPath: string;
    /** `null` when there is no such row. */
    readonly state: string | null;
    readonly status: string | null;
    readonly verdict: Exclude<PrerequisiteVerdict, 'go'>;
  }[];
  /** Mode `exclusive`: the same is running in some run of the area. */
  readonly isExcluded: boolean;
};

export const schedulingMethods = {
  'sched.prereqs': method<readonly Prerequisites[]>()(
    'read',
    'Which prerequisites of tests and items are not met. Only operators may give `itemmaps`.',
    {
      runId: id,
      queries: z
        .array(
          z.strictObject({
            testName: name,
            /** Empty: the test as a whole. */
            itemPath: name,
            waitons: names,
            /** Words of `[requirements] mode`; empty = normal. */
            mode: name.optional(),
            /** As `[itemmap]`: the first row whose pattern matches the waiton counts. */
            itemmaps: z
              .array(z.strictObject({testPattern: name, map: name}))
              .max(100)
              .optional(),
          }),
        )
        .max(limits.batch),
    },
  ),
  'sched.counts': method<{
    readonly all: number;
    readonly run: number;
    readonly byJobgroup: Readonly<Record<string, number>>;
  }>()(
    'read',
    'Tests that take a slot of the limits: in the area, in a run, and of job groups in all runs.',
    {
      runId: id,
      jobgroups: z.array(name).max(limits.batch),
    },
  ),
  'hosts.load': method<readonly {readonly host: string; readonly load: number; readonly time: number}[]>()(
    'read',
    'The latest load of hosts and when it was measured; -1 and 0 where nothing is known. A domain does not matter.',
    {hosts: z.array(name).max(limits.batch)},
  ),
} as const;

/** What managers tell and ask (spec homehost.md 9.12). */
import * as z from 'zod';
import {method} from '../method-table.ts';
import {journalEntry} from '../report-entries.ts';
import {id, name, names} from './shapes.ts';

export const managersMethods = {
  'manager.register': method<{
    readonly managerId: string;
    /** Launches that are not this manager's any more. */
    readonly forget: readonly string[];
    /** Submissions of this manager that are still being driven. */
    readonly submissions: readonly string[];
    /** Jobs that are not this manager's any more. */
    readonly forgetJobs: readonly number[];
  }>()(
    'write',
    'A manager has come up; it says which launches and jobs it has, and learns which of them are not its own any more.',
    {
      managerId: name,
      host: name,
      user: name,
      uid: id,
      pid: id,
      pidStart: name,
      cpus: id,
      launches: z.array(z.strictObject({testId: id, launchId: name})).max(100_000),
      /** A manager of an older version has none. */
      jobs: z
        .array(z.strictObject({id, claimToken: name}))
        .max(10_000)
        .default([]),
    },
  ),
  'pilot.next': method<{
    readonly tests: readonly {readonly testId: number; readonly launchId: string; readonly rundir: string}[];
    /** Nothing is left for it, and nothing is being run that could bring more. */
    readonly isOver: boolean;
  }>()('long', 'Launches that a pilot job is to take; answered when there are any, or when it may leave.', {
    job: name,
    /** Who launches for it. */
    manager: z.strictObject({host: name, user: name}),
    /** Launches that it has already. */
    taken: names,
    max: id.positive(),
  }),
  'manager.heartbeat': method<{readonly kill: readonly number[]}>()(
    'write',
    'Load of the host, the running tests and jobs, every three seconds; renews the leases of the jobs.',
    {
      managerId: name,
      load: z.array(z.number()).max(3),
      tests: z
        .array(
          z.strictObject({
            testId: id,
            runDuration: z.number(),
            cpuload: z.number().optional(),
            diskfree: z.number().optional(),
          }),
        )
        .max(10_000),
      jobs: z.array(id).max(10_000).default([]),
    },
  ),
  'manager.report': method<{readonly done: number}>()(
    'write',
    'Entries of a journal, in order; each takes effect once.',
    {
      journalId: name,
      entries: z.array(z.strictObject({seq: id, entry: journalEntry})).max(1000),
    },
  ),
} as const;

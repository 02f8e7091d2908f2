/**
 * A launch that the manager before this one sent, and of which it did not live to see what became: the launcher may still be at work,
 * the test may have begun, or nothing may ever have happened.
 */
import {processStart, type ReportEntry} from '@megatest/rpc';
import type {TestLook} from './batch-jobs.ts';

export type SentLaunch = {
  readonly testId: number;
  readonly launchId: string;
  /** Process of the launcher, which goes on without its manager; 0 when none is known. */
  readonly pid: number;
  readonly pidStart: string;
};

export type SentWorld = {
  readonly look: (testId: number) => Promise<TestLook | undefined>;
  /** The id of the job that the launcher has submitted, once there is one. */
  readonly find: () => Promise<string | undefined>;
  readonly report: (entry: ReportEntry) => void;
  readonly delay: (ms: number) => Promise<void>;
};

/** After the launcher has ended a test may take that long to show. */
const graceMs = 30_000;
const lookMs = 3000;

/**
 * Resolves once somebody has begun the test, or its launch is given up so that it is made anew (execution.md 6.4), or, with its id,
 * once a batch system has its job: the test comes with that.
 */
export async function watchSent(
  sent: SentLaunch,
  {look, find, report, delay}: SentWorld,
): Promise<string | undefined> {
  const {testId, launchId, pid, pidStart} = sent;
  for (let quietMs = 0; ; quietMs += lookMs) {
    const row = await look(testId);
    const isUnbegun =
      row !== undefined && !row.isClaimed && (row.state === 'LAUNCHED' || row.state === 'KILLREQ');
    if (!isUnbegun) {
      return undefined;
    }
    const jobId = await find();
    if (jobId !== undefined) {
      return jobId;
    }
    if (pid !== 0 && processStart(pid) === pidStart) {
      quietMs = 0;
    }
    if (quietMs >= graceMs) {
      report(
        row.state === 'LAUNCHED'
          ? {type: 'launchLost', testId, launchId}
          : {
              type: 'ended',
              testId,
              launchId,
              state: 'KILLED',
              status: 'KILLED',
              comment: row.comment,
              runDuration: 0,
            },
      );
      return undefined;
    }
    await delay(lookMs);
  }
}

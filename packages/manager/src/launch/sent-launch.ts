/**
 * A launch that the manager before this one sent, and of which it did not live to see what became: the launcher may still be at work,
 * the test may have begun, or nothing may ever have happened.
 */
import {processStart, type ReportEntry} from '@megatest/rpc';
import type {TestLook} from './batch-jobs.ts';

export type SentLaunch = {
  readonly testId: number;
  readonly launchId: string;
  /** Process of the launcher; 0 when none is known that goes on without its manager. */
  readonly pid: number;
  readonly pidStart: string;
};

export type SentWorld = {
  readonly look: (testId: number) => Promise<TestLook | undefined>;
  readonly report: (entry: ReportEntry) => void;
  readonly delay: (ms: number) => Promise<void>;
};

/** After the launcher has ended a test may take that long to show. */
const graceMs = 30_000;
const lookMs = 3000;

/** Resolves once somebody has begun the test, or its launch is given up so that it is made anew (execution.md 6.4). */
export async function watchSent(sent: SentLaunch, {look, report, delay}: SentWorld): Promise<void> {
  const {testId, launchId, pid, pidStart} = sent;
  for (let quietMs = 0; ; quietMs += lookMs) {
    const row = await look(testId);
    const isUnbegun =
      row !== undefined && !row.isClaimed && (row.state === 'LAUNCHED' || row.state === 'KILLREQ');
    if (!isUnbegun) {
      return;
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
      return;
    }
    await delay(lookMs);
  }
}

import {processStart, type ReportEntry} from '@megatest/rpc';
import {describe, expect, it} from 'vitest';
import {type SentLaunch, watchSent} from './sent-launch.ts';

const begun = {state: 'RUNNING', comment: '', isClaimed: true};
const waiting = {state: 'LAUNCHED', comment: '', isClaimed: false};
const sent = {testId: 1, launchId: '1.0.a', pid: 0, pidStart: ''};

/** Watches in a time of its own; `rowAt` is what the daemon says after so many milliseconds. */
async function watch(
  launch: SentLaunch,
  rowAt: (ms: number) => typeof begun | undefined,
  jobAt: (ms: number) => string | undefined = () => undefined,
) {
  const reports: ReportEntry[] = [];
  let passedMs = 0;
  const jobId = await watchSent(launch, {
    look: async () => rowAt(passedMs),
    find: async () => jobAt(passedMs),
    report: (entry) => reports.push(entry),
    delay: async (ms) => {
      passedMs += ms;
    },
  });
  return {reports, passedMs, jobId};
}

describe('a launch whose manager died over it', () => {
  it('is left alone when the test has begun or is gone', async () => {
    expect((await watch(sent, () => begun)).reports).toEqual([]);
    expect((await watch(sent, () => undefined)).reports).toEqual([]);
    expect((await watch(sent, (ms) => (ms < 20_000 ? waiting : begun))).reports).toEqual([]);
  });

  it('is given up when nobody begins the test for half a minute', async () => {
    const {reports, passedMs} = await watch(sent, () => waiting);
    expect(reports).toEqual([{type: 'launchLost', testId: 1, launchId: '1.0.a'}]);
    expect(passedMs).toBe(30_000);
  });

  it('is waited for while its launcher is at work', async () => {
    const launcher = {...sent, pid: process.pid, pidStart: processStart(process.pid)};
    const hours = 3 * 3_600_000;
    const {reports} = await watch(launcher, (ms) => (ms < hours ? waiting : begun));
    expect(reports).toEqual([]);
    // A pid that has another process now is nobody's launcher.
    const other = await watch({...launcher, pidStart: '1'}, () => waiting);
    expect(other.reports).toHaveLength(1);
  });

  it('is waited for no longer once a batch system has its job', async () => {
    const watched = await watch(
      sent,
      () => waiting,
      (ms) => (ms < 20_000 ? undefined : '12'),
    );
    expect(watched).toEqual({reports: [], passedMs: 21_000, jobId: '12'});
  });

  it('ends as killed when that was asked for meanwhile', async () => {
    const {reports} = await watch(sent, () => ({...waiting, state: 'KILLREQ', comment: 'by ann'}));
    expect(reports).toMatchObject([{type: 'ended', state: 'KILLED', status: 'KILLED', comment: 'by ann'}]);
  });
});

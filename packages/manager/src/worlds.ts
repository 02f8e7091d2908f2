/** What launching, running and batch jobs see of their manager: each a small interface over the manager's parts. */
import {type DaemonClient, withoutTestVariables} from '@megatest/rpc';
import {itemPathOf} from './execution/cmdinfo.ts';
import type {ExecutionWorld} from './execution/execution-world.ts';
import type {Spawner} from './execution/spawner.ts';
import type {TestconfigLoader} from './execution/testconfig-loader.ts';
import type {FollowUps} from './follow-ups.ts';
import type {Journal} from './journal.ts';
import type {BatchWorld} from './launch/batch-jobs.ts';
import type {HostLoads} from './launch/host-load.ts';
import type {JobSubmitter} from './launch/job-submitter.ts';
import type {LaunchWorld} from './launch/launch-test.ts';
import type {LaunchLog} from './launch-log.ts';
import type {ManagerLog} from './manager-log.ts';

export type ManagerParts = {
  readonly daemon: DaemonClient;
  readonly journal: Journal;
  readonly launches: LaunchLog;
  readonly followUps: FollowUps;
  readonly loader: TestconfigLoader;
  readonly hostLoads: HostLoads;
  readonly submitter: JobSubmitter;
  readonly spawner: Spawner;
  readonly log: ManagerLog;
  /** The `megatest` command. */
  readonly executable: string;
  readonly callsDirectory: string;
};

export function launchWorld(parts: ManagerParts): LaunchWorld {
  const {daemon, journal, loader, hostLoads, submitter, log, executable} = parts;
  return {
    report: (entry) => journal.add(entry),
    log: log.write,
    warnSometimes: log.writeSometimes,
    hostLoads,
    submitter,
    executable,
    loadTestconfig: async (env, testDir) => await loader.loadForLaunch(env, testDir),
    isStillLaunched: async (testId) =>
      (await daemon.call('tests.get', {test: {testId}}))?.state === 'LAUNCHED',
    delay: async (ms) => {
      await new Promise((resolve) => setTimeout(resolve, ms));
    },
  };
}

/** A test that was handed over must be claimed: a batch system may start it twice. An order of the daemon's own comes once. */
export function executionWorld(parts: ManagerParts, umask: number, isHandedOver: boolean): ExecutionWorld {
  const {daemon, journal, loader, followUps, spawner, log, callsDirectory} = parts;
  return {
    report: (entry) => journal.add(entry),
    ...(isHandedOver ? {claim: async (request) => await daemon.call('tests.claim', request)} : {}),
    loadTestconfig: async (env, testDir) => await loader.load(env, testDir),
    previous: async (info) =>
      await daemon.call('tests.previous', {
        runId: info['run-id'],
        testName: info['test-name'],
        itemPath: itemPathOf(info),
      }),
    recordedSteps: async (testId) => {
      await journal.settled();
      return await daemon.call('steps.list', {testIds: [testId]});
    },
    fire: (test, written) => followUps.fire(test, written),
    itemEnded: (info, env, context) => followUps.itemEnded(info, env, context),
    spawner,
    nowS: () => Math.floor(Date.now() / 1000),
    log: log.write,
    umask,
    callsDirectory,
  };
}

export function batchWorld(parts: ManagerParts): BatchWorld {
  const {daemon, journal, launches, submitter, log} = parts;
  return {
    report: (entry) => journal.add(entry),
    look: async (testId) => {
      const row = await daemon.call('tests.get', {test: {testId}});
      return row === null
        ? undefined
        : {state: row.state, comment: row.comment, isClaimed: row.attemptnum !== 0};
    },
    end: async (testId, comment) => {
      await daemon.call('tests.setState', {test: {testId}, state: 'KILLREQ', comment});
    },
    onEnded: ({launchId}) => {
      if (launches.get(launchId)?.stage.kind === 'queued') {
        launches.end(launchId);
      }
    },
    renewPilot: async (jobId) => await submitter.renewPilot(jobId),
    onMoved: ({launchId, system, jobId}) => {
      const open = launches.get(launchId);
      if (open?.stage.kind === 'queued') {
        launches.put({...open, stage: {kind: 'queued', system, jobId}});
      }
    },
    log: log.write,
    env: withoutTestVariables(process.env),
  };
}

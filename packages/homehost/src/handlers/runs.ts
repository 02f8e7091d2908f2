/** Runs and what drives them. */
import {type CallHandlers, RpcError, type runsMethods} from '@megatest/rpc';
import type {TestRow} from '@megatest/store';
import {killRuns, markIncomplete, setLock} from '../run-changes.ts';
import type {HandlerTools} from './handler-tools.ts';
import {removeTests} from './remove-tests.ts';

export type RunsHandlers = CallHandlers<typeof runsMethods>;

export function runsHandlers(tools: HandlerTools): RunsHandlers {
  const {once, audit, summary, selectRuns, selectTests, store, homehost} = tools;
  return {
    'runs.submit': async (params, {connection}) => {
      const {uuid, action, target, runName, options, manager, argv} = params;
      return await homehost.submit(
        {uuid, action, target, runName, options, manager, argv, owner: connection.client.user},
        connection.client,
      );
    },
    'runs.attach': ({driverId, fromSeq}, {connection}) => {
      const driver = homehost.drivers.get(driverId);
      if (driver !== undefined) {
        homehost.watch(driver, connection, fromSeq ?? 0);
        return {
          ended: driver.exitCode === null ? null : {exitCode: driver.exitCode},
          nextSeq: driver.nextSeq,
        };
      }
      const row = store.runners.get(driverId);
      if (row === undefined) {
        throw new RpcError('notFound', `there is no driver ${driverId}`, {what: 'driver', id: driverId});
      }
      return {ended: {exitCode: row.exitCode ?? 1}, nextSeq: 0};
    },
    'runs.list': ({runPatt, target, sinceS}) =>
      store.runs.find({runPatt, targetPatt: target, sinceS}).map(summary),
    'runs.get': ({runId}) => {
      const run = store.runs.get(runId);
      return run === undefined ? null : summary(run);
    },
    'runs.setStatus': async ({runId, status, comment}, context) => {
      audit(context, `set the status of run ${runId} to ${status}`);
      await once(context, () => store.runs.setStatus(runId, status, comment));
      return null;
    },
    'runs.setLock': async ({runId, locked, user}, context) => {
      await once(context, () => setLock(homehost, runId, locked, user));
      audit(context, `${locked ? 'locked' : 'unlocked'} run ${runId}`);
      return null;
    },
    'runs.wait': async ({target, runPatt, testPatt, states, statuses}) => {
      const wanted = states ?? ['RUNNING', 'REMOTEHOSTSTART', 'LAUNCHED', 'KILLREQ'];
      // A run that is still being driven may just not have launched anything yet.
      const isDriven = () =>
        states === undefined &&
        selectRuns(target, runPatt).some((run) => homehost.driversOfRun(run.id).length > 0);
      // The same rule as inside a run: what is to be killed is waited for while somebody is there to end it.
      const isWaitedFor = ({id, state}: TestRow) =>
        states !== undefined || state !== 'KILLREQ' || homehost.managers.mayHearOf(id);
      await homehost.waitUntil(
        () =>
          !isDriven() &&
          !selectTests({target, runPatt, testPatt, states: wanted, statuses}).some(isWaitedFor),
      );
      return null;
    },
    'runs.remove': async (params, context) => {
      audit(context, `removed ${params.target} ${params.runPatt} ${params.testPatt}`);
      return await removeTests(tools, params);
    },
    'runs.markIncomplete': async ({target, runPatt, deadtimeS}, context) => {
      audit(context, 'marked dead tests');
      const choice = {target, runPatt, deadtimeS};
      return {testIds: await homehost.write(() => markIncomplete(homehost, choice))};
    },
    'runs.kill': async ({target, runPatt, testPatt}, context) => {
      audit(context, `killed ${target} ${runPatt} ${testPatt}`);
      return await killRuns(homehost, {target, runPatt, testPatt});
    },
    'runners.list': () => store.runners.list().map(({plan: _, ...row}) => row),
    'runners.stop': async ({driverId}) => ({stopped: (await homehost.stopDriver(driverId)) ? 1 : 0}),
  };
}

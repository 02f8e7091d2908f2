/** Runs and what drives them. */
import {type CallHandlers, limits, RpcError, type RunSummary, type runsMethods} from '@megatest/rpc';
import type {RunRow, TestRow} from '@megatest/store';
import {Breather} from '../breather.ts';
import {killRuns, markIncomplete, setLock} from '../run-changes.ts';
import {deleteRun} from './delete-run.ts';
import type {HandlerTools} from './handler-tools.ts';
import {removeTests} from './remove-tests.ts';
import {summarize} from './summarize.ts';

export type RunsHandlers = CallHandlers<typeof runsMethods>;

export function runsHandlers(tools: HandlerTools): RunsHandlers {
  const {once, audit, cut, summary, run, selectRuns, selectTests, store, homehost} = tools;

  /** A listing that begins behind a run needs its time. */
  function mustKnow(runId: number | undefined): void {
    if (runId !== undefined && store.runs.get(runId) === undefined) {
      throw new RpcError('notFound', `there is no run ${runId}`, {what: 'run', id: runId});
    }
  }

  function keyPatts(patts: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
    for (const key of Object.keys(patts)) {
      if (!store.keys.includes(key)) {
        throw new RpcError('invalidValue', `${key} is no key; keys are ${store.keys.join(', ')}`, {
          field: 'targetPatt',
          value: key,
        });
      }
    }
    return new Map(Object.entries(patts));
  }

  return {
    'runs.submit': async (params, {connection}) => {
      const {uuid, action, target, runName, options, manager, argv} = params;
      return await homehost.submit(
        {uuid, action, target, runName, options, manager, argv, owner: connection.client.user},
        connection.client,
      );
    },
    'runs.attach': ({driverId, fromSeq, results}, {connection}) => {
      const driver = homehost.drivers.get(driverId);
      if (driver !== undefined) {
        homehost.watch(driver, connection, {fromSeq: fromSeq ?? 0, wantsResults: results ?? true});
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
    'runs.list': async ({target, targetPatt, since, limit, before, counts, fields, ...selection}) => {
      mustKnow(before);
      const rows = store.runs.find({
        ...selection,
        targetPatt: target,
        keyPatts: targetPatt === undefined ? undefined : keyPatts(targetPatt),
        runSinceS: since,
        before,
        limit: limit ?? limits.rows,
      });
      const isCounted = counts ?? fields?.includes('counts') ?? true;
      const breather = new Breather();
      const listed: Partial<RunSummary>[] = [];
      for (const row of rows) {
        const whole = isCounted ? summary(row) : row;
        listed.push(fields === undefined ? whole : pick(whole, fields));
        await breather.breathe();
      }
      // Who asks for less than all of it knows what is there.
      return listed as RunSummary[];
    },
    'runs.get': ({runId}) => {
      const row = store.runs.get(runId);
      return row === undefined || row.state === 'deleted' ? null : summary(row);
    },
    'runs.count': ({runPatt}) => ({count: store.runs.count({runPatt})}),
    'runs.ids': ({before}) => {
      mustKnow(before);
      const selection = {runPatt: '%', newestFirst: true, before, limit: limits.rows};
      return store.runs.find(selection).map(({id}) => id);
    },
    'runs.register': async (params, context) => {
      const {target, runName} = params;
      if (target.length !== store.keys.length || target.some((value) => value.includes('/'))) {
        const text = target.join('/');
        throw new RpcError('invalidValue', `Invalid target, "${text}" should be: ${store.keys.join('/')}`, {
          field: 'target',
          value: target,
        });
      }
      const registered = await once(context, () => store.runs.register(params, homehost.nowS()));
      audit(context, `registered run ${registered.runId} ${target.join('/')} ${runName}`);
      return registered;
    },
    'runs.setStatus': async ({runId, status, comment}, context) => {
      audit(context, `set the status of run ${runId} to ${status}`);
      const kept = comment === undefined ? undefined : cut(context, `the comment of run ${runId}`, comment);
      await once(context, () => store.runs.setStatus(runId, status, kept));
      return null;
    },
    'runs.setComment': async ({runId, comment}, context) => {
      const kept = cut(context, `the comment of run ${runId}`, comment);
      await once(context, () => store.runs.setComment(run(runId).id, kept));
      audit(context, `set the comment of run ${runId}`);
      return null;
    },
    'runs.touch': async ({runId}, context) => {
      await once(context, () => store.runs.touch(run(runId).id, homehost.nowS()));
      audit(context, `set the time of run ${runId}`);
      return null;
    },
    'runs.delete': async ({runId}, context) => {
      const deleted = await once(context, () => deleteRun(tools, run(runId)));
      audit(context, `deleted run ${runId}`);
      return deleted;
    },
    'runs.refreshStats': async ({runId}, context) =>
      await once(context, () => store.runs.refreshStats(run(runId).id)),
    'runs.storedStats': ({runId}) => store.runs.storedStats(runId),
    'runs.summary': async ({cursor}) => await summarize(store, cursor),
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
      return await removeTests(tools, params, context.connection.client);
    },
    'runs.markIncomplete': async ({runId, target, runPatt, deadtimeS}, context) => {
      const runs =
        runId === undefined ? store.runs.find({runPatt: runPatt ?? '%', targetPatt: target}) : [run(runId)];
      audit(context, 'marked dead tests');
      return {testIds: await homehost.write(() => markIncomplete(homehost, runs, deadtimeS))};
    },
    'runs.kill': async ({target, runPatt, testPatt}, context) => {
      audit(context, `killed ${target} ${runPatt} ${testPatt}`);
      return await killRuns(homehost, {target, runPatt, testPatt}, context.connection.client);
    },
    'runners.list': (selection) => store.runners.list(selection).map(({plan: _, ...row}) => row),
    'runners.stop': async (params, context) => {
      const ids = driversToStop(params);
      let stopped = 0;
      for (const id of ids) {
        if (await homehost.stopDriver(id, context.connection.client)) {
          audit(context, `stopped driver ${id}`);
          stopped += 1;
        }
      }
      return {stopped};
    },
  };

  function driversToStop({
    driverId,
    target,
    runName,
    testPatt,
  }: {
    readonly driverId?: number | undefined;
    readonly target?: string | undefined;
    readonly runName?: string | undefined;
    readonly testPatt?: string | undefined;
  }): readonly number[] {
    const isOfRun = target !== undefined && runName !== undefined;
    if (driverId !== undefined && target === undefined && runName === undefined && testPatt === undefined) {
      return [driverId];
    }
    if (driverId !== undefined || !isOfRun) {
      throw new RpcError('invalidParams', 'runners.stop: either a driverId, or a target and a runName');
    }
    const running = {target, runName, testPatt, state: 'running', limit: limits.rows};
    return store.runners.list(running).map(({id}) => id);
  }
}

function pick(run: RunRow | RunSummary, fields: readonly (keyof RunSummary)[]): Partial<RunSummary> {
  return Object.fromEntries(
    Object.entries(run).filter(([name]) => fields.some((field) => field === name)),
  ) as Partial<RunSummary>;
}

/** The daemon's answers to every method of the table (spec homehost.md 9), over one `Homehost`. */
import {isRunning, label} from '@megatest/model';
import {
  type CallContext,
  type Connected,
  type DaemonMethods,
  type Handlers,
  RpcError,
  type RunSummary,
  type ServerStatus,
  type SyncStatus,
  type TestRef,
} from '@megatest/rpc';
import {clean, importRows, type RunRow, type TestCore, type TestRow} from '@megatest/store';
import type {Homehost} from './homehost.ts';
import {ask} from './managers.ts';
import {applyReport, claim} from './reports.ts';
import {SampleTimes} from './sample-times.ts';

export type AuditEntry = {
  readonly user: string;
  readonly host: string;
  readonly pid: number;
  /** Where the connection comes from; `local` on this host. */
  readonly address: string;
  readonly what: string;
};

export type HandlerWorld = {
  readonly audit: (entry: AuditEntry) => void;
  readonly homehost: Homehost;
  readonly barrier: (isFull?: boolean) => Promise<{readonly stamp: number; readonly seq: number}>;
  readonly syncStatus: () => SyncStatus;
  readonly serverStatus: () => ServerStatus;
  readonly shutdown: (reason: string) => void;
  readonly sessionToken: (connection: Connected) => {readonly token: string; readonly validS: number};
};

const listLimit = 5000;
/** `[setup] deadtime` when nothing else is said. */
const defaultDeadtimeS = 7200;
/** A test that was asked to end and has not after this long is removed all the same (runs.md 13). */
const killWaitMs = 10_000;

export function makeHandlers(world: HandlerWorld): Handlers<DaemonMethods, CallContext> {
  const {homehost} = world;
  const {store} = homehost;
  const samples = new SampleTimes();

  /** Makes a write once, however often the client sends it (spec homehost.md 8.7). */
  async function once<T>(context: CallContext, change: () => T): Promise<T> {
    const [client = '', seq = ''] = (context.request.id ?? '').split(':');
    const number = Number(seq);
    // Answers of a client are for that client: another one's id asks for nothing that was done before.
    if (client !== context.connection.client.clientId || seq === '' || !Number.isInteger(number)) {
      return await homehost.write(change);
    }
    return await homehost.write(() => {
      const done = store.doneResult(client, number);
      if (done !== undefined) {
        return JSON.parse(done) as T;
      }
      const result = change();
      store.storeDone(client, number, JSON.stringify(result ?? null), homehost.nowS());
      return result;
    });
  }

  /** Who did it, from where: people and scripts, not tests about themselves. */
  function audit({connection: {client, address}}: CallContext, what: string): void {
    if (client.kind !== 'test' && client.kind !== 'manager') {
      world.audit({user: client.user, host: client.host, pid: client.pid, address, what});
    }
  }

  function auditState(
    context: CallContext,
    what: string,
    state: string | undefined,
    status: string | undefined,
  ): void {
    audit(context, `set ${what} to ${state ?? '-'}/${status ?? '-'}`);
  }

  function find(test: TestRef): TestRow {
    const row =
      'testId' in test
        ? store.tests.get(test.testId)
        : store.tests.find(test.runId, test.testName, test.itemPath);
    if (row === undefined) {
      throw noSuchTest(test);
    }
    return row;
  }

  function core(id: number): TestCore {
    const row = store.tests.core(id);
    if (row === undefined) {
      throw noSuchTest({testId: id});
    }
    return row;
  }

  function summary(run: RunRow): RunSummary {
    return {...run, counts: store.runs.counts(run.id)};
  }

  function selectRuns(target: string, runPatt: string): readonly RunRow[] {
    if (target.split('/').length !== store.keys.length) {
      throw new RpcError('invalidValue', `Invalid target, "${target}" should be: ${store.keys.join('/')}`, {
        field: 'target',
        value: target,
      });
    }
    return store.runs.find({runPatt, targetPatt: target});
  }

  function selectTests(request: {
    target: string;
    runPatt: string;
    testPatt: string;
    states?: string[] | undefined;
    statuses?: string[] | undefined;
  }): readonly TestRow[] {
    const runs = selectRuns(request.target, request.runPatt).filter((run) => run.state !== 'locked');
    if (runs.length === 0) {
      return [];
    }
    return store.tests.list({
      runIds: runs.map((run) => run.id),
      testPatt: request.testPatt,
      states: request.states,
      statuses: request.statuses,
    });
  }

  return {
    'server.status': () => world.serverStatus(),
    'server.sessionToken': (_, {connection}) => world.sessionToken(connection),
    'server.shutdown': ({reason}, context) => {
      audit(context, `asked the daemon to leave: ${reason}`);
      setImmediate(() => world.shutdown(reason));
      return {flushed: true};
    },
    'sync.flush': async ({full}, {connection}) => {
      if (full === true && connection.role !== 'operator') {
        throw new RpcError('notAllowed', 'to overwrite megatest.db needs the read-write key', {
          role: connection.role,
          needed: 'operator',
        });
      }
      return await world.barrier(full);
    },
    'db.cleanup': async (_, context) => {
      audit(context, 'cleaned up the database');
      return await once(context, () => {
        const counts = clean(store.db, homehost.nowS());
        store.invalidate();
        return counts;
      });
    },
    'sync.import': async ({rows}, context) => {
      const {testIds, ...outcome} = await once(context, () => {
        const imported = importRows(store.db, rows, homehost.nowS());
        store.invalidate();
        return imported;
      });
      audit(context, `handed over ${rows.length} rows, of which ${outcome.taken} were taken`);
      homehost.takeForeign(testIds);
      return outcome;
    },
    'sync.status': () => world.syncStatus(),

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
      await once(context, () => {
        const state = locked ? 'locked' : 'unlocked';
        store.runs.setState(runId, state);
        store.addAccess(user, `${state} ${runId}`, homehost.nowS());
      });
      audit(context, `${locked ? 'locked' : 'unlocked'} run ${runId}`);
      return null;
    },
    'runs.wait': async ({target, runPatt, testPatt, states, statuses}) => {
      const wanted = states ?? ['RUNNING', 'REMOTEHOSTSTART', 'LAUNCHED', 'KILLREQ'];
      // A run that is still being driven may just not have launched anything yet.
      const isDriven = () =>
        states === undefined &&
        selectRuns(target, runPatt).some((run) => homehost.driversOfRun(run.id).length > 0);
      await homehost.waitUntil(
        () => !isDriven() && selectTests({target, runPatt, testPatt, states: wanted, statuses}).length === 0,
      );
      return null;
    },
    'runs.remove': async (params, context) => {
      audit(context, `removed ${params.target} ${params.runPatt} ${params.testPatt}`);
      return await remove(params);
    },
    'runs.markIncomplete': async ({target, runPatt, deadtimeS}, context) => {
      audit(context, 'marked dead tests');
      const testIds: number[] = [];
      for (const run of store.runs.find({runPatt: runPatt ?? '%', targetPatt: target})) {
        testIds.push(...(await homehost.markDead(run.id, deadtimeS ?? defaultDeadtimeS)));
      }
      return {testIds};
    },
    'runs.kill': async ({target, runPatt, testPatt}, context) => {
      audit(context, `killed ${target} ${runPatt} ${testPatt}`);
      const runs = selectRuns(target, runPatt);
      let drivers = 0;
      for (const driver of runs.flatMap((run) => homehost.driversOfRun(run.id))) {
        drivers += (await homehost.stopDriver(driver.id)) ? 1 : 0;
      }
      const tests = selectTests({target, runPatt, testPatt}).filter((row) => isRunning(row.state));
      return {
        tests: await homehost.kill(
          tests.map((row) => row.id),
          'killed on request',
        ),
        drivers,
      };
    },
    'runners.list': () => store.runners.list().map(({plan: _, ...row}) => row),
    'runners.stop': async ({driverId}) => ({stopped: (await homehost.stopDriver(driverId)) ? 1 : 0}),

    'tests.list': ({runIds, testPatt, states, statuses, exclude, afterId, limit}) =>
      store.tests.list({runIds, testPatt, states, statuses, exclude, afterId, limit: limit ?? listLimit}),
    'tests.get': ({test}) =>
      ('testId' in test
        ? store.tests.get(test.testId)
        : store.tests.find(test.runId, test.testName, test.itemPath)) ?? null,
    'tests.setState': async ({test, state, status, comment, expect}, context) => {
      const result = await once(context, () => {
        const row = core('testId' in test ? test.testId : find(test).id);
        const {id} = row;
        auditState(context, `test ${id}`, state, status);
        const isUnexpected =
          (expect?.states !== undefined && !expect.states.includes(row.state)) ||
          (expect?.statuses !== undefined && !expect.statuses.includes(row.status));
        if (isUnexpected) {
          const wanted = [...(expect?.states ?? []), ...(expect?.statuses ?? [])].join(' or ');
          throw new RpcError('conflict', `test ${id} is ${row.state}, expected ${wanted}`, {
            current: {state: row.state, status: row.status},
          });
        }
        const rolled = status === 'AUTO' ? store.data.rollUp(id, status) : status;
        const change = store.tests.setState(id, {state, status: rolled, comment}, homehost.nowS());
        if (change === undefined) {
          throw new RpcError('notFound', `there is no test ${id}`, {what: 'test', id});
        }
        return {test: change.test, top: change.top ?? null};
      });
      if (state === 'KILLREQ') {
        homehost.tellToKill([result.test.testId], comment ?? 'killed on request');
      }
      return result;
    },
    'tests.setStateBatch': async (
      {target, runPatt, testPatt, fromStates, fromStatuses, state, status, comment},
      context,
    ) => {
      auditState(context, `${target} ${runPatt} ${testPatt}`, state, status);
      const rows = [
        ...selectTests({target, runPatt, testPatt, states: fromStates, statuses: fromStatuses}),
      ].sort((a, b) => b.rundir.length - a.rundir.length);
      await once(context, () => {
        for (const row of rows) {
          store.tests.setState(row.id, {state, status, comment}, homehost.nowS());
        }
      });
      if (state === 'KILLREQ') {
        homehost.tellToKill(
          rows.map((row) => row.id),
          'killed on request',
        );
      }
      return {changed: rows.length};
    },
    'tests.claim': async (params, context) => {
      const result = await once(context, () => claim(store, params, homehost.nowS()));
      const manager = homehost.managers
        .all()
        .find((candidate) => candidate.connection === context.connection);
      if (manager !== undefined && result.run) {
        homehost.managers.setOwner(params.testId, manager.id);
      }
      return result;
    },
    'tests.update': async ({test, set}, context) => {
      await once(context, () => store.tests.update(find(test).id, set));
      return null;
    },
    'tests.why': ({test}) => {
      const row = find(test);
      return {text: why(row), attempts: store.attempts.ofTest(row.id)};
    },
    'tests.previous': ({runId, testName, itemPath}) =>
      store.tests.previous(runId, testName, itemPath) ?? null,

    'steps.set': async ({testId, stepName, state, status, comment, logfile}, context) => {
      await once(context, () =>
        store.steps.set({
          testId,
          stepName,
          state,
          status,
          eventTime: homehost.nowS(),
          comment: comment ?? '',
          logfile: logfile ?? '',
        }),
      );
      return null;
    },
    'steps.list': ({testIds}) => store.steps.list(testIds),
    'testData.add': async ({testId, rows, rollup}, context) => {
      await once(context, () => {
        const row = find({testId});
        store.data.add(testId, rows);
        if (rollup === true) {
          const status = store.data.rollUp(testId, row.status);
          if (status !== row.status) {
            store.tests.setState(testId, {status}, homehost.nowS());
          }
        }
      });
      return null;
    },
    'usage.list': ({testIds}) => store.usage.list(testIds),
    'testData.list': ({testIds, categoryPatt}) => store.data.list(testIds, categoryPatt),

    'manager.register': ({managerId, host, user, pid, cpus, launches}, {connection}) => {
      const forget = homehost.managerRegistered({id: managerId, host, user, pid, cpus, connection}, launches);
      const submissions = homehost.submissionsAt(host, user);
      return {managerId, forget, submissions};
    },
    'pilot.next': async ({job, manager: {host, user}, taken, max}) => {
      const known = new Set(taken);
      const left = () => store.tests.launchedOf(job).filter(({launchId}) => !known.has(launchId));
      await homehost.waitUntil(() => left().length > 0 || homehost.submissionsAt(host, user).length === 0);
      const tests = left().slice(0, max);
      return {tests, isOver: tests.length === 0};
    },
    'manager.heartbeat': async ({managerId, tests, load}) => {
      homehost.managers.setLoad(managerId, load);
      if (tests.length === 0) {
        return {kill: []};
      }
      await homehost.write(() => {
        for (const {testId, runDuration, cpuload, diskfree} of tests) {
          store.tests.update(testId, {runDuration, cpuload, diskfree});
        }
        const [first] = tests;
        const nowS = homehost.nowS();
        if (first !== undefined && samples.isDue(homehost.managers.hostOf(managerId) ?? managerId, nowS)) {
          store.usage.addSample(first.testId, nowS, load[0] ?? -1, first.diskfree ?? -1, first.runDuration);
        }
      });
      return {
        kill: tests
          .map(({testId}) => testId)
          .filter((testId) => store.tests.get(testId)?.state === 'KILLREQ'),
      };
    },
    'manager.report': async ({journalId, entries}) => {
      const done = await homehost.write(() =>
        applyReport(store, journalId, entries, homehost.nowS(), {
          onFatalLaunch: (row, reason) => {
            for (const driver of homehost.driversOfRun(row.runId)) {
              driver.launchImpossible(
                row.itemPath === '' ? row.testName : `${row.testName}/${row.itemPath}`,
                reason,
              );
            }
          },
          onLostLaunch: (row) => homehost.launchAnew(row),
        }),
      );
      return {done};
    },
  };

  function why(row: TestRow): string {
    const name = row.itemPath === '' ? row.testName : `${row.testName}/${row.itemPath}`;
    if (row.state === 'NOT_STARTED') {
      const [driver] = homehost.driversOfRun(row.runId);
      const comment = row.comment === '' ? '' : ` (${row.comment})`;
      return driver?.schedule === undefined
        ? `${name} is ${label(row.state, row.status)}${comment}: nothing is driving its run`
        : driver.schedule.explain(row.testName, row.itemPath);
    }
    const waiting = homehost
      .driversOfRun(row.runId)
      .flatMap((driver) => driver.schedule?.explainDependants(row.testName, row.itemPath) ?? []);
    const forIt =
      waiting.length === 0 ? '' : `; ${waiting.join(', ')} ${waiting.length === 1 ? 'waits' : 'wait'} for it`;
    const steps = store.steps.list([row.id]).filter((step) => step.state === 'end' && step.status !== '0');
    const step = steps.at(-1);
    const reason =
      step === undefined
        ? row.comment
        : `step ${step.stepName} ended with ${step.status}${step.comment === '' ? '' : `: ${step.comment}`}`;
    const job = row.job === '' ? '' : ` (job ${row.job})`;
    return `${name} is ${label(row.state, row.status)}${job}${reason === '' ? '' : `: ${reason}`}${forIt}`;
  }

  async function remove(params: {
    target: string;
    runPatt: string;
    testPatt: string;
    states?: string[] | undefined;
    statuses?: string[] | undefined;
    manager: {host: string; user: string};
  }) {
    const messages: string[] = [];
    const runs = selectRuns(params.target, params.runPatt);
    for (const run of runs.filter((candidate) => candidate.state === 'locked')) {
      messages.push(`INFO: (0) run ${run.target.join('/')}/${run.runName} is locked, it is left alone`);
    }
    const rows = selectTests(params);
    for (const run of runs) {
      for (const driver of homehost.driversOfRun(run.id)) {
        await homehost.stopDriver(driver.id);
      }
    }
    await endRunning(rows);
    await homehost.write(() => {
      for (const row of rows) {
        store.tests.setState(row.id, {state: 'REMOVING', status: 'LOCKED'}, homehost.nowS());
      }
    });
    const withDirectory = rows.filter((row) => row.rundir !== '/tmp/badname' && row.rundir !== 'n/a');
    if (withDirectory.length > 0) {
      const manager = await homehost.managers.wait(params.manager.host, params.manager.user, 60_000);
      const outcomes = await ask(manager, 'manager.clean', {
        // Items first: the directory of a parent is empty only then.
        tests: [...withDirectory]
          .sort((a, b) => b.rundir.length - a.rundir.length)
          .map(({id, rundir, shortdir}) => ({testId: id, rundir, shortdir})),
      });
      for (const {ok, text} of outcomes) {
        if (!ok) {
          messages.push(text);
        }
      }
    }
    let removedRuns = 0;
    await homehost.write(() => {
      store.tests.delete(rows.map((row) => row.id));
      for (const run of runs.filter((candidate) => candidate.state !== 'locked')) {
        if (store.tests.list({runIds: [run.id], limit: 1}).length === 0) {
          store.runs.delete(run.id);
          removedRuns += 1;
        } else {
          store.runs.refreshStats(run.id);
        }
      }
    });
    return {tests: rows.length, runs: removedRuns, messages};
  }

  async function endRunning(rows: readonly TestRow[]): Promise<void> {
    const running = rows
      .filter((row) => isRunning(row.state) || row.state === 'KILLREQ')
      .map((row) => row.id);
    if (running.length === 0) {
      return;
    }
    await homehost.kill(running, 'killed by removal');
    const stillThere = () =>
      running.some((id) =>
        ['KILLREQ', 'RUNNING', 'REMOTEHOSTSTART', 'LAUNCHED'].includes(store.tests.get(id)?.state ?? ''),
      );
    await Promise.race([
      homehost.waitUntil(() => !stillThere()),
      new Promise((resolve) => {
        setTimeout(resolve, killWaitMs).unref();
      }),
    ]);
    await homehost.write(() => {
      for (const id of running) {
        if (
          ['KILLREQ', 'RUNNING', 'REMOTEHOSTSTART', 'LAUNCHED'].includes(store.tests.get(id)?.state ?? '')
        ) {
          store.tests.setState(id, {state: 'FAILEDKILL', status: 'n/a'}, homehost.nowS());
        }
      }
    });
  }
}

function noSuchTest(test: TestRef): RpcError {
  return new RpcError('notFound', `there is no test ${JSON.stringify(test)}`, {what: 'test', id: test});
}

/** `runs.remove`: what is running is ended, directories go by a manager, then the records (runs.md 13). */
import {isRunning} from '@megatest/model';
import type {ClientInfo} from '@megatest/rpc';
import type {TestRow} from '@megatest/store';
import type {Homehost} from '../homehost.ts';
import {ask} from '../managers.ts';
import type {HandlerTools} from './handler-tools.ts';

/** A test that was asked to end and has not after this long is removed all the same (runs.md 13). */
const killWaitMs = 10_000;

export async function removeTests(
  tools: HandlerTools,
  params: {
    target: string;
    runPatt: string;
    testPatt: string;
    states?: string[] | undefined;
    statuses?: string[] | undefined;
    manager: {host: string; user: string};
  },
  who: ClientInfo,
) {
  const {homehost, store, selectRuns, selectTests} = tools;
  const messages: string[] = [];
  const runs = selectRuns(params.target, params.runPatt);
  for (const run of runs.filter((candidate) => candidate.state === 'locked')) {
    messages.push(`INFO: (0) run ${run.target.join('/')}/${run.runName} is locked, it is left alone`);
  }
  const rows = selectTests(params);
  for (const run of runs) {
    for (const driver of homehost.driversOfRun(run.id)) {
      await homehost.stopDriver(driver.id, who);
    }
  }
  await endRunning(homehost, rows);
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

async function endRunning(homehost: Homehost, rows: readonly TestRow[]): Promise<void> {
  const {store} = homehost;
  const running = rows.filter((row) => isRunning(row.state) || row.state === 'KILLREQ').map((row) => row.id);
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
      if (['KILLREQ', 'RUNNING', 'REMOTEHOSTSTART', 'LAUNCHED'].includes(store.tests.get(id)?.state ?? '')) {
        store.tests.setState(id, {state: 'FAILEDKILL', status: 'n/a'}, homehost.nowS());
      }
    }
  });
}

/** What people change of stored runs, for who calls a method and for jobs. What is only rows is written within the caller's transaction. */
import {isRunning} from '@megatest/model';
import {RpcError} from '@megatest/rpc';
import type {RunRow, SetState, Store, TestRow} from '@megatest/store';
import type {Homehost, Stopper} from './homehost.ts';

/** `[setup] deadtime` when nothing else is said. */
const defaultDeadtimeS = 7200;

export type TestChoice = {
  readonly target: string;
  readonly runPatt: string;
  readonly testPatt: string;
  readonly states?: readonly string[] | undefined;
  readonly statuses?: readonly string[] | undefined;
};

export function selectRuns(store: Store, target: string, runPatt: string): readonly RunRow[] {
  if (target.split('/').length !== store.keys.length) {
    throw new RpcError('invalidValue', `Invalid target, "${target}" should be: ${store.keys.join('/')}`, {
      field: 'target',
      value: target,
    });
  }
  return store.runs.find({runPatt, targetPatt: target});
}

/** Tests of runs that are not locked. */
export function selectTests(store: Store, choice: TestChoice): readonly TestRow[] {
  const runs = selectRuns(store, choice.target, choice.runPatt).filter((run) => run.state !== 'locked');
  if (runs.length === 0) {
    return [];
  }
  return store.tests.list({
    runIds: runs.map((run) => run.id),
    testPatt: choice.testPatt,
    states: choice.states,
    statuses: choice.statuses,
  });
}

/** Items before their tests, as the directories nest. */
export function setStates(
  {store, nowS}: Pick<Homehost, 'store' | 'nowS'>,
  choice: TestChoice,
  change: Pick<SetState, 'state' | 'status' | 'comment'>,
): readonly number[] {
  const rows = [...selectTests(store, choice)].sort((a, b) => b.rundir.length - a.rundir.length);
  for (const row of rows) {
    store.tests.setState(row.id, change, nowS());
  }
  return rows.map(({id}) => id);
}

export function setLock(
  {store, nowS}: Pick<Homehost, 'store' | 'nowS'>,
  runId: number,
  isLocked: boolean,
  user: string,
): void {
  const state = isLocked ? 'locked' : 'unlocked';
  store.runs.setState(runId, state);
  store.addAccess(user, `${state} ${runId}`, nowS());
}

/** Marks what died without a word in these runs; returns the ids. */
export function markIncomplete(
  homehost: Homehost,
  runs: readonly Pick<RunRow, 'id'>[],
  deadtimeS = defaultDeadtimeS,
): readonly number[] {
  return runs.flatMap(({id}) => homehost.markDeadNow(id, deadtimeS));
}

/** Stops what drives the runs, and asks running tests to end. */
export async function killRuns(
  homehost: Homehost,
  choice: TestChoice,
  who: Stopper,
): Promise<{readonly tests: number; readonly drivers: number}> {
  const {store} = homehost;
  const runs = selectRuns(store, choice.target, choice.runPatt);
  let drivers = 0;
  for (const driver of runs.flatMap((run) => homehost.driversOfRun(run.id))) {
    drivers += (await homehost.stopDriver(driver.id, who)) ? 1 : 0;
  }
  const tests = selectTests(store, choice).filter((row) => isRunning(row.state));
  return {
    tests: await homehost.kill(
      tests.map((row) => row.id),
      'killed on request',
    ),
    drivers,
  };
}

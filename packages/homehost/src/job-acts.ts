/** Jobs that are changes of rows: done by the daemon itself, by the functions that answer the methods of the same names. */
import {unreachable} from '@megatest/model';
import type {JobRow} from '@megatest/store';
import type {Homehost} from './homehost.ts';
import {paramsOf} from './job-request.ts';
import {killRuns, markIncomplete, selectRuns, setLock, setStates, type TestChoice} from './run-changes.ts';

/** The daemon's actions, from which `jobAction` says that they are its. */
export type DaemonAction = 'kill' | 'set-ss' | 'lock' | 'unlock' | 'set-run-status' | 'mark-incomplete';

/** Does the job and calls `end` with what is to be said of it: in the same transaction, where rows are all that changes. */
export async function actForJob(
  homehost: Homehost,
  job: JobRow,
  end: (message: string) => void,
): Promise<void> {
  if (job.action === 'kill') {
    const {drivers, tests} = await killRuns(homehost, choiceOf(job), `job ${job.id} (kill)`);
    await homehost.write(() => end(`stopped ${drivers} runs, asked ${tests} tests to end`));
    return;
  }
  let toKill: readonly number[] = [];
  await homehost.write(() => {
    const {message, killed} = changeRows(homehost, job);
    toKill = killed ?? [];
    end(message);
  });
  homehost.tellToKill(toKill, 'killed on request');
}

function changeRows(
  homehost: Homehost,
  job: JobRow,
): {readonly message: string; readonly killed?: readonly number[]} {
  const {store} = homehost;
  const action = job.action as Exclude<DaemonAction, 'kill'>;
  const params = paramsOf(job);
  switch (action) {
    case 'set-ss': {
      const [state, status] = stateAndStatus(params.new ?? '');
      const ids = setStates(homehost, choiceOf(job), {state, status, comment: params.message});
      const message = `set ${ids.length} tests to ${state ?? ''}/${status ?? ''}`;
      return state === 'KILLREQ' ? {message, killed: ids} : {message};
    }
    case 'lock':
    case 'unlock': {
      const runs = selectRuns(store, job.target, job.runName);
      for (const {id} of runs) {
        setLock(homehost, id, action === 'lock', job.owner);
      }
      return {message: `${action}ed ${runs.length} runs`};
    }
    case 'set-run-status': {
      const runs = selectRuns(store, job.target, job.runName);
      for (const {id} of runs) {
        store.runs.setStatus(id, params.new ?? '', params.message);
      }
      return {message: `set the status of ${runs.length} runs`};
    }
    case 'mark-incomplete': {
      const runs = store.runs.find({
        runPatt: job.runName === '' ? '%' : job.runName,
        targetPatt: job.target === '' ? undefined : job.target,
      });
      const ids = markIncomplete(homehost, runs, params.deadtimeS);
      return {message: `marked ${ids.length} tests`};
    }
    default:
      return unreachable(action);
  }
}

/** Of STATE/STATUS, where a status may have slashes itself, such as n/a; what is empty is left as it is. */
function stateAndStatus(text: string): readonly (string | undefined)[] {
  const slash = text.indexOf('/');
  return [text.slice(0, slash), text.slice(slash + 1)].map((part) => (part === '' ? undefined : part));
}

function choiceOf(job: JobRow): TestChoice {
  const {state, status} = paramsOf(job);
  return {
    target: job.target,
    runPatt: job.runName,
    testPatt: job.testPatt === '' ? '%' : job.testPatt,
    states: listOf(state),
    statuses: listOf(status),
  };
}

function listOf(text: string | undefined): readonly string[] | undefined {
  return text?.split(',').filter((member) => member !== '');
}

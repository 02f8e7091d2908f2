/** Why a test has not run, or why it failed, in a sentence. */
import {label} from '@megatest/model';
import type {TestRow} from '@megatest/store';
import type {Homehost} from '../homehost.ts';

export function why(homehost: Homehost, row: TestRow): string {
  const {store} = homehost;
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

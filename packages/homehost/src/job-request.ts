/** What a job asks for: checked when it is added, and what becomes of it when it is a run (spec mtutil.md 10.1, 14). */
import {type JobAction, jobAction} from '@megatest/model';
import {type Job, type JobParams, jobRunParams, RpcError, type SubmitOptions} from '@megatest/rpc';
import type {JobRow} from '@megatest/store';
import type {Submission} from './driver.ts';

export type JobRequest = {
  readonly action: JobAction;
  readonly target: string;
  readonly runName: string;
  readonly testPatt: string;
  readonly params: JobParams;
};

/** A manager may be lost under a job so many times before it is given up. */
const mostAttempts = 3;

/** Throws what the caller got wrong: a job that cannot be done is not put into the queue. */
export function checkJob(request: JobRequest, keys: readonly string[]): void {
  const {action, target, runName, testPatt, params} = request;
  const {needs} = jobAction(action);
  if (needs !== 'nothing' && (target === '' || runName === '')) {
    const field = target === '' ? 'target' : 'runName';
    throw wrong(field, '', `a job "${action}" needs a target and a run name`);
  }
  if (target !== '' && target.split('/').length !== keys.length) {
    throw wrong('target', target, `Invalid target, "${target}" should be: ${keys.join('/')}`);
  }
  const given = (name: keyof JobParams, what: string) => {
    if ((params[name] ?? '') === '') {
      throw wrong(name, '', `a job "${action}" needs ${what}`);
    }
  };
  switch (action) {
    case 'set-ss':
      given('new', 'the new STATE/STATUS');
      if (!params.new?.includes('/')) {
        throw wrong('new', params.new, `"${params.new}" is no STATE/STATUS, such as COMPLETED/PASS`);
      }
      return;
    case 'set-run-status':
      given('new', 'the new status');
      return;
    case 'command':
      if (params.commands === undefined) {
        given('command', 'the text of the command');
      }
      return;
    case 'sync':
      given('syncTo', 'the name of the database to write to');
      return;
    case 'rerun-step':
      given('fromStep', 'the step to begin with');
      if (testPatt === '') {
        throw wrong('testPatt', '', `a job "${action}" needs the names of the tests`);
      }
      return;
    default:
  }
}

function wrong(field: string, value: unknown, message: string): RpcError {
  return new RpcError('invalidValue', message, {field, value});
}

/** How often it is handed out at most. */
export function attemptsOf(action: JobAction): number {
  return jobAction(action).isRepeatable ? mostAttempts : 1;
}

/** The run that a job is; `at`: the manager that plans and launches it. */
export function submissionOf(row: JobRow, at: Submission['manager']): Submission {
  const {id, action, target, runName, owner} = row;
  return {
    uuid: driverUuid(row),
    action: runAction(action, paramsOf(row)),
    target,
    runName,
    options: optionsOf(row),
    manager: at,
    argv: [],
    owner,
    jobId: id,
  };
}

/** A driver that has ended is not begun again: each retry of a job has its own. */
function driverUuid({uuid, attempts}: JobRow): string {
  return attempts <= 1 ? uuid : `${uuid}-${attempts}`;
}

function runAction(action: string, params: JobParams): Submission['action'] {
  switch (action) {
    case 'rerun':
      return params.rerun === undefined ? 'rerun-clean' : 'run';
    case 'rerun-clean':
    case 'rerun-all':
    case 'rerun-failed':
    case 'rerun-step':
      return action;
    default:
      return 'run';
  }
}

function optionsOf(row: JobRow): SubmitOptions {
  const params = paramsOf(row);
  return {
    ...jobRunParams.parse(params),
    testPatt: row.testPatt === '' ? undefined : row.testPatt,
    // Who waits for the job waits for its tests.
    runWait: params.runWait ?? true,
    setVars: params.vars,
  };
}

export function paramsOf({params}: JobRow): JobParams {
  return JSON.parse(params) as JobParams;
}

/** A job as everybody may see it: not the token that its manager knows. */
export function toJob(row: JobRow): Job {
  const {host: _, lockKey, claimedBy, claimToken, leaseUntil, params, ...rest} = row;
  return {...rest, params: JSON.parse(params) as JobParams};
}

/** What pages have done (spec dashboard.md B7): shown with what it concerns, then added to the job queue as a job of who asked. */
import {randomUUID} from 'node:crypto';
import {type ActionPlan, commandText, planAction, UserError} from '@megatest/model';
import {type actionsMethods, type CallHandlers, RpcError} from '@megatest/rpc';
import type {Affected, AffectedSelection} from '@megatest/store';
import {Previews} from '../actions/previews.ts';
import {checkWaiverComment} from '../actions/waiver-comment.ts';
import {managerFor} from '../job-choice.ts';
import {addJob, checkRequest, type NewJobRequest} from './add-job.ts';
import type {HandlerTools} from './handler-tools.ts';

export type ActionsHandlers = CallHandlers<typeof actionsMethods>;

type PlanParams = Parameters<typeof planAction>;

type Shown = {
  readonly request: NewJobRequest;
  readonly selection: AffectedSelection | undefined;
  readonly affected: Affected;
  readonly typed: string | undefined;
};

const nothing: Affected = {runs: 0, tests: 0, running: 0, sample: [], digest: ''};

export function actionsHandlers(tools: HandlerTools): ActionsHandlers {
  const {homehost, world} = tools;
  const {managers, ownManager} = homehost;
  const {dashboard, config} = world.settings;
  const previews = new Previews<Shown>(homehost.nowS);

  function mustBeOn(key: 'actions' | 'free-command'): void {
    if (dashboard[key] === false) {
      throw new RpcError('notAllowed', `[dashboard] ${key} of this area is no`, {key});
    }
  }

  /** Which runs and tests there are is asked in the thread: there may be a million. */
  async function affectedNow(selection: AffectedSelection | undefined): Promise<Affected> {
    return selection === undefined ? nothing : await world.panel.thread.ask('affected', selection);
  }

  return {
    'actions.preview': async ({action, params}, {connection: {client, address}}) => {
      mustBeOn('actions');
      if (action === 'archive' || action === 'restore') {
        throw new RpcError('invalidValue', `this version cannot ${action} tests`, {
          field: 'action',
          value: action,
        });
      }
      if (action === 'command') {
        mustBeOn('free-command');
      }
      if (action === 'waive') {
        checkWaiverComment(config, params.message ?? '');
      }
      const {target = '', runName = '', testPatt = '', ...options} = params;
      const plan = planned(action, {target, runName, testPatt, ...options});
      const {commands, danger, typed, job} = plan;
      const text = commandText(commands);
      const preview = randomUUID();
      const request = {
        uuid: preview,
        source: 'dashboard',
        action: job.action,
        ...{target, runName, testPatt: job.testPatt},
        params: {...job.params, commandLine: text, address},
      };
      checkRequest(tools, client.user, request);
      const selection = selectionOf(plan, target, runName);
      const affected = await affectedNow(selection);
      if (affected.runs === 0 && selection !== undefined && action !== 'run') {
        const which = selection.unlockedOnly ? ' that is not locked' : '';
        throw new RpcError('notFound', `there is no run ${target}/${runName}${which}`, {
          what: 'run',
          id: runName,
        });
      }
      const expires = previews.add(preview, client.user, {request, selection, affected, typed});
      const manager = managerFor({managers, host: ownManager.host}, {owner: client.user, host: client.host});
      return {
        ...{preview, commands, text, danger, expires, ...shown(affected)},
        ...{typed: typed ?? null, user: client.user, host: manager?.host ?? ownManager.host},
      };
    },
    'actions.start': async ({preview, typed}, context) => {
      const {user} = context.connection.client;
      const known = previews.find(preview, user);
      const now = await affectedNow(known?.selection);
      const job = await addJob(tools, context, () => {
        if (known !== undefined) {
          refuseUntyped(known, typed);
          refuseChanged(known.affected, now);
        }
        return previews.take(preview, user).request;
      });
      return {job};
    },
  };
}

function planned(...[name, request]: PlanParams): ActionPlan {
  try {
    return planAction(name, request);
  } catch (error) {
    throw error instanceof UserError ? new RpcError('invalidValue', error.message, {field: 'params'}) : error;
  }
}

function selectionOf(
  {concerns, job, state, status}: ActionPlan,
  target: string,
  runPatt: string,
): AffectedSelection | undefined {
  if (concerns === 'nothing') {
    return undefined;
  }
  return {
    ...{target, runPatt, testPatt: job.testPatt},
    states: state?.split(','),
    statuses: status?.split(','),
    unlockedOnly: concerns === 'unlockedTests' || concerns === 'runningTests',
    wholeRuns: concerns === 'runs',
  };
}

function shown({runs, tests, running, sample}: Affected) {
  return {counts: {tests, runs, running}, sample};
}

function refuseUntyped({typed: wanted}: Shown, typed: string | undefined): void {
  if (wanted !== undefined && typed !== wanted) {
    throw new RpcError('invalidValue', `this is done when the run name "${wanted}" has been typed`, {
      field: 'typed',
      value: typed,
    });
  }
}

function refuseChanged(before: Affected, now: Affected): void {
  if (before.digest !== now.digest) {
    const words = ({runs, tests, running}: Affected) => `${tests} tests of ${runs} runs, ${running} running`;
    throw new RpcError(
      'conflict',
      `what this concerns has changed: it was ${words(before)}, it is ${words(now)}; look at it again`,
      {before: shown(before), now: shown(now)},
    );
  }
}

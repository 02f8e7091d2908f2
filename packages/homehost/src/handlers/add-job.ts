/** Puts a job into the queue: of `jobs.add`, and of what pages have done. */
import {type CallContext, type Job, RpcError} from '@megatest/rpc';
import {attemptsOf, checkJob, type JobRequest, toJob} from '../job-request.ts';
import type {HandlerTools} from './handler-tools.ts';

export type NewJobRequest = JobRequest & {
  readonly uuid: string;
  readonly source: string;
  readonly parentUuid?: string | undefined;
  readonly priority?: number | undefined;
  readonly notBefore?: number | undefined;
};

/** Throws what the caller got wrong, or may not do. */
export function checkRequest({homehost, store}: HandlerTools, user: string, request: JobRequest): void {
  const {users} = homehost.jobs.settings;
  if (users.length > 0 && !users.includes(user)) {
    throw new RpcError(
      'notAllowed',
      `jobs of ${user} are not accepted here: [jobs] users does not name them`,
    );
  }
  checkJob(request, store.keys);
}

/** `makeRequest` is called in the transaction, and may refuse it. Answers when the job is in `megatest.db`. */
export async function addJob(
  {once, audit, store, homehost, world}: HandlerTools,
  context: CallContext,
  makeRequest: () => NewJobRequest,
): Promise<Job> {
  const {user, host} = context.connection.client;
  let what: string | undefined;
  const id = await once(context, () => {
    const {uuid, action, target, runName, testPatt, params, source, ...rest} = makeRequest();
    const {parentUuid = '', priority = 0, notBefore = 0} = rest;
    const known = store.jobs.byUuid(uuid);
    if (known !== undefined) {
      return known.id;
    }
    what = [action, target, runName, testPatt].join(' ').trim();
    const row = {uuid, parentUuid, action, owner: user, source, host, target, runName, testPatt};
    const options = {params: JSON.stringify(params), priority, notBefore, maxAttempts: attemptsOf(action)};
    return store.jobs.add({...row, ...options}, homehost.nowS());
  });
  if (what !== undefined) {
    audit(context, `added job ${id}: ${what}`);
    homehost.jobs.added(id);
  }
  await world.barrier();
  // Between the commit and the answer it may have gone on.
  return toJob(homehost.jobs.find(id));
}

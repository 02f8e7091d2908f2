/** The job queue. */
import {type CallHandlers, type Job, type jobsMethods, RpcError} from '@megatest/rpc';
import {isAtWork} from '../job-records.ts';
import {toJob} from '../job-request.ts';
import {addJob, checkRequest} from './add-job.ts';
import type {HandlerTools} from './handler-tools.ts';

export type JobsHandlers = CallHandlers<typeof jobsMethods>;

const listLimit = 1000;

export function jobsHandlers(tools: HandlerTools): JobsHandlers {
  const {once, audit, store, homehost} = tools;
  const {jobs} = homehost;

  /** As it is now: between the commit and the answer it may have gone on. */
  const now = (id: number): Job => toJob(jobs.find(id));

  return {
    'jobs.add': async ({target = '', runName = '', testPatt = '', params = {}, ...rest}, context) => {
      const request = {...rest, target, runName, testPatt, params};
      checkRequest(tools, context.connection.client.user, request);
      return await addJob(tools, context, () => request);
    },
    'jobs.get': ({id, uuid}) => {
      const row = id === undefined ? store.jobs.byUuid(uuid ?? '') : store.jobs.get(id);
      return row === undefined ? null : toJob(row);
    },
    'jobs.list': ({since, limit, cursor, ...selection}) =>
      store.jobs
        .list({...selection, sinceS: since, limit: limit ?? listLimit, beforeId: cursor})
        .map((row) => toJob(row)),
    'jobs.last': ({target, runName}) => {
      const job = store.jobs.lastRun(target, runName);
      const driver = store.runners.last(target, runName);
      if (job !== undefined && (driver === undefined || driver.creationTime < job.creationTime)) {
        const {id, action, testPatt, creationTime} = job;
        return {action, testPatt: testPatt === '' ? '%' : testPatt, creationTime, jobId: id, driverId: null};
      }
      if (driver === undefined) {
        return null;
      }
      const {id, action, testPatt, creationTime, options} = driver;
      const {jobId = null} = JSON.parse(options) as {readonly jobId?: number};
      return {action, testPatt, creationTime, jobId, driverId: id};
    },
    'jobs.cancel': async ({id}, context) => {
      const {user} = context.connection.client;
      audit(context, `cancelled job ${id}`);
      const atWork = await once(context, () => jobs.cancel(id, user)?.id ?? null);
      if (atWork !== null && isAtWork(jobs.find(id))) {
        await jobs.endAtWork(jobs.find(id), user);
      }
      return now(id);
    },
    'jobs.retry': async ({id}, context) => {
      audit(context, `retried job ${id}`);
      await once(context, () => jobs.retry(id));
      return now(id);
    },
    'jobs.setPriority': async ({id, priority}, context) => {
      audit(context, `set the priority of job ${id} to ${priority}`);
      await once(context, () => jobs.setPriority(id, priority));
      return now(id);
    },
    'jobs.log': async ({id, offset}) => await jobs.logs.read(jobs.find(id).id, offset),
    'jobs.claim': async ({actions, max}, {connection}) => {
      const manager = homehost.managers.all().find((candidate) => candidate.connection === connection);
      if (manager === undefined) {
        throw new RpcError('notAllowed', 'only a manager that has registered gets jobs');
      }
      return await jobs.claimFor(manager, actions, max);
    },
    'jobs.finish': async ({id, claimToken, exitCode, message}, context) => {
      await once(context, () => jobs.finish(id, claimToken, exitCode, message));
      return null;
    },
  };
}

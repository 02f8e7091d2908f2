/** Goes through all jobs that have not ended, in their order: claims what may begin, and says of the rest what it waits for. */
import {jobAction} from '@megatest/model';
import type {JobRow} from '@megatest/store';
import type {Homehost} from './homehost.ts';
import {conflictOf, type Held} from './job-conflicts.ts';
import {decideJob} from './job-decision.ts';
import {executorName, isAtWork, type JobRecords} from './job-records.ts';
import type {Manager} from './managers.ts';

export type Begun = {
  readonly job: JobRow;
  /** Not of what the daemon does itself. */
  readonly manager: Manager | undefined;
};

export type Choice = {
  readonly begun: readonly Begun[];
  /** As they were before. */
  readonly open: readonly JobRow[];
  /** Those that wait for a manager of their owner. */
  readonly forManager: readonly JobRow[];
};

export type JobFilter = {
  readonly isWanted: (job: JobRow, manager: Manager | undefined) => boolean;
  readonly max: number;
};

export type ChoiceWorld = Pick<Homehost, 'store' | 'managers' | 'drivers' | 'nowS'> & {
  readonly records: JobRecords;
  /** Of the daemon. */
  readonly host: string;
  readonly maxActions: number;
};

/** To be called within a transaction. */
export function chooseJobs(world: ChoiceWorld, {isWanted, max}: JobFilter): Choice {
  const {store, records, nowS, maxActions} = world;
  const open = store.jobs.open();
  const held = new Map(open.map((job) => [job.id, heldOf(job)]));
  const drivers = driversOf(world);
  const begun: Begun[] = [];
  const forManager: JobRow[] = [];
  let commands = open.filter((job) => isAtWork(job) && isCommand(job)).length;
  for (const job of open.filter((each) => !isAtWork(each))) {
    const manager = jobAction(job.action).by === 'daemon' ? undefined : managerFor(world, job);
    const decision = decideJob(job, {
      nowS: nowS(),
      conflict: conflictOf(heldOf(job), [...held.values(), ...drivers]),
      hasManager: manager !== undefined,
      hasRoom: commands < maxActions,
    });
    if (decision.kind === 'begin' && begun.length < max && isWanted(job, manager)) {
      commands += isCommand(job) ? 1 : 0;
      const claimed = records.claim(job, manager === undefined ? 'daemon' : executorName(manager));
      begun.push({job: claimed, manager});
      held.set(job.id, heldOf(claimed));
      continue;
    }
    const state = decision.kind === 'waiting' ? 'waiting' : 'queued';
    const message = decision.kind === 'waiting' ? decision.message : '';
    if (job.state !== state || job.message !== message) {
      records.set(job, state, {message});
    }
    if (decision.kind === 'waiting' && decision.forManager) {
      forManager.push(job);
    }
  }
  return {begun, open, forManager};
}

function isCommand({action}: JobRow): boolean {
  return jobAction(action).by === 'manager';
}

function heldOf(job: JobRow): Held {
  const {id, action, target, runName} = job;
  return {kind: 'job', id, action, target, runName, isActive: isAtWork(job)};
}

/** Those that are no job's. */
function driversOf({drivers}: ChoiceWorld): readonly Held[] {
  return [...drivers.values()]
    .filter(({stage, submission}) => stage !== 'ended' && submission.jobId === undefined)
    .map(({id, submission: {action, target, runName}}) => ({
      kind: 'driver',
      id,
      action,
      target,
      runName,
      isActive: true,
    }));
}

/** Of its owner: on the host from which it was added, else on the daemon's, else any. */
export function managerFor(
  {managers, host: own}: Pick<ChoiceWorld, 'managers' | 'host'>,
  {owner, host}: Pick<JobRow, 'owner' | 'host'>,
): Manager | undefined {
  return (
    managers.find(host, owner) ?? managers.find(own, owner) ?? managers.all().find(({user}) => user === owner)
  );
}

/** The transitions of jobs (see `JobQueue`) as changes of their rows and leases; each within the caller's transaction. */
import {randomBytes} from 'node:crypto';
import {type JobAction, type JobState, jobAction} from '@megatest/model';
import {type ClaimedJob, RpcError} from '@megatest/rpc';
import type {JobRow, JobUpdate, Store} from '@megatest/store';
import {mayRepeat} from './job-decision.ts';
import type {JobLeases} from './job-leases.ts';
import {jobLogPath} from './job-logs.ts';
import {paramsOf} from './job-request.ts';

export type JobRecordsWorld = {
  readonly store: Store;
  readonly leases: JobLeases;
  readonly nowS: () => number;
  readonly leaseS: number;
  readonly onEnded: (job: JobRow, state: JobState, exitCode: number | null) => void;
  /** Something has ended or is to be begun again. */
  readonly onFreed: () => void;
};

export class JobRecords {
  readonly #world: JobRecordsWorld;

  constructor(world: JobRecordsWorld) {
    this.#world = world;
  }

  must(id: number): JobRow {
    const job = this.#world.store.jobs.get(id);
    if (job === undefined) {
      throw new RpcError('notFound', `there is no job ${id}`, {what: 'job', id});
    }
    return job;
  }

  set(job: JobRow, state: JobState, change: JobUpdate = {}): void {
    this.#world.store.jobs.update(job.id, {state, ...change});
  }

  claim(job: JobRow, claimedBy: string): JobRow {
    const {store, leases, nowS, leaseS} = this.#world;
    const {by} = jobAction(job.action);
    const isCommand = by === 'manager';
    this.set(job, by === 'daemon' ? 'running' : 'claimed', {
      claimedBy,
      claimToken: isCommand ? randomBytes(12).toString('hex') : '',
      leaseUntil: isCommand ? nowS() + leaseS : 0,
      attempts: job.attempts + 1,
      logPath: by === 'daemon' ? '' : jobLogPath(job.id),
      message: '',
      startTime: by === 'daemon' ? nowS() : 0,
    });
    if (isCommand) {
      leases.renew(job.id);
    }
    return store.jobs.get(job.id) ?? job;
  }

  requeue(job: JobRow, message: string, attempts = job.attempts): void {
    this.#world.leases.end(job.id);
    this.set(job, 'queued', {
      message,
      attempts,
      claimedBy: '',
      claimToken: '',
      leaseUntil: 0,
      exitCode: null,
      startTime: 0,
      endTime: 0,
    });
    this.#world.onFreed();
  }

  end(job: JobRow, state: JobState, message: string, exitCode: number | null): void {
    this.#world.leases.end(job.id);
    this.set(job, state, {message, exitCode, claimToken: '', leaseUntil: 0, endTime: this.#world.nowS()});
    this.#world.onEnded(job, state, exitCode);
    this.#world.onFreed();
  }

  /** As `failed`, unless it has gone on meanwhile. */
  fail(job: JobRow, error: unknown): void {
    const now = this.#world.store.jobs.get(job.id);
    if (now !== undefined && isAtWork(now) && now.claimToken === job.claimToken) {
      this.end(now, 'failed', error instanceof Error ? error.message : String(error), 1);
    }
  }

  /** Its manager is gone, or its process: how it ended will not be known. */
  lost(jobId: number, what = 'manager'): JobRow | undefined {
    const job = this.#world.store.jobs.get(jobId);
    this.#world.leases.end(jobId);
    if (job !== undefined && isAtWork(job)) {
      if (mayRepeat(job)) {
        this.requeue(job, `its ${what} was lost`);
      } else {
        this.end(job, 'failed', `${what} lost`, null);
      }
    }
    return job;
  }
}

export function isAtWork({state}: JobRow): boolean {
  return state === 'claimed' || state === 'running';
}

/** There is one manager for each user and host, whichever process it is. */
export function executorName({host, user}: {readonly host: string; readonly user: string}): string {
  return `${user}@${host}`;
}

export function claimOf(job: JobRow): ClaimedJob {
  const {id, uuid, action, target, runName, testPatt, claimToken, leaseUntil} = job;
  return {
    job: {id, uuid, action: action as JobAction, target, runName, testPatt, params: paramsOf(job)},
    claimToken,
    leaseUntil,
  };
}

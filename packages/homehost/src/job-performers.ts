/** Has a claimed job done: by a driver, by a manager, or by the daemon itself; and ends one that is at work. */
import {jobAction} from '@megatest/model';
import {RpcError} from '@megatest/rpc';
import type {JobRow} from '@megatest/store';
import type {Homehost} from './homehost.ts';
import {actForJob} from './job-acts.ts';
import {concernSameRun} from './job-conflicts.ts';
import type {JobLogs} from './job-logs.ts';
import {claimOf, executorName, isAtWork, type JobRecords} from './job-records.ts';
import {submissionOf} from './job-request.ts';
import {ask, type Manager, ManagerLost} from './managers.ts';

export class JobPerformers {
  readonly #homehost: Homehost;
  readonly #records: JobRecords;
  readonly #logs: JobLogs;

  constructor(homehost: Homehost, records: JobRecords, logs: JobLogs) {
    this.#homehost = homehost;
    this.#records = records;
    this.#logs = logs;
  }

  /** `manager`: of a job that needs one. */
  async perform(job: JobRow, manager: Manager | undefined): Promise<void> {
    try {
      if (manager === undefined) {
        await actForJob(this.#homehost, job, (message) => this.#records.end(job, 'done', message, 0));
      } else if (jobAction(job.action).by === 'driver') {
        await this.#drive(job, manager);
      } else {
        await this.makeWay(job);
        await this.order(job, manager);
      }
    } catch (error) {
      // What a daemon that leaves could not write any more, the next one does.
      if (!this.#homehost.isLeaving) {
        await this.#homehost.write(() => this.#records.fail(job, error));
      }
    }
  }

  /** What comes before the order: a log of its own, and the end of what a removal stops first (mtutil.md 15.4). */
  async makeWay(job: JobRow): Promise<void> {
    await this.#logs.written();
    if (job.action === 'remove') {
      for (const driver of [...this.#homehost.drivers.values()]) {
        if (concernSameRun(job, driver.submission)) {
          await this.#homehost.stopDriver(driver.id, `job ${job.id} (remove)`);
        }
      }
    }
  }

  /** To a manager, which answers when the order is on its disk. */
  async order(job: JobRow, manager: Manager): Promise<void> {
    try {
      await ask(manager, 'manager.job', claimOf(job));
    } catch (error) {
      if (!(error instanceof ManagerLost)) {
        throw error;
      }
      // It is ordered again when it comes back; when it does not, the lease ends.
    }
  }

  /** The job becomes `killed` when its performer says so. */
  async endAtWork(job: JobRow, who: string): Promise<void> {
    const {drivers, managers} = this.#homehost;
    switch (jobAction(job.action).by) {
      case 'driver': {
        const driver = [...drivers.values()].find(({submission}) => submission.jobId === job.id);
        if (driver === undefined) {
          throw new RpcError('conflict', `job ${job.id} is just being begun`, {current: job.state});
        }
        await this.#homehost.stopDriver(driver.id, who);
        return;
      }
      case 'manager': {
        const manager = managers.all().find((candidate) => executorName(candidate) === job.claimedBy);
        if (manager === undefined) {
          throw new RpcError(
            'noManager',
            `the manager ${job.claimedBy}, which has job ${job.id}, is not there`,
          );
        }
        await ask(manager, 'manager.endJob', {id: job.id, reason: `ended by ${who}`});
        return;
      }
      case 'daemon':
        throw new RpcError('conflict', `job ${job.id} is being done by the daemon`, {current: job.state});
    }
  }

  async #drive(job: JobRow, {host, user}: Manager): Promise<void> {
    const {store, nowS} = this.#homehost;
    const client = {host: job.host, pid: 0};
    const {runId} = await this.#homehost.submit(submissionOf(job, {host, user}), client);
    await this.#homehost.write(() => {
      const now = store.jobs.get(job.id);
      const startTime = nowS();
      if (now?.state === 'claimed') {
        this.#records.set(now, 'running', {startTime, runId});
      } else if (now !== undefined && !isAtWork(now)) {
        // It ended before this was written.
        store.jobs.update(now.id, {startTime, runId});
      }
    });
  }
}

/**
 * The durable job queue of an area (spec mtutil.md 13 to 15): what users want done without waiting for it, in rows that survive every
 * process.
 *
 * ```
 * queued -> waiting -> queued               a conflict, its time, or no manager of its owner
 * queued -> claimed -> running -> done | failed | killed
 * claimed, running -> queued                its manager is lost, and it may be repeated; else failed
 * queued, waiting -> cancelled
 * failed, killed, cancelled -> queued       somebody retries it
 * ```
 *
 * Every transition is made in a transaction, and what follows from it (an order to a manager, a driver) after the commit; a daemon that
 * dies in between leaves a `claimed` row, with which the next one goes on. A job is `running` once its performer says so: the driver
 * that is registered, the manager that has started the command, the daemon that changes rows.
 */
import {endOfJob, jobAction} from '@megatest/model';
import {type ClaimedJob, type JobEntry, RpcError} from '@megatest/rpc';
import type {JobRow} from '@megatest/store';
import {actionLine} from './actions/action-line.ts';
import type {Driver} from './driver.ts';
import type {Homehost} from './homehost.ts';
import {type Choice, type ChoiceWorld, chooseJobs, type JobFilter} from './job-choice.ts';
import {JobLeases} from './job-leases.ts';
import {JobLogs} from './job-logs.ts';
import {JobPerformers} from './job-performers.ts';
import {claimOf, executorName, isAtWork, JobRecords} from './job-records.ts';
import {ask, type Manager} from './managers.ts';
import type {JobSettings} from './settings.ts';

export type JobQueueOptions = {
  readonly settings: JobSettings;
  readonly areaPath: string;
  readonly log: (level: 'WARNING', text: string) => void;
};

const pruneMs = 3_600_000;
/** Timers cannot be set for much longer. */
const longestTimerMs = 3_600_000;
const everything: JobFilter = {isWanted: () => true, max: Number.POSITIVE_INFINITY};

export class JobQueue {
  readonly logs: JobLogs;
  readonly settings: JobSettings;
  readonly #homehost: Homehost;
  readonly #log: JobQueueOptions['log'];
  readonly #leases: JobLeases;
  readonly #records: JobRecords;
  readonly #performers: JobPerformers;
  readonly #choiceWorld: ChoiceWorld;
  #isPoked = false;
  /** Something has not ended, as far as is known: what else happens may concern it. */
  #hasOpen = true;
  #isIdle = false;
  /** The database took no writes when jobs were to be handed out. */
  #mustTryAgain = false;
  #timer: NodeJS.Timeout | undefined;
  #prunedMs = Number.NEGATIVE_INFINITY;

  constructor(homehost: Homehost, options: JobQueueOptions) {
    const {store, managers, drivers, nowS} = homehost;
    const {leaseS, maxActions} = options.settings;
    this.settings = options.settings;
    this.#homehost = homehost;
    this.#log = options.log;
    this.logs = new JobLogs(options.areaPath, (text) => options.log('WARNING', text));
    this.#leases = new JobLeases(leaseS);
    this.#records = new JobRecords({
      store,
      nowS,
      leaseS,
      leases: this.#leases,
      onEnded: (job, state, exitCode) => {
        if (job.source === 'dashboard') {
          this.logs.noteAction(actionLine(job, exitCode ?? state, nowS()));
        }
      },
      onFreed: () => this.look(),
    });
    this.#choiceWorld = {
      store,
      managers,
      drivers,
      nowS,
      records: this.#records,
      host: homehost.ownManager.host,
      maxActions,
    };
    this.#performers = new JobPerformers(homehost, this.#records, this.logs);
  }

  /** Whether a daemon may leave; what waits for the manager of another user does not keep it. */
  get isIdle(): boolean {
    return this.#isIdle;
  }

  /** Jobs whose logs are being written. */
  get atWork(): readonly number[] {
    return this.#homehost.store.jobs
      .open()
      .filter(isAtWork)
      .map(({id}) => id);
  }

  /** Goes on with what an earlier daemon left: called once the drivers are there again. */
  async restore(): Promise<void> {
    const {store, drivers} = this.#homehost;
    if (this.atWork.length === 0) {
      this.poke();
      return;
    }
    await this.#homehost.write(() => {
      const driven = new Set([...drivers.values()].map(({submission}) => submission.jobId));
      for (const job of store.jobs.open().filter(isAtWork)) {
        const {by} = jobAction(job.action);
        if (by === 'manager') {
          this.#leases.renew(job.id);
        } else if (by === 'daemon' || !driven.has(job.id)) {
          // Nothing of it was committed: to begin it is no second attempt.
          this.#records.requeue(job, '', job.attempts - 1);
        }
      }
    });
    this.poke();
  }

  /** Refuses an id that is no job's. */
  find(id: number): JobRow {
    return this.#records.must(id);
  }

  /** A new row; after its commit. */
  added(jobId: number): void {
    this.logs.begin(jobId);
    this.look();
  }

  /** There may be jobs of which nothing is known here. */
  look(): void {
    this.#hasOpen = true;
    this.poke();
  }

  /** Something has changed for which jobs may have waited. */
  poke(): void {
    if (this.#hasOpen && !this.#isPoked) {
      this.#isPoked = true;
      setImmediate(() => {
        this.#isPoked = false;
        void this.#handOut().catch((error: unknown) => {
          this.#mustTryAgain = true;
          if (!this.#homehost.isLeaving) {
            this.#log('WARNING', `jobs could not be handed out: ${error}`);
          }
        });
      });
    }
  }

  /** Every few seconds: leases, managers that are missed, and what is old. */
  lookAround(): void {
    if (this.#mustTryAgain) {
      this.#mustTryAgain = false;
      this.look();
    }
    const expired = this.#leases.expired();
    const prunes = performance.now() - this.#prunedMs >= pruneMs;
    if (expired.length > 0 || prunes) {
      const {store, nowS, write} = this.#homehost;
      const {keepDoneS, keepFailedS} = this.settings;
      this.#prunedMs = prunes ? performance.now() : this.#prunedMs;
      // What cannot be written now is tried again: nothing of it is forgotten.
      void write(() => {
        for (const jobId of expired) {
          this.#leaseExpired(jobId);
        }
        if (prunes) {
          store.jobs.prune(nowS() - keepDoneS, nowS() - keepFailedS);
        }
      }).catch(() => {});
    }
  }

  /** A manager has come up and says which jobs it has; returns those that are not its own any more. */
  managerRegistered(
    manager: Manager,
    has: readonly {readonly id: number; readonly claimToken: string}[],
  ): readonly number[] {
    const {jobs} = this.#homehost.store;
    const own = new Set<number>();
    for (const {id, claimToken} of has) {
      const job = jobs.get(id);
      if (job !== undefined && isAtWork(job) && job.claimToken === claimToken) {
        own.add(id);
        this.#leases.renew(id);
      }
    }
    const missing = jobs
      .open()
      .filter((job) => isAtWork(job) && jobAction(job.action).by === 'manager' && !own.has(job.id))
      .filter((job) => job.claimedBy === executorName(manager));
    // After the answer to the registration, which tells the manager what to forget first.
    setImmediate(() => {
      for (const job of missing) {
        void this.#missing(job, manager).catch(() => {});
      }
    });
    manager.connection.onClose(() => this.poke());
    this.poke();
    return has.map(({id}) => id).filter((id) => !own.has(id));
  }

  /** An order that the manager never got is given again; of what was begun, the end is lost with the files of an earlier manager. */
  async #missing(job: JobRow, manager: Manager): Promise<void> {
    if (job.state === 'claimed') {
      await this.#performers.perform(job, manager);
    } else {
      await this.#homehost.write(() => this.#records.lost(job.id));
    }
  }

  /** A heartbeat of a manager. */
  async renew(manager: Manager | undefined, ids: readonly number[]): Promise<void> {
    const {store, nowS, write} = this.#homehost;
    const toWrite = ids.filter((id) => {
      const job = store.jobs.get(id);
      const isIts = manager !== undefined && job?.claimedBy === executorName(manager) && isAtWork(job);
      return isIts && this.#leases.renew(id);
    });
    if (toWrite.length > 0) {
      await write(() => {
        for (const id of toWrite) {
          store.jobs.update(id, {leaseUntil: nowS() + this.settings.leaseS});
        }
      });
    }
  }

  /** What a manager reports of a job; within a transaction. A word about a claim that is over is dropped. */
  reported(entry: JobEntry): void {
    const job = this.#homehost.store.jobs.get(entry.id);
    if (job === undefined || !isAtWork(job) || job.claimToken !== entry.claimToken) {
      return;
    }
    switch (entry.type) {
      case 'jobStarted':
        // It is said again by the manager that took it over.
        if (job.state === 'claimed') {
          this.#records.set(job, 'running', {startTime: this.#homehost.nowS()});
        }
        return;
      case 'jobEnded':
        this.#records.end(job, endOfJob(entry.exitCode), entry.message, entry.exitCode);
        return;
      case 'jobLost':
        this.#records.lost(job.id, 'process');
        return;
    }
  }

  /** As `reported`, from who need not be a manager; within a transaction. */
  finish(id: number, claimToken: string, exitCode: number, message: string): void {
    const job = this.#records.must(id);
    if (!isAtWork(job) || claimToken === '' || job.claimToken !== claimToken) {
      throw new RpcError('conflict', `job ${id} is not claimed with this token`, {current: job.state});
    }
    this.#records.end(job, endOfJob(exitCode), message, exitCode);
  }

  /** A driver has ended, of a job or not; within its transaction. */
  driverEnded({submission: {jobId}}: Driver, exitCode: number): void {
    const job = jobId === undefined ? undefined : this.#homehost.store.jobs.get(jobId);
    if (job !== undefined && isAtWork(job)) {
      this.#records.end(job, endOfJob(exitCode), '', exitCode);
    } else {
      this.poke();
    }
  }

  /** Within a transaction. */
  retry(id: number): void {
    const job = this.#records.must(id);
    if (job.state !== 'failed' && job.state !== 'killed' && job.state !== 'cancelled') {
      throw new RpcError('conflict', `job ${id} is ${job.state}: there is nothing to retry`, {
        current: job.state,
      });
    }
    this.#records.requeue(job, '');
    if (job.attempts >= job.maxAttempts) {
      this.#homehost.store.jobs.update(id, {maxAttempts: job.attempts + 1});
    }
  }

  /** Within a transaction. What was at work is returned: it must be ended, by `endAtWork`. */
  cancel(id: number, who: string): JobRow | undefined {
    const job = this.#records.must(id);
    if (isAtWork(job)) {
      return job;
    }
    if (job.state !== 'queued' && job.state !== 'waiting') {
      throw new RpcError('conflict', `job ${id} is ${job.state} already`, {current: job.state});
    }
    this.#records.end(job, 'cancelled', `cancelled by ${who}`, null);
    return undefined;
  }

  async endAtWork(job: JobRow, who: string): Promise<void> {
    await this.#performers.endAtWork(job, who);
  }

  /** Within a transaction. */
  setPriority(id: number, priority: number): void {
    const job = this.#records.must(id);
    this.#homehost.store.jobs.update(job.id, {priority});
    this.poke();
  }

  /** Jobs that a manager asks for. */
  async claimFor(manager: Manager, actions: readonly string[], max: number): Promise<readonly ClaimedJob[]> {
    const begun = await this.#homehost.write(() =>
      this.#choose({isWanted: (job, to) => to === manager && actions.includes(job.action), max}),
    );
    for (const {job} of begun) {
      await this.#performers.makeWay(job);
    }
    return begun.map(({job}) => claimOf(job));
  }

  async #handOut(): Promise<void> {
    if (this.#homehost.store.jobs.open().length === 0) {
      // A write, even of nothing, would be copied to T.
      this.#noteRest({begun: [], open: [], forManager: []});
      return;
    }
    const begun = await this.#homehost.write(() => this.#choose(everything));
    for (const {job, manager} of begun) {
      void this.#performers.perform(job, manager).catch((error: unknown) => {
        this.#log('WARNING', `job ${job.id}: ${error instanceof Error ? error.message : error}`);
      });
    }
  }

  /** Within a transaction. */
  #choose(filter: JobFilter): Choice['begun'] {
    const choice = chooseJobs(this.#choiceWorld, filter);
    this.#noteRest(choice);
    return choice.begun;
  }

  /** What is to be looked after until something else happens. */
  #noteRest({open, forManager}: Choice): void {
    const {managers, nowS, ownManager} = this.#homehost;
    const {host, user} = ownManager;
    const isOwnThere = managers.find(host, user) !== undefined;
    const isMissed = open.some((job) => isAtWork(job) && job.claimedBy === executorName(ownManager));
    const ofOthers = forManager.filter(({owner}) => owner !== user);
    ownManager.isNeeded = (isMissed && !isOwnThere) || ofOthers.length < forManager.length;
    this.#hasOpen = open.length > 0;
    this.#isIdle = open.length === ofOthers.length;
    clearTimeout(this.#timer);
    const times = open.map(({notBefore}) => notBefore).filter((time) => time > nowS());
    if (times.length > 0) {
      const delayMs = Math.min(...times) * 1000 - Date.now();
      this.#timer = setTimeout(() => this.poke(), Math.min(Math.max(0, delayMs), longestTimerMs));
      this.#timer.unref();
    }
  }

  #leaseExpired(jobId: number): void {
    const job = this.#records.lost(jobId);
    const manager = this.#homehost.managers.all().find((each) => executorName(each) === job?.claimedBy);
    if (manager !== undefined) {
      // It is connected and says nothing of the job: whatever it does must not go on beside the next attempt.
      void ask(manager, 'manager.endJob', {id: jobId, reason: 'its lease has ended'}).catch(() => {});
    }
  }
}

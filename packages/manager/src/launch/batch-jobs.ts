/**
 * The tests of this manager that are jobs of a batch system: submitted, looked at every few seconds while there are any, cancelled.
 *
 * A job is `submitted` until its test has ended. When the batch system says that it is gone and the test has still said nothing a
 * moment later, the test is marked with the batch system's own reason.
 */
import type {Env} from '@megatest/config';
import type {ReportEntry} from '@megatest/rpc';
import {type BatchKind, type BatchSystem, batchNamed, type JobStatus, jobLabel} from './batch-system.ts';
import {runShell} from './run-shell.ts';

export type SubmittedJob = {
  readonly testId: number;
  readonly launchId: string;
  /** First word of the launcher, and the job's id there; the tests of a pilot have the same. */
  readonly system: string;
  readonly jobId: string;
};

export type BatchWorld = {
  readonly report: (entry: ReportEntry) => void;
  /** The row of the test; `isClaimed` when somebody has begun to run it. */
  readonly look: (testId: number) => Promise<TestLook | undefined>;
  /** Asks whoever runs the test to end it: a job that is gone may leave processes that never were its own. */
  readonly end: (testId: number, reason: string) => Promise<void>;
  readonly onEnded: (job: SubmittedJob) => void;
  /** The id of the pilot that takes the place of one that is gone. */
  readonly renewPilot: (jobId: string) => Promise<string | undefined>;
  /** A test has another job now. */
  readonly onMoved: (job: SubmittedJob) => void;
  readonly log: (text: string) => void;
  readonly env: Env;
};

export type TestLook = {readonly state: string; readonly comment: string; readonly isClaimed: boolean};

type Asked = {readonly system: BatchSystem; readonly kind: BatchKind; readonly key: string};

/** A job with the time at which it was found gone, and whether its test has been asked to end since. */
type Followed = SubmittedJob & {goneMs?: number; isAsked?: boolean; hasMoved?: boolean};

const lookMs = 5000;
/** What ends by itself has said so by then; a job may leave the queue before its last words arrive. */
const graceMs = 5000;
const running = ['LAUNCHED', 'REMOTEHOSTSTART', 'RUNNING', 'KILLREQ'];

export class BatchJobs {
  readonly #world: BatchWorld;
  readonly #jobs = new Map<string, Followed>();
  #timer: NodeJS.Timeout | undefined;

  constructor(world: BatchWorld) {
    this.#world = world;
  }

  get size(): number {
    return this.#jobs.size;
  }

  /** Follows a job that has been submitted, also by the manager before this one. */
  follow(job: SubmittedJob): void {
    this.#jobs.set(job.launchId, job);
    this.#lookLater();
  }

  /** Nobody waits for a run any more: jobs whose tests have said how they ended need no looking after. */
  async dropEnded(): Promise<void> {
    const ended: Followed[] = [];
    for (const job of [...this.#jobs.values()]) {
      const row = await this.#world.look(job.testId);
      if (row === undefined || !(running.includes(row.state) || row.state === 'INCOMPLETE')) {
        ended.push(job);
      }
    }
    await this.#takeBack(ended);
    for (const job of ended) {
      this.#forget(job);
    }
  }

  /**
   * A batch system that was lost for a moment may queue a job once more while its first process goes on. Nothing would come of the
   * second one, but it would wait, or be held, in somebody's queue.
   */
  async #takeBack(ended: readonly Followed[]): Promise<void> {
    for (const key of new Set(ended.map(({system}) => system))) {
      const batch = await batchNamed(key);
      const ids = ended.filter(({system}) => system === key).map(({jobId}) => jobId);
      // A pilot is of many tests, and leaves by itself when it finds none.
      if (batch === undefined || batch.kind === 'pilot') {
        continue;
      }
      const {system} = batch;
      const answer = await runShell(system.statusCommand(ids), '', this.#world.env, '/');
      const statuses = system.statuses(answer);
      for (const id of ids.filter((id) => statuses?.get(id)?.kind === 'queued')) {
        this.#world.log(
          `INFO: ${system.name} job ${id} is in the queue again, and is cancelled: its test has ended`,
        );
        await runShell(system.cancelCommand(id), '', this.#world.env, '/');
      }
    }
  }

  /** Takes a test back from the queue, or ends it where it runs; false when it is no job of this manager. */
  async cancel(testId: number, reason: string): Promise<boolean> {
    const job = [...this.#jobs.values()].find((candidate) => candidate.testId === testId);
    const batch = job === undefined ? undefined : await batchNamed(job.system);
    if (job === undefined || batch === undefined) {
      return false;
    }
    // A pilot has other tests too: whoever runs this one ends it, and what nobody has begun never begins.
    if (batch.kind !== 'pilot') {
      const {system} = batch;
      const {code, stderr} = await runShell(system.cancelCommand(job.jobId), '', this.#world.env, '/');
      if (code !== 0) {
        this.#world.log(`WARNING: ${system.name} job ${job.jobId} could not be cancelled: ${stderr.trim()}`);
      }
    }
    // A test that runs there says itself how it ended.
    const row = await this.#world.look(testId);
    if (row !== undefined && !row.isClaimed && (row.state === 'LAUNCHED' || row.state === 'KILLREQ')) {
      const {launchId} = job;
      this.#world.report({
        type: 'ended',
        testId,
        launchId,
        state: 'KILLED',
        status: 'KILLED',
        comment: reason,
        runDuration: 0,
      });
    }
    return true;
  }

  #lookLater(): void {
    if (this.#jobs.size > 0) {
      this.#timer ??= setTimeout(() => {
        void this.#look()
          .catch((error: unknown) =>
            this.#world.log(`WARNING: batch jobs: ${error instanceof Error ? error.message : error}`),
          )
          .finally(() => {
            this.#timer = undefined;
            this.#lookLater();
          });
      }, lookMs);
    }
  }

  /** One question to each batch system for all its jobs. */
  async #look(): Promise<void> {
    for (const key of new Set([...this.#jobs.values()].map(({system}) => system))) {
      const batch = await batchNamed(key);
      const jobs = [...this.#jobs.values()].filter((job) => job.system === key);
      if (batch === undefined) {
        continue;
      }
      const {system, kind} = batch;
      const command = system.statusCommand([...new Set(jobs.map(({jobId}) => jobId))]);
      const statuses = system.statuses(await runShell(command, '', this.#world.env, '/'));
      const gone = jobs.filter(({jobId}) => statuses !== undefined && isGone(statuses.get(jobId)));
      const looks = new Map<Followed, TestLook | undefined>();
      for (const job of gone) {
        looks.set(job, await this.#world.look(job.testId));
      }
      // A pilot that has run something was a good one: what it did not come to is for the next. Any other may have left just
      // before the test came, but two in a row have failed.
      const good = new Set(gone.filter((job) => looks.get(job)?.isClaimed === true).map(({jobId}) => jobId));
      for (const [job, row] of looks) {
        const mayMove = good.has(job.jobId) || job.hasMoved !== true;
        const isToMove = kind === 'pilot' && row?.state === 'LAUNCHED' && mayMove;
        if (!isToMove || !(await this.#move(job, {system, kind, key}))) {
          await this.#judge(system, job, statuses?.get(job.jobId), row);
        }
      }
    }
  }

  /** Gives a test to the next pilot. */
  async #move(job: Followed, batch: Asked): Promise<boolean> {
    const jobId = await this.#world.renewPilot(job.jobId).catch(() => undefined);
    if (jobId === undefined) {
      return false;
    }
    const {testId, launchId} = job;
    const moved = {testId, launchId, system: job.system, jobId, hasMoved: true};
    this.#jobs.set(launchId, moved);
    this.#world.onMoved(moved);
    this.#world.report({type: 'update', testId, launchId, set: {job: jobLabel(batch, jobId)}});
    return true;
  }

  async #judge(
    system: BatchSystem,
    job: Followed,
    status: JobStatus | undefined,
    row: TestLook | undefined,
  ): Promise<void> {
    const {testId, launchId} = job;
    const isRunning = row !== undefined && running.includes(row.state);
    if (!isRunning) {
      if (row?.state === 'INCOMPLETE') {
        // The job was told to end, and said so; why is for the batch system to say.
        const comment = `${row.comment}; ${await this.#reasonOf(system, job.jobId, status)}`;
        this.#world.report({type: 'update', testId, launchId, set: {comment}});
      }
      this.#forget(job);
      return;
    }
    job.goneMs ??= performance.now();
    if (performance.now() - job.goneMs < graceMs) {
      return;
    }
    const comment = await this.#reasonOf(system, job.jobId, status);
    if (row.state !== 'LAUNCHED' && job.isAsked !== true) {
      this.#world.log(`WARNING: test ${testId}: ${comment}, and the test has not reported`);
      job.isAsked = true;
      job.goneMs = performance.now() + graceMs;
      await this.#world.end(testId, comment);
      return;
    }
    this.#world.report({
      type: 'ended',
      testId,
      launchId,
      state: 'COMPLETED',
      status: 'DEAD',
      comment,
      runDuration: 0,
    });
    this.#forget(job);
  }

  async #reasonOf(system: BatchSystem, jobId: string, status: JobStatus | undefined): Promise<string> {
    if (status?.kind === 'gone') {
      return status.reason;
    }
    const command = system.endedCommand?.(jobId);
    const output =
      command === undefined ? undefined : (await runShell(command, '', this.#world.env, '/')).stdout;
    const reason = output === undefined ? undefined : system.endedReason?.(output);
    return reason ?? `${system.name} does not know job ${jobId} any more`;
  }

  #forget(job: SubmittedJob): void {
    this.#jobs.delete(job.launchId);
    this.#world.onEnded(job);
  }
}

/** A job that is not named in an answer is not known any more. */
function isGone(status: JobStatus | undefined): boolean {
  return status === undefined || status.kind === 'gone';
}

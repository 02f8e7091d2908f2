/**
 * The tests of this manager that are jobs of a batch system: submitted, looked at every few seconds while there are any, cancelled.
 *
 * A job is `submitted` until its test has ended. When the batch system says that it is gone and the test has still said nothing a
 * moment later, the test is marked with the batch system's own reason.
 */
import {spawn} from 'node:child_process';
import {appendFileSync} from 'node:fs';
import {join} from 'node:path';
import type {Env} from '@megatest/config';
import {UserError} from '@megatest/model';
import type {ReportEntry} from '@megatest/rpc';
import {type BatchSystem, batchSystemNamed, type CommandOutput, type JobStatus} from './batch-system.ts';

export type SubmittedJob = {
  readonly testId: number;
  readonly launchId: string;
  /** What the launcher calls the batch system, and the job's id there. */
  readonly system: string;
  readonly jobId: string;
};

export type BatchWorld = {
  readonly report: (entry: ReportEntry) => void;
  /** State of the row, as long as this launch owns it. */
  readonly state: (testId: number) => Promise<string | undefined>;
  /** Asks whoever runs the test to end it: a job that is gone may leave processes that never were its own. */
  readonly end: (testId: number, reason: string) => Promise<void>;
  readonly onEnded: (job: SubmittedJob) => void;
  readonly log: (text: string) => void;
  readonly env: Env;
};

/** A job with the time at which it was found gone, and whether its test has been asked to end since. */
type Followed = SubmittedJob & {goneMs?: number; isAsked?: boolean};

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

  /** Takes a test back from the queue, or ends it where it runs; false when it is no job of this manager. */
  async cancel(testId: number, reason: string): Promise<boolean> {
    const job = [...this.#jobs.values()].find((candidate) => candidate.testId === testId);
    const system = job === undefined ? undefined : await batchSystemNamed(job.system);
    if (job === undefined || system === undefined) {
      return false;
    }
    const {code, stderr} = await runShell(system.cancelCommand(job.jobId), '', this.#world.env, '/');
    if (code !== 0) {
      this.#world.log(`WARNING: ${system.name} job ${job.jobId} could not be cancelled: ${stderr.trim()}`);
    }
    // A test that runs there says itself how it ended.
    const state = await this.#world.state(testId);
    if (state === 'LAUNCHED' || state === 'KILLREQ') {
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
        this.#timer = undefined;
        void this.#look()
          .catch((error: unknown) =>
            this.#world.log(`WARNING: batch jobs: ${error instanceof Error ? error.message : error}`),
          )
          .finally(() => this.#lookLater());
      }, lookMs);
    }
  }

  /** One question to each batch system for all its jobs. */
  async #look(): Promise<void> {
    for (const key of new Set([...this.#jobs.values()].map(({system}) => system))) {
      const system = await batchSystemNamed(key);
      const jobs = [...this.#jobs.values()].filter((job) => job.system === key);
      if (system === undefined) {
        continue;
      }
      const command = system.statusCommand(jobs.map(({jobId}) => jobId));
      const statuses = system.statuses(await runShell(command, '', this.#world.env, '/'));
      for (const job of statuses === undefined ? [] : jobs) {
        await this.#judge(system, job, statuses?.get(job.jobId));
      }
    }
  }

  async #judge(system: BatchSystem, job: Followed, status: JobStatus | undefined): Promise<void> {
    if (status !== undefined && status.kind !== 'gone') {
      return;
    }
    const {testId, launchId} = job;
    const state = await this.#world.state(testId);
    if (state === undefined || !running.includes(state)) {
      this.#forget(job);
      return;
    }
    job.goneMs ??= performance.now();
    if (performance.now() - job.goneMs < graceMs) {
      return;
    }
    const comment = status?.reason ?? (await this.#reasonOf(system, job.jobId));
    this.#world.log(`WARNING: test ${testId}: ${comment}, and the test has not reported`);
    if (state !== 'LAUNCHED' && job.isAsked !== true) {
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

  async #reasonOf(system: BatchSystem, jobId: string): Promise<string> {
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

export type Submission = {
  readonly system: BatchSystem;
  readonly options: string;
  readonly name: string;
  /** The command that the job is. */
  readonly command: string;
  /** Run directory: where the job starts and its log lies. */
  readonly directory: string;
  readonly env: Env;
};

/** Submits one job; the commands and their words stand in `mt_launch.log`. A refusal is the user's to mend. */
export async function submitJob(submission: Submission): Promise<string> {
  const {system, options, name, command, directory, env} = submission;
  const submit = system.submitCommand({name, logPath: join(directory, 'batch.log')}, options);
  const output = await runShell(submit, `#!/bin/sh\nexec ${command}\n`, env, directory);
  const said = `${output.stdout}${output.stderr}`;
  appendFileSync(join(directory, 'mt_launch.log'), `LAUNCHCMD: ${submit}\n${command}\n${said}`);
  const id = output.code === 0 ? system.submittedId(output.stdout) : undefined;
  if (id === undefined) {
    throw new UserError(`${system.name} did not take the job: ${said.trim().split('\n').at(-1) ?? ''}`, {
      hint: `the command was: ${submit}`,
    });
  }
  return id;
}

async function runShell(command: string, input: string, env: Env, cwd: string): Promise<CommandOutput> {
  return await new Promise((resolve) => {
    const child = spawn('/bin/sh', ['-c', command], {cwd, env, stdio: ['pipe', 'pipe', 'pipe']});
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    // A command may end without reading its input.
    child.stdin.on('error', () => {}).end(input);
    child.once('error', (error) => resolve({code: 127, stdout, stderr: error.message}));
    child.once('close', (code) => resolve({code: code ?? 255, stdout, stderr}));
  });
}

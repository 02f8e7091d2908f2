/**
 * Submits tests to batch systems: each as a job of its own, many items as one array, or all to a pilot, a job that takes test after
 * test.
 */
import {randomUUID} from 'node:crypto';
import {appendFileSync, mkdirSync} from 'node:fs';
import {hostname, userInfo} from 'node:os';
import {join} from 'node:path';
import type {Env} from '@megatest/config';
import {UserError} from '@megatest/model';
import {withoutTestVariables} from '@megatest/rpc';
import {type Batch, type BatchJob, type CommandOutput, shellWord} from './batch-system.ts';
import {idsOf} from './find-job.ts';
import {encodePilot, writePilotOrder} from './pilot-order.ts';
import {runShell} from './run-shell.ts';

export type Submission = {
  readonly batch: Batch;
  readonly area: {readonly path: string; readonly name: string};
  readonly testName: string;
  readonly itemPath: string;
  /** The `megatest` command, and its words that run the test. */
  readonly executable: string;
  readonly words: string;
  readonly encoded: string;
  /** Run directory: where the job starts and its log lies. */
  readonly directory: string;
  readonly env: Env;
  readonly umask: number;
  /** Tests that a pilot runs at a time. */
  readonly pilotSlots: number | null;
  /** A word of its own for this launch. */
  readonly launchId: string;
  /** Called when the batch system is about to be asked (0), and again with the pid of its command: from then on there may be a job. */
  readonly onSent: (pid: number, job: TaggedJob) => void;
};

/** How the job of a test can be found before its id is known: by its tag, and as which task of an array. */
export type TaggedJob = {readonly tag: string; readonly task: number | null};

/** The batch system could not be reached, also after some time: the test has failed, and the run goes on. */
export class OutOfReach extends UserError {}

/** At a time: sshd drops connections beyond ten that have not logged in, and a batch system is no faster with more. */
const mostSubmitting = 8;
/** Pauses before a system that could not be reached is asked again (execution.md 6.4). */
const retryPausesMs = [5000, 30_000];
/** Items that become ready together are launched one after the other; an array waits this long for the next. */
const gatherMs = 250;
/** Slurm takes arrays of up to 1000 if nobody has changed that. */
const largestArray = 500;

type Gathered = {
  readonly submission: Submission;
  readonly resolve: (jobId: string) => void;
  readonly reject: (error: unknown) => void;
};
type Gathering = {readonly entries: Gathered[]; timer: NodeJS.Timeout | undefined};
type Pilot = {
  readonly submission: Submission;
  readonly jobId: Promise<string>;
  /** Pilots whose place it has taken. */
  readonly replaces: readonly string[];
};

export class JobSubmitter {
  readonly #log: (text: string) => void;
  readonly #arrays = new Map<string, Gathering>();
  readonly #pilots = new Map<string, Pilot>();
  readonly #waiting: (() => void)[] = [];
  #submitting = 0;

  constructor(log: (text: string) => void) {
    this.#log = log;
  }

  /** Resolves with the id of the test's job. A refusal is the user's to mend. */
  async submit(submission: Submission): Promise<string> {
    switch (submission.batch.kind) {
      case 'job':
        return await this.#submitOne(submission);
      case 'array':
        return await this.#gather(submission);
      case 'pilot': {
        const {directory, encoded, env, umask} = submission;
        writePilotOrder(directory, {encoded, env: stringsOf(env), umask});
        return await this.#pilotFor(submission);
      }
    }
  }

  /** The pilot is gone before it has taken all of its tests: the id of the one that takes its place, if it is known how to start it. */
  async renewPilot(jobId: string): Promise<string | undefined> {
    for (const [key, pilot] of [...this.#pilots]) {
      const {replaces, submission} = pilot;
      const ownId = await pilot.jobId;
      if (replaces.includes(jobId)) {
        return ownId;
      }
      if (ownId === jobId) {
        const next = {submission, jobId: this.#startPilot(submission), replaces: [...replaces, jobId]};
        this.#pilots.set(key, next);
        return await this.#settled(key, next);
      }
    }
    return undefined;
  }

  /** They leave when nothing is left to run. */
  forgetPilots(): void {
    this.#pilots.clear();
  }

  async #submitOne(submission: Submission): Promise<string> {
    const {executable, words, area, testName, itemPath, batch, directory, env, launchId} = submission;
    const command = `${executable} ${words}`;
    return await this.#ask({
      batch,
      options: batch.options,
      job: {
        name: jobName(area.name, testName, itemPath),
        logPath: join(directory, 'batch.log'),
        tag: launchId,
      },
      onSent: (pid) => submission.onSent(pid, {tag: launchId, task: null}),
      script: `exec ${command}`,
      command,
      cwd: directory,
      logs: [directory],
      env,
    });
  }

  async #gather(submission: Submission): Promise<string> {
    const {batch, area, testName} = submission;
    const key = [
      batch.key,
      batch.options,
      area.path,
      testName,
      submission.env.MT_RUNNAME,
      submission.env.MT_TARGET,
    ].join('\n');
    return await new Promise((resolve, reject) => {
      const gathering = this.#arrays.get(key) ?? {entries: [], timer: undefined};
      this.#arrays.set(key, gathering);
      gathering.entries.push({submission, resolve, reject});
      clearTimeout(gathering.timer);
      const send = () => {
        this.#arrays.delete(key);
        void this.#submitArray(gathering.entries);
      };
      if (gathering.entries.length >= largestArray) {
        send();
      } else {
        gathering.timer = setTimeout(send, gatherMs);
      }
    });
  }

  async #submitArray(entries: readonly Gathered[]): Promise<void> {
    const [first] = entries;
    const array = first?.submission.batch.system.array;
    if (first === undefined || array === undefined) {
      return;
    }
    const {batch, area, testName, env, directory, launchId: tag} = first.submission;
    try {
      const jobId = await this.#ask({
        batch,
        options: `${array.options(entries.length)} ${batch.options}`,
        job: {name: jobName(area.name, testName, ''), logPath: '/dev/null', tag},
        onSent: (pid) => {
          for (const [index, {submission}] of entries.entries()) {
            submission.onSent(pid, {tag, task: index + 1});
          }
        },
        script: arrayScript(
          array.variable,
          entries.map(({submission}) => submission),
        ),
        command: `${entries.length} items of ${testName}`,
        cwd: directory,
        logs: entries.map(({submission}) => submission.directory),
        env,
      });
      for (const [index, {resolve}] of entries.entries()) {
        resolve(array.taskId(jobId, index + 1));
      }
    } catch (error) {
      for (const {reject} of entries) {
        reject(error);
      }
    }
  }

  /** One pilot for all tests with the same launcher. */
  async #pilotFor(submission: Submission): Promise<string> {
    const {batch, area} = submission;
    const key = [batch.key, batch.options, area.path].join('\n');
    const known = this.#pilots.get(key);
    if (known !== undefined) {
      return await known.jobId;
    }
    const pilot = {submission, jobId: this.#startPilot(submission), replaces: []};
    this.#pilots.set(key, pilot);
    return await this.#settled(key, pilot);
  }

  async #settled(key: string, pilot: Pilot): Promise<string> {
    try {
      return await pilot.jobId;
    } catch (error) {
      this.#pilots.delete(key);
      throw error;
    }
  }

  async #startPilot(submission: Submission): Promise<string> {
    const {batch, area, executable, env, directory, pilotSlots} = submission;
    const manager = {host: hostname(), user: userInfo().username};
    // A pilot that takes the place of another has a tag of its own.
    const tag = `pilot-${randomUUID()}`;
    const info = encodePilot({area, key: batch.key, manager, slots: pilotSlots});
    const logs = join(area.path, 'logs');
    mkdirSync(logs, {recursive: true});
    const command = `${executable} -m ${area.name}:pilot: -pilot ${info},$${batch.system.idVariable}`;
    return await this.#ask({
      batch,
      options: batch.options,
      job: {name: jobName(area.name, 'pilot', ''), logPath: join(logs, `${tag}.log`), tag},
      onSent: (pid) => submission.onSent(pid, {tag, task: null}),
      script: `exec ${command}`,
      command,
      cwd: area.path,
      logs: [directory],
      env: withoutTestVariables(env),
    });
  }

  /** Submits a script, again if need be; the commands and their words stand in `mt_launch.log` of the tests. */
  async #ask(ask: {
    readonly batch: Batch;
    readonly options: string;
    readonly job: BatchJob;
    readonly onSent: (pid: number) => void;
    readonly script: string;
    readonly command: string;
    readonly cwd: string;
    readonly logs: readonly string[];
    readonly env: Env;
  }): Promise<string> {
    const {batch, options, job, onSent, script, command, cwd, logs, env} = ask;
    const {system} = batch;
    const submit = system.submitCommand(job, options);
    onSent(0);
    for (let attempt = 0; ; attempt += 1) {
      const output = await this.#limited(
        async () => await runShell(submit, `#!/bin/sh\n${script}\n`, env, cwd, onSent),
      );
      const said = `${output.stdout}${output.stderr}`;
      for (const log of logs) {
        appendFileSync(join(log, 'mt_launch.log'), `LAUNCHCMD: ${submit}\n${command}\n${said}`);
      }
      const id = output.code === 0 ? system.submittedId(output.stdout) : undefined;
      if (id !== undefined) {
        return id;
      }
      const text = `${system.name} did not take the job: ${lastLine(output)}`;
      if (system.isOutOfReach?.(output) !== true) {
        throw new UserError(text, {hint: `the command was: ${submit}`});
      }
      const pauseMs = retryPausesMs[attempt];
      if (pauseMs === undefined) {
        throw new OutOfReach(text);
      }
      this.#log(`WARNING: ${text}; it is asked again in ${pauseMs / 1000} seconds`);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      // Only the answer may have been lost.
      const [taken] = await idsOf(system, job.tag, env);
      if (taken !== undefined) {
        return taken;
      }
    }
  }

  async #limited<T>(work: () => Promise<T>): Promise<T> {
    if (this.#submitting >= mostSubmitting) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#submitting += 1;
    }
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) {
        this.#submitting -= 1;
      } else {
        next();
      }
    }
  }
}

function lastLine({stdout, stderr}: CommandOutput): string {
  return (stderr.trim() || stdout.trim()).split('\n').at(-1) ?? '';
}

function jobName(...parts: readonly string[]): string {
  return parts.join(':').replaceAll(/[\s:/]+/g, '_');
}

function stringsOf(env: Env): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** A job array has the environment of its first test: the others are told what is different for them. */
function arrayScript(variable: string, submissions: readonly Submission[]): string {
  const common = submissions[0]?.env ?? {};
  const cases = submissions.map(({env, directory, executable, words}, index) =>
    [
      `${index + 1})`,
      `cd ${shellWord(directory)} || exit 1`,
      ...differences(common, env),
      `exec ${executable} ${words} >>batch.log 2>&1 ;;`,
    ].join('\n'),
  );
  return `case $${variable} in\n${cases.join('\n')}\nesac`;
}

function differences(from: Env, to: Env): readonly string[] {
  const isName = (name: string) => /^[A-Za-z_]\w*$/.test(name);
  const set = Object.entries(to).filter(([name, value]) => isName(name) && value !== from[name]);
  const unset = Object.keys(from).filter((name) => isName(name) && to[name] === undefined);
  return [
    ...set.map(([name, value]) => `export ${name}=${shellWord(value ?? '')}`),
    ...unset.map((name) => `unset ${name}`),
  ];
}

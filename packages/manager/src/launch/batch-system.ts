/**
 * What a batch system must be able to do so that tests can be its jobs: submit, say how jobs are, cancel. Everything is a shell command
 * and the reading of its output, so a system is a plain object without state, and a user's own is a module that exports one
 * (docs/launchers.md).
 */
import {pathToFileURL} from 'node:url';
import {UserError} from '@megatest/model';
import {importModule} from './import-module.ts';

export type BatchJob = {
  /** Without blanks; for listings of the queue. */
  readonly name: string;
  /** Takes what the job prints. */
  readonly logPath: string;
  /** One word, of this submission only: by it the job can be found whose id was never heard. */
  readonly tag: string;
};

export type JobStatus =
  | {readonly kind: 'queued'}
  | {readonly kind: 'running'}
  /** It has ended, for whatever reason; `reason` is the batch system's own word for it. */
  | {readonly kind: 'gone'; readonly reason: string};

export type CommandOutput = {readonly code: number; readonly stdout: string; readonly stderr: string};

export type BatchSystem = {
  readonly name: string;
  /** A shell command that submits the script on its standard input. `options` are the user's, to be taken by the shell. */
  submitCommand(job: BatchJob, options: string): string;
  /** The job's id in what the command printed; `undefined` when there is none. */
  submittedId(output: string): string | undefined;
  /** Finds jobs that have not ended by their tag; a system without it may be asked twice for the same job. */
  readonly find?: {
    command(tag: string): string;
    ids(output: string, tag: string): readonly string[];
  };
  /** Whether a submission that failed may go well in a moment: the system could not be reached. */
  isOutOfReach?(output: CommandOutput): boolean;
  statusCommand(ids: readonly string[]): string;
  /** Status by id. A job that is not in it is not known any more; `undefined` = the system gave no answer. */
  statuses(output: CommandOutput): ReadonlyMap<string, JobStatus> | undefined;
  /** Where the reason can be found for a job that is not known any more. */
  endedCommand?(id: string): string;
  endedReason?(output: string): string | undefined;
  cancelCommand(id: string): string;
  /** Many jobs in one submission, numbered from 1. */
  readonly array?: {
    options(count: number): string;
    /** Shell variable that has the number. */
    readonly variable: string;
    taskId(jobId: string, number: number): string;
  };
  /** Shell variable that has the job's own id inside it; a system without one has no pilots. */
  readonly idVariable?: string;
};

/**
 * - `job`: each test is a job.
 * - `array`: the items of a test that may go at the same time are one array of jobs.
 * - `pilot`: a job takes test after test until nothing is left.
 */
export type BatchKind = 'job' | 'array' | 'pilot';

export type Batch = {
  readonly system: BatchSystem;
  readonly kind: BatchKind;
  /** First word of the launcher. */
  readonly key: string;
  readonly options: string;
};

const loaders: Readonly<Record<string, () => Promise<BatchSystem>>> = {
  slurm: async () => (await import('./slurm.ts')).slurm,
  gridengine: async () => (await import('./grid-engine.ts')).gridEngine,
  lsf: async () => (await import('./lsf.ts')).lsf,
  pbs: async () => (await import('./pbs.ts')).pbs,
  ssh: async () => (await import('./ssh.ts')).ssh,
};

/** The batch system that a launcher's first word names, a module for a path; `undefined` for any other command. */
export async function batchOf(launcher: string): Promise<Batch | undefined> {
  const [, key = '', options = ''] = /^(\S+)\s*([\s\S]*)$/.exec(launcher) ?? [];
  const found = await batchNamed(key);
  return found === undefined ? undefined : {...found, key, options};
}

/** A key is the name of a system, `NAME-array` or `NAME-pilot` where the system can, or the path of a module. */
export async function batchNamed(
  key: string,
): Promise<{readonly system: BatchSystem; readonly kind: BatchKind} | undefined> {
  if (/^\/.*\.m?js$/.test(key)) {
    return {system: await loadModule(key), kind: 'job'};
  }
  const [, name = '', suffix = 'job'] = /^([a-z]+)(?:-(array|pilot))?$/.exec(key) ?? [];
  const system = await (Object.hasOwn(loaders, name) ? loaders[name]?.() : undefined);
  const kind = suffix as BatchKind;
  const isAble =
    kind === 'job' || (kind === 'array' ? system?.array !== undefined : system?.idVariable !== undefined);
  return system === undefined || !isAble ? undefined : {system, kind};
}

async function loadModule(path: string): Promise<BatchSystem> {
  try {
    const {default: system} = (await importModule(pathToFileURL(path).href)) as {default: BatchSystem};
    return system;
  } catch (error) {
    throw new UserError(
      `the launcher module ${path} cannot be used: ${error instanceof Error ? error.message : error}`,
      {
        hint: 'it has to export a batch system as its default, see docs/launchers.md',
      },
    );
  }
}

/** What stands in the test's record about its job, such as `slurm 12`. */
export function jobLabel({key, system}: Pick<Batch, 'key' | 'system'>, jobId: string): string {
  return `${key.startsWith('/') ? system.name : key} ${jobId}`;
}

/** A text as one word of a shell command. */
export function shellWord(text: string): string {
  return /^[\w./:=+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

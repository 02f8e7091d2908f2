/**
 * What a batch system must be able to do so that tests can be its jobs: submit, say how jobs are, cancel. Everything is a shell command
 * and the reading of its output, so a system is a plain object without state, and a user's own is a module that exports one
 * (docs/launchers.md).
 */
import {pathToFileURL} from 'node:url';
import {UserError} from '@megatest/model';

export type BatchJob = {
  /** Without blanks; for listings of the queue. */
  readonly name: string;
  /** Takes what the job prints. */
  readonly logPath: string;
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
  statusCommand(ids: readonly string[]): string;
  /** Status by id. A job that is not in it is not known any more; `undefined` = the system gave no answer. */
  statuses(output: CommandOutput): ReadonlyMap<string, JobStatus> | undefined;
  /** Where the reason can be found for a job that is not known any more. */
  endedCommand?(id: string): string;
  endedReason?(output: string): string | undefined;
  cancelCommand(id: string): string;
};

const loaders: Readonly<Record<string, () => Promise<BatchSystem>>> = {
  slurm: async () => (await import('./slurm.ts')).slurm,
  gridengine: async () => (await import('./grid-engine.ts')).gridEngine,
  lsf: async () => (await import('./lsf.ts')).lsf,
  pbs: async () => (await import('./pbs.ts')).pbs,
};

/** The batch system that a launcher's first word names, a module for a path; `undefined` for any other command. */
export async function batchSystemOf(
  launcher: string,
): Promise<{readonly system: BatchSystem; readonly key: string; readonly options: string} | undefined> {
  const [, key = '', options = ''] = /^(\S+)\s*([\s\S]*)$/.exec(launcher) ?? [];
  const system = await batchSystemNamed(key);
  return system === undefined ? undefined : {system, key, options};
}

export async function batchSystemNamed(key: string): Promise<BatchSystem | undefined> {
  if (!/^\/.*\.m?js$/.test(key)) {
    return await (Object.hasOwn(loaders, key) ? loaders[key]?.() : undefined);
  }
  try {
    const {default: system} = (await import(pathToFileURL(key).href)) as {default: BatchSystem};
    return system;
  } catch (error) {
    throw new UserError(
      `the launcher module ${key} cannot be used: ${error instanceof Error ? error.message : error}`,
      {
        hint: 'it has to export a batch system as its default, see docs/launchers.md',
      },
    );
  }
}

/** A text as one word of a shell command. */
export function shellWord(text: string): string {
  return /^[\w./:=+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

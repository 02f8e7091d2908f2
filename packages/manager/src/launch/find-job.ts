/** Finds a job by its tag, when the manager that submitted it did not live to hear its id. */
import type {Env} from '@megatest/config';
import type {BatchSystem} from './batch-system.ts';
import {runShell} from './run-shell.ts';

/** Jobs with that tag that have not ended. */
export async function idsOf(system: BatchSystem, tag: string, env: Env): Promise<readonly string[]> {
  if (system.find === undefined) {
    return [];
  }
  const {code, stdout} = await runShell(system.find.command(tag), '', env, '/');
  return code === 0 ? system.find.ids(stdout, tag) : [];
}

/** The job, or the task of an array of jobs, while it waits or runs. */
export async function findJob(
  system: BatchSystem,
  {tag, task}: {readonly tag: string; readonly task: number | null},
  env: Env,
): Promise<string | undefined> {
  for (const id of await idsOf(system, tag, env)) {
    const jobId = task === null ? id : (system.array?.taskId(id, task) ?? id);
    const kind = system
      .statuses(await runShell(system.statusCommand([jobId]), '', env, '/'))
      ?.get(jobId)?.kind;
    if (kind === 'queued' || kind === 'running') {
      return jobId;
    }
  }
  return undefined;
}

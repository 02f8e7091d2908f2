/** Slurm: `sbatch`, `squeue`, `scancel`. */
import {type BatchSystem, type JobStatus, shellWord} from './batch-system.ts';

const queued = new Set([
  'PENDING',
  'CONFIGURING',
  'REQUEUED',
  'REQUEUE_HOLD',
  'REQUEUE_FED',
  'RESV_DEL_HOLD',
  'SPECIAL_EXIT',
]);
const running = new Set([
  'RUNNING',
  'COMPLETING',
  'SUSPENDED',
  'STOPPED',
  'SIGNALING',
  'STAGE_OUT',
  'RESIZING',
]);
const words: Readonly<Record<string, string>> = {
  OUT_OF_MEMORY: 'out of memory',
  TIMEOUT: 'time limit',
  NODE_FAIL: 'node failure',
  CANCELLED: 'cancelled',
};

export const slurm: BatchSystem = {
  name: 'Slurm',
  // Requeued jobs would start a test twice; its launch id makes that harmless, but nobody needs it.
  submitCommand: ({name, logPath, tag}, options) =>
    `sbatch --parsable --no-requeue --job-name=${shellWord(name)} --comment=${tag} --output=${shellWord(logPath)} --open-mode=append ${options}`,
  submittedId: (output) => /^(\d+)(?:;\S+)?\s*$/m.exec(output)?.[1],
  find: {
    command: () => `squeue --noheader --user="$(id -un)" --format='%F|%k'`,
    // The tasks of an array that have begun stand in lines of their own.
    ids: (output, tag) => [
      ...new Set(
        output
          .split('\n')
          .map((line) => line.trim().split('|'))
          .filter(([, comment]) => comment === tag)
          .map(([id = '']) => id),
      ),
    ],
  },
  isOutOfReach: ({stderr}) =>
    /unable to contact|connection refused|connection timed out|socket timed out|try again/i.test(stderr),
  // One line for each task of an array, also of those that wait.
  statusCommand: (ids) =>
    `squeue --noheader --array --states=all --format='%i|%T|%r' --jobs=${[...new Set(ids.map(jobOf))].join(',')}`,
  statuses({code, stdout, stderr}) {
    if (code !== 0 && !stderr.includes('Invalid job id')) {
      return undefined;
    }
    const lines = stdout.split('\n').map((line) => line.trim().split('|'));
    return new Map(
      lines
        .filter(([id]) => id !== '')
        .map(([id = '', state = '', reason = '']) => [id, statusOf(state, reason)]),
    );
  },
  cancelCommand: (id) => `scancel ${id}`,
  array: {
    options: (count) => `--array=1-${count}`,
    variable: 'SLURM_ARRAY_TASK_ID',
    taskId: (jobId, number) => `${jobId}_${number}`,
  },
  idVariable: 'SLURM_JOB_ID',
};

/** The whole array of a task's id. */
function jobOf(id: string): string {
  return id.split('_', 1)[0] ?? id;
}

function statusOf(state: string, reason: string): JobStatus {
  if (queued.has(state)) {
    return {kind: 'queued'};
  }
  if (running.has(state)) {
    return {kind: 'running'};
  }
  const more = reason === '' || reason === 'None' ? '' : ` (${reason})`;
  return {kind: 'gone', reason: `Slurm: ${words[state] ?? state}${more}`};
}

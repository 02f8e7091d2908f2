/** PBS: `qsub`, `qstat`, `qdel`. Written after the documented output of these commands; not tried with a real PBS. */
import {type BatchSystem, type JobStatus, shellWord} from './batch-system.ts';

const queued = new Set(['Q', 'H', 'W', 'T']);
const running = new Set(['R', 'E', 'S', 'U', 'B']);
/** Longest name that PBS takes. */
const longestName = 15;
const tagVariable = 'MEGATEST_LAUNCH';

export const pbs: BatchSystem = {
  name: 'PBS',
  submitCommand: ({name, logPath, tag}, options) =>
    // PBS shows the variables of a job, and a name is too short for the tag.
    `${tagVariable}=${tag} qsub -V -r n -S /bin/sh -N ${shellWord(`mt_${name.replace(/[^\w.-]/g, '_')}`.slice(0, longestName))} -j oe -o ${shellWord(logPath)} ${options}`,
  submittedId: (output) => /^(\d+\S*)\s*$/m.exec(output)?.[1],
  find: {
    command: () => 'qstat -f',
    ids: (output, tag) =>
      blocksOf(output)
        .filter((block) => variablesOf(block).includes(`${tagVariable}=${tag}`))
        .map(idOf),
  },
  isOutOfReach: ({stderr}) => /(cannot connect to server|connection (refused|timed out))/i.test(stderr),
  idVariable: 'PBS_JOBID',
  statusCommand: (ids) => `qstat -x -f ${ids.join(' ')}`,
  statuses({code, stdout, stderr}) {
    if (code !== 0 && stdout.trim() === '' && !/Unknown Job Id|has finished/i.test(stderr)) {
      return undefined;
    }
    const statuses = new Map<string, JobStatus>();
    for (const block of blocksOf(stdout)) {
      const value = (key: string) => fieldOf(block, key);
      statuses.set(idOf(block), statusOf(value('job_state') ?? '', value('Exit_status'), value('comment')));
    }
    return statuses;
  },
  cancelCommand: (id) => `qdel ${id}`,
};

/** What `qstat -f` says of each job. */
function blocksOf(output: string): readonly string[] {
  // A long value goes on in the next line, after a tab.
  return output
    .replaceAll('\n\t', '')
    .split(/^Job Id: /m)
    .slice(1);
}

function idOf(block: string): string {
  return block.split('\n', 1)[0]?.trim() ?? '';
}

function fieldOf(block: string, key: string): string | undefined {
  return new RegExp(`^\\s*${key} = (.*)$`, 'm').exec(block)?.[1]?.trim();
}

function variablesOf(block: string): readonly string[] {
  return fieldOf(block, 'Variable_List')?.split(',') ?? [];
}

function statusOf(state: string, exit: string | undefined, comment: string | undefined): JobStatus {
  if (queued.has(state)) {
    return {kind: 'queued'};
  }
  if (running.has(state)) {
    return {kind: 'running'};
  }
  const more = [exit === undefined ? '' : `exit status ${exit}`, comment ?? ''].filter((part) => part !== '');
  return {kind: 'gone', reason: `PBS: the job has ended${more.length === 0 ? '' : `: ${more.join(', ')}`}`};
}

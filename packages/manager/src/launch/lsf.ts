/** LSF: `bsub`, `bjobs`, `bkill`. Written after the documented output of these commands; not tried with a real LSF. */
import {type BatchSystem, type JobStatus, shellWord} from './batch-system.ts';

const queued = new Set(['PEND', 'PSUSP', 'WAIT']);
const running = new Set(['RUN', 'USUSP', 'SSUSP', 'PROV', 'UNKWN']);

export const lsf: BatchSystem = {
  name: 'LSF',
  submitCommand: ({name, logPath, tag}, options) =>
    `bsub -rn -J ${shellWord(name)} -Jd ${tag} -o ${shellWord(logPath)} ${options}`,
  submittedId: (output) => /Job <(\d+)> is submitted/.exec(output)?.[1],
  find: {
    command: (tag) => `bjobs -noheader -o jobid -Jd ${tag}`,
    ids: (output) => [...output.matchAll(/^\s*(\d+)\s*$/gm)].map(([, id = '']) => id),
  },
  isOutOfReach: ({stderr}) => /(LSF is down|cannot connect|slave LIM|please wait)/i.test(stderr),
  idVariable: 'LSB_JOBID',
  statusCommand: (ids) =>
    `bjobs -a -noheader -o "jobid stat exit_code exit_reason delimiter='^'" ${ids.join(' ')}`,
  statuses({code, stdout, stderr}) {
    if (code !== 0 && stdout.trim() === '' && !stderr.includes('is not found')) {
      return undefined;
    }
    const lines = stdout.split('\n').map((line) => line.trim().split('^'));
    return new Map(
      lines
        .filter(([id]) => /^\d+$/.test(id ?? ''))
        .map(([id = '', state = '', exit = '', reason = '']) => [id, statusOf(state, exit, reason)]),
    );
  },
  cancelCommand: (id) => `bkill ${id}`,
};

function statusOf(state: string, exit: string, reason: string): JobStatus {
  if (queued.has(state)) {
    return {kind: 'queued'};
  }
  if (running.has(state)) {
    return {kind: 'running'};
  }
  const parts = [exit === '' || exit === '-' ? '' : `exit code ${exit}`, reason === '-' ? '' : reason];
  const more = parts.filter((part) => part !== '').join(', ');
  return {kind: 'gone', reason: `LSF: ${state}${more === '' ? '' : `, ${more}`}`};
}

/** Grid Engine: `qsub`, `qstat`, `qacct`, `qdel`. */
import {type BatchSystem, type JobStatus, shellWord} from './batch-system.ts';

export const gridEngine: BatchSystem = {
  name: 'Grid Engine',
  submitCommand: ({name, logPath, tag}, options) =>
    // A job's name may not begin with a digit, and a colon means something else there.
    `qsub -terse -V -cwd -r n -S /bin/sh -N ${shellWord(`mt_${name.replace(/[^\w.-]/g, '_')}`)} -ac megatest=${tag} -j y -o ${shellWord(logPath)} ${options}`,
  submittedId: (output) => /^(\d+)(?:\..*)?\s*$/m.exec(output)?.[1],
  find: {
    command: () => "qstat -j '*'",
    ids: (output, tag) =>
      output
        .split(/^=+$/m)
        .filter((job) => contextOf(job).includes(`megatest=${tag}`))
        .map((job) => /^job_number:\s+(\d+)/m.exec(job)?.[1] ?? ''),
  },
  isOutOfReach: ({stderr, stdout}) =>
    /unable to (contact|send)|commlib error|can't connect/i.test(stdout + stderr),
  idVariable: 'JOB_ID',
  statusCommand: () => "qstat -u '*'",
  statuses({code, stdout}) {
    if (code !== 0) {
      return undefined;
    }
    const statuses = new Map<string, JobStatus>();
    for (const line of stdout.split('\n')) {
      const [id = '', , , , state = ''] = line.trim().split(/\s+/);
      if (/^\d+$/.test(id)) {
        statuses.set(id, statusOf(state));
      }
    }
    return statuses;
  },
  endedCommand: (id) => `qacct -j ${id}`,
  endedReason(output) {
    const value = (key: string) => new RegExp(`^${key}\\s+(.*?)\\s*$`, 'm').exec(output)?.[1];
    const [failed, exit] = [value('failed'), value('exit_status')];
    if (exit === undefined) {
      return undefined;
    }
    return failed === undefined || failed.startsWith('0')
      ? `Grid Engine: the job ended with exit status ${exit}`
      : `Grid Engine: ${failed.replace(/\s+/g, ' ')}, exit status ${exit}`;
  },
  cancelCommand: (id) => `qdel ${id}`,
};

function contextOf(job: string): readonly string[] {
  return /^context:\s+(.*)$/m.exec(job)?.[1]?.trim().split(',') ?? [];
}

function statusOf(state: string): JobStatus {
  if (state.includes('E')) {
    return {kind: 'gone', reason: `Grid Engine: the job is in error state ${state}`};
  }
  return state.includes('q') ? {kind: 'queued'} : {kind: 'running'};
}

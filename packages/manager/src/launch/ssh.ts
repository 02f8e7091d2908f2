/**
 * ssh: a process on another host as a job. Its id is `WORDS:PID`, where WORDS are those that lead to the host (`gamma`,
 * `-p 2222 ann@gamma`), so it says by itself whom to ask.
 */
import {type BatchSystem, type CommandOutput, type JobStatus, shellWord} from './batch-system.ts';

/** A host that does not answer says nothing about its processes. */
const connectLimitS = 20;
const sshCommand = `ssh -o BatchMode=yes -o ConnectTimeout=${connectLimitS}`;

export const ssh: BatchSystem = {
  name: 'ssh',
  // The process leaves the session of the login, so that it outlives the connection, and tells its pid first.
  submitCommand({logPath}, options) {
    const folder = logPath.slice(0, logPath.lastIndexOf('/'));
    const job = `echo pid $$; exec sh -c "$0" </dev/null >>${shellWord(logPath)} 2>&1`;
    const start = `cd ${shellWord(folder)} && script=$(cat) && { setsid sh -c ${shellWord(job)} "$script" & }`;
    return `set -- ${options}; ${sshCommand} "$@" ${remote(start)} && echo "job $*"`;
  },
  submittedId(output) {
    const [, pid] = /^pid (\d+)$/m.exec(output) ?? [];
    const [, host] = /^job (.+)$/m.exec(output) ?? [];
    return pid === undefined || host === undefined ? undefined : `${host}:${pid}`;
  },
  isOutOfReach: ({code}) => code === 255,
  statusCommand(ids) {
    const asked = [...byHost(ids)].map(([host, pids]) => {
      const look = `for pid in ${pids.join(' ')}; do grep -q -e -execute /proc/$pid/cmdline 2>/dev/null && echo $pid running || echo $pid gone; done`;
      return `echo host ${shellWord(host)}; ${sshCommand} ${host} ${remote(look)} </dev/null || echo silent ${pids.join(' ')}`;
    });
    return asked.join('\n');
  },
  statuses({stdout}: CommandOutput) {
    const statuses = new Map<string, JobStatus>();
    let host = '';
    for (const line of stdout.split('\n')) {
      const [word = '', ...rest] = line.split(' ');
      if (word === 'host') {
        host = rest.join(' ');
      } else if (word === 'silent') {
        for (const pid of rest) {
          statuses.set(`${host}:${pid}`, {kind: 'running'});
        }
      } else if (rest[0] === 'running' || rest[0] === 'gone') {
        const gone = {kind: 'gone', reason: `ssh: process ${word} on ${host} has ended`} as const;
        statuses.set(`${host}:${word}`, rest[0] === 'gone' ? gone : {kind: 'running'});
      }
    }
    return statuses;
  },
  cancelCommand(id) {
    const [[host, [pid = '']] = ['', []]] = [...byHost([id])];
    return `${sshCommand} ${host} ${remote(`kill ${pid}`)} </dev/null`;
  },
};

/** As one word for ssh; the login shell over there may be any. */
function remote(script: string): string {
  return shellWord(`sh -c ${shellWord(script)}`);
}

function byHost(ids: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const pids = new Map<string, string[]>();
  for (const id of ids) {
    const at = id.lastIndexOf(':');
    const host = id.slice(0, at);
    const known = pids.get(host);
    if (known === undefined) {
      pids.set(host, [id.slice(at + 1)]);
    } else {
      known.push(id.slice(at + 1));
    }
  }
  return pids;
}

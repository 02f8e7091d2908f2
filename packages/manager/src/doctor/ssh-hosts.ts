/** Whether the hosts that an area names can be reached by ssh without a question. */
import {execFile} from 'node:child_process';
import type {Env} from '@megatest/config';
import {type Finding, fine, problem, warning} from '@megatest/rpc';
import {shellWord} from '../launch/batch-system.ts';
import type {AreaNeeds} from '../plan/area-needs.ts';
import {sshWordsOf, usedLaunchers} from './launchers.ts';

export type SshHost = {
  /** What ssh is given, as words for a shell. */
  readonly words: string;
  readonly setting: string;
  /** Without it tests cannot run; otherwise it is only told. */
  readonly isNeeded: boolean;
};

const connectLimitS = 5;
/** For one host in all: who is let in may still wait for a home directory that does not come. */
const hostLimitMs = 10_000;
/** For all hosts; those whose turn has not come by then are named. */
const allLimitMs = 20_000;
const mostAtATime = 16;

/** Hosts by what leads to them, each once; of those, the ones that tests need first. */
export function sshHostsOf(needs: AreaNeeds, remoteHomehost: string | undefined): readonly SshHost[] {
  const hosts = new Map<string, SshHost>();
  const add = (words: string, setting: string, isNeeded: boolean) => {
    if (!hosts.has(words)) {
      hosts.set(words, {words, setting, isNeeded});
    }
  };
  for (const {command, setting} of usedLaunchers(needs.launcher)) {
    for (const words of sshWordsOf(command)) {
      add(words, setting, true);
    }
  }
  // A name that ssh took for an option would be no name.
  if (remoteHomehost !== undefined && !remoteHomehost.startsWith('-')) {
    add(shellWord(remoteHomehost), 'the homehost', false);
  }
  for (const host of needs.hosts) {
    add(host, '[hosts]', false);
  }
  return [...hosts.values()];
}

export async function examineSsh(hosts: readonly SshHost[], env: Readonly<Env>): Promise<readonly Finding[]> {
  const deadlineMs = performance.now() + allLimitMs;
  const waiting = [...hosts];
  const reached: string[] = [];
  const unreached: Finding[] = [];
  const work = async () => {
    for (let host = waiting.shift(); host !== undefined; host = waiting.shift()) {
      if (performance.now() > deadlineMs) {
        waiting.unshift(host);
        return;
      }
      const refusal = await reach(host, env);
      if (refusal === undefined) {
        reached.push(host.words);
      } else {
        unreached.push(unreachable(host, refusal));
      }
    }
  };
  await Promise.all(Array.from({length: Math.min(mostAtATime, hosts.length)}, work));
  const left = waiting.map(({words}) => words).join(', ');
  return [
    ...(reached.length === 0 ? [] : [fine('ssh', `${reached.sort().join(', ')} can be reached`)]),
    ...unreached.sort((a, b) => (a.text < b.text ? -1 : 1)),
    ...(left === ''
      ? []
      : [
          warning(
            'ssh',
            `${left}: not asked, as the others took too long`,
            'see to the others, and ask again',
          ),
        ]),
  ];
}

function unreachable({words, setting, isNeeded}: SshHost, refusal: string): Finding {
  const text = `${words} (${setting}) cannot be reached: ${refusal}`;
  const fix = `"ssh -o BatchMode=yes ${words} true" must work without a question: look at the host, its name, your keys`;
  return isNeeded ? problem('ssh', text, fix) : warning('ssh', text, fix);
}

/** `undefined` when the host lets us in, else what was said. */
async function reach({words}: SshHost, env: Readonly<Env>): Promise<string | undefined> {
  // Words of a launcher are a shell's, as when a test is launched.
  const script = `exec ssh -n -o BatchMode=yes -o ConnectTimeout=${connectLimitS} ${words} true`;
  return await new Promise((resolve) => {
    const options = {env: {...env}, cwd: '/', timeout: hostLimitMs, killSignal: 'SIGKILL'} as const;
    execFile('/bin/sh', ['-c', script], options, (error, _, stderr) => {
      if (error === null) {
        resolve(undefined);
      } else {
        const said = stderr.trim().split('\n').at(-1) ?? '';
        const ended =
          error.killed === true ? `no end after ${hostLimitMs / 1000} seconds` : `exit ${error.code}`;
        resolve(said === '' ? ended : said);
      }
    });
  });
}

/**
 * The processes of a test: all descendants of its step, and what has left them (a double fork, another session) but is still in the
 * test's control group, where it has one; else in the session of its step, or with the test's launch id in its environment.
 */
import {readdirSync, readFileSync} from 'node:fs';
import {processStart} from '@megatest/rpc';
import {processesOfGroup} from './control-group.ts';

/** Between SIGTERM and SIGKILL. */
const graceMs = 5000;
const pollMs = 50;

export type Family = {
  /** The shell of the step, which leads a session of its own; `pid` 0 when no step runs. */
  readonly root: {readonly pid: number; readonly pidStart: string};
  readonly launchId: string;
  readonly group: string | null;
};

type Found = {readonly pid: number; readonly start: string};

/** A process that SIGKILL has not ended after this long hangs in the system, and nobody can end it. */
const hopelessMs = 60_000;

/**
 * Ends everything that belongs to the test: SIGTERM, five seconds, SIGKILL, until nothing is left; false when something cannot be
 * ended. The root counts only while it is the process it was: its number may have gone to somebody else.
 */
export async function killTree(family: Family): Promise<boolean> {
  const began = performance.now();
  const deadline = began + graceMs;
  const told = new Set<string>();
  let known: readonly Found[] = [];
  for (;;) {
    // Who was seen once stays wanted, also when its parent is gone and its environment says nothing.
    const seen = processesOf(family);
    const alive = [
      ...new Map([...known.filter(isAlive), ...seen].map((found) => [found.pid, found])).values(),
    ];
    known = alive;
    if (alive.length === 0) {
      return true;
    }
    if (performance.now() - began > hopelessMs) {
      return false;
    }
    const isLate = performance.now() > deadline;
    for (const {pid, start} of alive) {
      const key = `${pid}/${start}`;
      if (isLate || !told.has(key)) {
        told.add(key);
        signal(pid, isLate ? 'SIGKILL' : 'SIGTERM');
      }
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

/** Living processes of a test. Collected in one walk, before any signal changes who is whose child. */
export function processesOf({root, launchId, group}: Family): readonly Found[] {
  const start = root.pid > 1 ? processStart(root.pid) : '';
  const rootPid = start !== '' && start === root.pidStart ? root.pid : 0;
  // A number is not given away while a session has it, so without a process of this number it can only be the session that we know.
  const session = root.pid > 1 && (rootPid !== 0 || start === '') ? root.pid : undefined;
  const children = new Map<number, number[]>();
  const marked = group === null ? [] : [...processesOfGroup(group)];
  const zombies = new Set<number>();
  const text = `MT_LAUNCH_ID=${launchId}`;
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) {
      continue;
    }
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
      const [state, parent, , sessionOf] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (state === 'Z') {
        zombies.add(pid);
      }
      const siblings = children.get(Number(parent));
      if (siblings === undefined) {
        children.set(Number(parent), [pid]);
      } else {
        siblings.push(pid);
      }
      const isOfSession = session !== undefined && Number(sessionOf) === session;
      if (isOfSession || readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(text)) {
        marked.push(pid);
      }
    } catch {
      // It ended meanwhile, or belongs to somebody else.
    }
  }
  const found = new Set<number>(marked);
  // Everything descends from 0.
  const queue = rootPid > 1 ? [rootPid, ...marked] : [...marked];
  for (let pid = queue.pop(); pid !== undefined; pid = queue.pop()) {
    if (pid > 1) {
      found.add(pid);
    }
    queue.push(...(children.get(pid) ?? []));
  }
  return [...found]
    .filter((pid) => pid > 1 && pid !== process.pid && !zombies.has(pid))
    .map((pid) => ({pid, start: processStart(pid)}))
    .filter(({start}) => start !== '');
}

/** Whether it is still the process it was. One that nobody has waited for is none any more: in some containers nobody ever does. */
export function isAlive({pid, start}: Found): boolean {
  return processStart(pid) === start && !isZombie(pid);
}

function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
  } catch {
    return true;
  }
}

function signal(pid: number, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended by itself.
  }
}

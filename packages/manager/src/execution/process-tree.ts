/**
 * The processes of a test: all descendants of its step, and what has left them (another session, a double fork) but still carries
 * the test's launch id in its environment.
 */
import {readdirSync, readFileSync} from 'node:fs';
import {processStart} from '@megatest/rpc';

/** Between SIGTERM and SIGKILL. */
const graceMs = 5000;
const pollMs = 50;

type Found = {readonly pid: number; readonly start: string};

/** Ends everything that belongs to the test: SIGTERM, five seconds, SIGKILL, until nothing is left. */
export async function killTree(rootPid: number, mark: string): Promise<void> {
  const deadline = performance.now() + graceMs;
  const told = new Set<string>();
  for (;;) {
    const alive = processesOf(rootPid, mark);
    if (alive.length === 0) {
      return;
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
export function processesOf(rootPid: number, mark: string): readonly Found[] {
  const children = new Map<number, number[]>();
  const marked: number[] = [];
  const zombies = new Set<number>();
  const text = `MT_LAUNCH_ID=${mark}`;
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) {
      continue;
    }
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
      const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (state === 'Z') {
        zombies.add(pid);
      }
      const siblings = children.get(Number(parent));
      if (siblings === undefined) {
        children.set(Number(parent), [pid]);
      } else {
        siblings.push(pid);
      }
      if (readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(text)) {
        marked.push(pid);
      }
    } catch {
      // It ended meanwhile, or belongs to somebody else.
    }
  }
  const found = new Set<number>(marked);
  const queue = [rootPid, ...marked];
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

function signal(pid: number, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended by itself.
  }
}

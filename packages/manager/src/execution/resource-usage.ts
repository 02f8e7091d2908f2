/**
 * What the processes of a test use: CPU time and disk traffic by the word of the steps' shells, everything by the word of the test's
 * control group where there is one, memory by looking now and then where nobody counts it.
 */
import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import type {ResourceUsage} from '@megatest/rpc';
import {processesOfGroup} from './control-group.ts';

export type {ResourceUsage};

export const noUsage: ResourceUsage = {
  cpuUserS: null,
  cpuSystemS: null,
  memoryPeakBytes: null,
  readBytes: null,
  writtenBytes: null,
};

const names = Object.keys(noUsage) as readonly (keyof ResourceUsage)[];
const microseconds = 1e6;
const kib = 1024;

/**
 * From two lines `0m1.250s 0m0.010s` (user and system time, of the shell itself and of what it waited for, with the decimal point of
 * the step's locale) and the lines of `/proc/PID/io`.
 */
export function usageOfShell(text: string): ResourceUsage {
  const times = [...text.matchAll(/^(\d+)m(\d+)[^\d](\d+)s (\d+)m(\d+)[^\d](\d+)s$/gm)];
  const seconds = (first: number) =>
    times.length === 0
      ? null
      : rounded(
          times.reduce(
            (sum, match) =>
              sum + Number(match[first]) * 60 + Number(`${match[first + 1]}.${match[first + 2]}`),
            0,
          ),
        );
  return {
    cpuUserS: seconds(1),
    cpuSystemS: seconds(4),
    memoryPeakBytes: null,
    readBytes: numberIn(text, /^read_bytes: (\d+)/m),
    writtenBytes: numberIn(text, /^write_bytes: (\d+)/m),
  };
}

/** What a control group has counted; controllers that are not on there count nothing. */
export function usageOfGroup(group: string | null): ResourceUsage {
  if (group === null) {
    return noUsage;
  }
  const cpu = contentOf(join(group, 'cpu.stat'));
  const [user, system] = [numberIn(cpu, /^user_usec (\d+)/m), numberIn(cpu, /^system_usec (\d+)/m)];
  const io = contentOf(join(group, 'io.stat'));
  return {
    cpuUserS: user === null ? null : rounded(user / microseconds),
    cpuSystemS: system === null ? null : rounded(system / microseconds),
    memoryPeakBytes: numberIn(contentOf(join(group, 'memory.peak')), /^(\d+)/),
    readBytes: total(io, / rbytes=(\d+)/g),
    writtenBytes: total(io, / wbytes=(\d+)/g),
  };
}

/**
 * Memory of the processes that are there now, each at its own peak; pages that several of them share count for each. `null` when there
 * are none.
 */
export function memoryOf(rootPid: number, group: string | null): number | null {
  const pids = new Set(group === null ? [] : processesOfGroup(group));
  addTree(rootPid, pids);
  const kibs = [...pids].map((pid) => numberIn(contentOf(`/proc/${pid}/status`), /^VmHWM:\s*(\d+)/m));
  const known = kibs.filter((found) => found !== null);
  return known.length === 0 ? null : known.reduce((sum, found) => sum + found, 0) * kib;
}

function addTree(pid: number, pids: Set<number>): void {
  if (pid > 1) {
    pids.add(pid);
    for (const child of contentOf(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean)) {
      addTree(Number(child), pids);
    }
  }
}

/** Of one step after the other: times and bytes add up, the peak is the highest. */
export function addUsage(one: ResourceUsage, other: ResourceUsage): ResourceUsage {
  return merged([one, other], (name, values) =>
    name === 'memoryPeakBytes' ? Math.max(...values) : rounded(values.reduce((sum, value) => sum + value, 0)),
  );
}

/** What was counted since `before`; the peak stays what it is. */
export function usageLess(usage: ResourceUsage, before: ResourceUsage): ResourceUsage {
  const since = names.map((name) => {
    const [all, earlier] = [usage[name], before[name]];
    const isPeak = name === 'memoryPeakBytes';
    return [name, all === null || earlier === null || isPeak ? all : rounded(all - earlier)];
  });
  return Object.fromEntries(since) as ResourceUsage;
}

/** Of several that counted the same processes, some of them not all. */
export function highest(...usages: readonly ResourceUsage[]): ResourceUsage {
  return merged(usages, (_, values) => Math.max(...values));
}

function merged(
  usages: readonly ResourceUsage[],
  combine: (name: keyof ResourceUsage, values: readonly number[]) => number,
): ResourceUsage {
  return Object.fromEntries(
    names.map((name) => {
      const values = usages.map((usage) => usage[name]).filter((value) => value !== null);
      return [name, values.length === 0 ? null : combine(name, values)];
    }),
  ) as ResourceUsage;
}

function numberIn(text: string, pattern: RegExp): number | null {
  const found = pattern.exec(text)?.[1];
  return found === undefined ? null : Number(found);
}

/** `8:0 rbytes=4096 wbytes=0 ...`, a line for each disk. */
function total(text: string, pattern: RegExp): number | null {
  const found = [...text.matchAll(pattern)];
  return found.length === 0 ? null : found.reduce((sum, match) => sum + Number(match[1]), 0);
}

function contentOf(file: string): string {
  try {
    // Most are missing, and an error costs several looks.
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  } catch {
    return '';
  }
}

/** To a millisecond, as the sources say it. */
function rounded(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}

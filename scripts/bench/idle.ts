/**
 * What daemon and manager cost with nothing to do: CPU and memory from /proc, and, where `strace` is installed, how often they touch a file
 * of the area. A manager leaves by itself after half a minute: it is measured for as long as it is there.
 *
 * Options: `--seconds 300`, `--settle 15` (before that: what a run leaves to be done, the next planner and V8's collections, is no rest).
 */
import {spawnSync} from 'node:child_process';
import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {parseArgs} from 'node:util';
import {BenchArea} from './bench-area.ts';
import {cpuS, residentBytes} from './process-figures.ts';
import type {Row} from './report.ts';

/** Time under strace. */
const tracedS = 30;
const sampleMs = 500;
/** Else the daemon, too, would leave within the usual time. */
const stayingDaemon = '[server]\ntimeout 1\n';

export async function idle(options: readonly string[]): Promise<readonly Row[]> {
  const {values} = parseArgs({
    args: [...options],
    options: {seconds: {type: 'string', default: '300'}, settle: {type: 'string', default: '15'}},
  });
  const seconds = Number(values.seconds);
  using area = new BenchArea({one: '[ezsteps]\nbody true\n'}, stayingDaemon);
  area.megatest('run', '-t', 'x', '-n', 'r1');
  const pids = {daemon: area.daemon.pid, manager: area.findManager()};
  await new Promise((resolve) => setTimeout(resolve, Number(values.settle) * 1000));
  const [daemon, manager] = await Promise.all([costOf(pids.daemon, seconds), costOf(pids.manager, seconds)]);
  const costs = {daemon, manager};
  const row = (what: string, ours: number, referenceValue: number, unit: string): Row => ({
    what,
    ours,
    reference: 'target',
    referenceValue,
    unit,
    target: '<= 1',
  });
  const figures = (['daemon', 'manager'] as const).flatMap((name) => [
    row(`CPU of the ${name}`, costs[name].percent, 0.1, '%'),
    row(`memory of the ${name}`, costs[name].bytes / 2 ** 20, name === 'daemon' ? 70 : 120, 'MiB'),
  ]);
  const calls = Object.values(pids).map((pid) => fileCalls(area, pid, Math.min(seconds, tracedS)));
  return calls.includes(undefined)
    ? figures
    : [
        ...figures,
        row(
          'file-system calls on the area a second',
          calls.reduce<number>((sum, count) => sum + (count ?? 0), 0) / Math.min(seconds, tracedS),
          1,
          '/s',
        ),
      ];
}

/** Per cent of a core while the process was there, and its memory at the end of that time. */
async function costOf(
  pid: number,
  seconds: number,
): Promise<{readonly percent: number; readonly bytes: number}> {
  let first: Look | undefined;
  let last: Look | undefined;
  for (let look = lookAt(pid); look !== undefined; look = lookAt(pid)) {
    first ??= look;
    last = look;
    if (performance.now() - first.atMs > seconds * 1000) {
      break;
    }
    await new Promise((resolve) => setTimeout(resolve, sampleMs));
  }
  if (first === undefined || last === undefined) {
    throw new Error(`process ${pid} was not there`);
  }
  return {percent: (100_000 * (last.cpuS - first.cpuS)) / (last.atMs - first.atMs), bytes: last.bytes};
}

type Look = {readonly atMs: number; readonly cpuS: number; readonly bytes: number};

/** `undefined` when the process has left, or is just leaving and has no memory any more. */
function lookAt(pid: number): Look | undefined {
  try {
    const look = {atMs: performance.now(), cpuS: cpuS(pid), bytes: residentBytes(pid)};
    return look.bytes === 0 ? undefined : look;
  } catch {
    return undefined;
  }
}

/** File-system calls on the area by a process; `undefined` without strace. After the rest, because tracing is not free. */
function fileCalls(area: BenchArea, pid: number, seconds: number): number | undefined {
  const file = join(area.path, 'trace');
  spawnSync('strace', ['-f', '-qq', '-e', 'trace=%file', '-o', file, '-p', String(pid)], {
    timeout: seconds * 1000,
    killSignal: 'SIGINT',
  });
  if (!existsSync(file)) {
    return undefined;
  }
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.includes(area.path)).length;
}

/**
 * Many tests at once on one manager: each prints a line and sleeps, again and again, while the manager beats for all of them. What that
 * costs the manager and the daemon: processor time, as a part of one core, and memory.
 *
 * Options: `--tests 200`, `--seconds 30`.
 */
import {spawn} from 'node:child_process';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {parseArgs} from 'node:util';
import {BenchArea, megatestCommand, ownEnvironment} from './bench-area.ts';
import {cpuS, residentBytes} from './process-figures.ts';
import type {Row} from './report.ts';

/** What each process may cost, of one core. */
const cpuTargetPercent = 5;
const memoryTargetMiB = {manager: 120, daemon: 120};

type Status = {readonly runs: readonly {readonly tests: {readonly running: number}}[]};

export async function many(options: readonly string[]): Promise<readonly Row[]> {
  const {values} = parseArgs({
    args: [...options],
    options: {tests: {type: 'string', default: '200'}, seconds: {type: 'string', default: '30'}},
  });
  const tests = Number(values.tests);
  const seconds = Number(values.seconds);
  const items = Array.from({length: tests}, (_, index) => index + 1).join(' ');
  const body = 'while [ ! -e $MT_RUN_AREA_HOME/end ]; do echo busy; sleep 1; done';
  using area = new BenchArea(
    {busy: `[items]\nN ${items}\n[ezsteps]\nbody ${body}\n`},
    `max_concurrent_jobs ${tests}\n`,
  );
  const run = spawn(megatestCommand, ['run', '-t', 'x', '-n', 'r'], {
    cwd: area.path,
    env: ownEnvironment(),
    stdio: 'ignore',
  });
  const ended = new Promise((resolve) => run.once('exit', resolve));
  try {
    const running = () =>
      (JSON.parse(area.megatest('status', '--json')) as Status).runs[0]?.tests.running ?? 0;
    while (running() < tests) {
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    const pids = {manager: area.findManager(), daemon: area.daemon.pid};
    const before = {manager: cpuS(pids.manager), daemon: cpuS(pids.daemon), ms: performance.now()};
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    const lastS = (performance.now() - before.ms) / 1000;
    return (['manager', 'daemon'] as const).flatMap((name) => [
      row(`CPU of the ${name}`, (100 * (cpuS(pids[name]) - before[name])) / lastS, cpuTargetPercent, '%'),
      row(`memory of the ${name}`, residentBytes(pids[name]) / 2 ** 20, memoryTargetMiB[name], 'MiB'),
    ]);
  } finally {
    writeFileSync(join(area.path, 'end'), '');
    await ended;
  }
}

function row(what: string, ours: number, referenceValue: number, unit: string): Row {
  return {what, ours, reference: 'target', referenceValue, unit, target: '<= 1'};
}

/**
 * Many tests at once on one manager: each prints a line and sleeps, again and again, while the manager beats for all of them. What that
 * costs the manager and the daemon: processor time, as a part of one core, and memory. The reference is what targets.md allows.
 *
 * Options: `--tests 200`, `--seconds 30`.
 */
import {execFileSync, spawn, spawnSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {parseArgs} from 'node:util';
import type {Row} from './report.ts';

const checkout = process.env.MEGATEST_CHECKOUT ?? process.cwd();
const megatest = join(checkout, 'packages/cli/bin/megatest');

const allowedMb = 120;
const allowedPercent = 5;
const bytesPerMb = 1024 * 1024;

type ServerStatus = {readonly pid: number; readonly managers: readonly {readonly pid: number}[]};
type Status = {readonly runs: readonly {readonly tests: {readonly running: number}}[]};

export async function many(options: readonly string[]): Promise<readonly Row[]> {
  const {values} = parseArgs({
    args: [...options],
    options: {tests: {type: 'string', default: '200'}, seconds: {type: 'string', default: '30'}},
  });
  const tests = Number(values.tests);
  const directory = mkdtempSync('/var/tmp/megatest-bench-');
  const area = join(directory, 'area');
  makeArea(area, tests);
  const run = spawn(megatest, ['-run', '-target', 'x', '-runname', 'r', '-testpatt', '%', '-run-wait'], {
    cwd: area,
    env: ownEnvironment(),
    stdio: 'ignore',
  });
  const ended = new Promise((resolve) => run.once('exit', resolve));
  try {
    while ((ask<Status>(area, ['status']).runs[0]?.tests.running ?? 0) < tests) {
      await seconds(0.5);
    }
    const {pid, managers} = ask<ServerStatus>(area, ['server', 'status']);
    const manager = managers[0]?.pid ?? 0;
    const before = {manager: cpuSeconds(manager), daemon: cpuSeconds(pid), ms: performance.now()};
    await seconds(Number(values.seconds));
    const lastS = (performance.now() - before.ms) / 1000;
    const percent = (from: number, to: number) => ((to - from) / lastS) * 100;
    const what = `${tests} tests at once:`;
    return [
      row(`${what} manager`, percent(before.manager, cpuSeconds(manager)), allowedPercent, '% of a core'),
      row(`${what} manager`, memoryMb(manager), allowedMb, 'MB'),
      row(`${what} daemon`, percent(before.daemon, cpuSeconds(pid)), allowedPercent, '% of a core'),
      row(`${what} daemon`, memoryMb(pid), allowedMb, 'MB'),
    ];
  } finally {
    writeFileSync(join(area, 'end'), '');
    await ended;
    spawnSync(megatest, ['server', 'stop'], {cwd: area, env: ownEnvironment(), stdio: 'ignore'});
    rmSync(directory, {recursive: true, force: true});
  }
}

function row(what: string, ours: number, referenceValue: number, unit: string): Row {
  return {what, ours, reference: 'allowed', referenceValue, unit, target: '<= 1'};
}

function makeArea(area: string, tests: number): void {
  mkdirSync(join(area, 'runs'), {recursive: true});
  mkdirSync(join(area, 'tests/busy'), {recursive: true});
  writeFileSync(
    join(area, 'megatest.config'),
    `[fields]\nPLATFORM TEXT\n[setup]\nlinktree #{getenv MT_RUN_AREA_HOME}/links\nmax_concurrent_jobs ${tests}\nminspace 1\ndbdir-space-required 1\n[disks]\nd #{getenv MT_RUN_AREA_HOME}/runs\n`,
  );
  const items = Array.from({length: tests}, (_, index) => index + 1).join(' ');
  const body = 'while [ ! -e $MT_RUN_AREA_HOME/end ]; do echo busy; sleep 1; done';
  writeFileSync(join(area, 'tests/busy/testconfig'), `[items]\nN ${items}\n[ezsteps]\nbody ${body}\n`);
}

function ask<T>(area: string, words: readonly string[]): T {
  const text = execFileSync(megatest, [...words, '--json'], {
    cwd: area,
    env: ownEnvironment(),
    encoding: 'utf8',
  });
  return JSON.parse(text) as T;
}

/** User and system time of a process so far. */
function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const [, , , , , , , , , , , user = '0', system = '0'] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(user) + Number(system)) / clockTicks;
}

/** `getconf CLK_TCK` of every Linux. */
const clockTicks = 100;

function memoryMb(pid: number): number {
  const [, resident = '0'] = readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ');
  return (Number(resident) * 4096) / bytesPerMb;
}

/** Nothing of a test around the bench. */
function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('MT_')));
}

async function seconds(count: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, count * 1000));
}

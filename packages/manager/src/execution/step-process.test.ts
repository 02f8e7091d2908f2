import {spawn} from 'node:child_process';
import {mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {processStart} from '@megatest/rpc';
import {expect, it} from 'vitest';
import {directSpawner} from './spawner.ts';
import {type StepEnd, startStep, watchStep} from './step-process.ts';

it('a shell that has ended and that nobody waits for is not waited for', async () => {
  const rundir = mkdtempSync(join(tmpdir(), 'step-'));
  mkdirSync(join(rundir, '.mt'));
  // What the shell becomes knows nothing of its child, which ends when it has become that: before, it might be waited for.
  const child = 'while read -r name < /proc/$$/comm && [ "$name" != sleep ]; do :; done';
  const parent = spawn('/bin/sh', ['-c', `${child} & echo $!; exec sleep 1000`], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const pid = await new Promise<number>((resolve) => {
    parent.stdout.once('data', (bytes: Buffer) => resolve(Number(bytes.toString())));
  });
  expect(readFileSync(`/proc/${pid}/stat`, 'latin1')).not.toBe('');
  writeFileSync(join(rundir, '.mt/step-1'), `${pid} ${processStart(pid)}\n`);
  const end = await watchStep(rundir, 1, {launchId: 'none', group: null});
  expect(end).toEqual({code: null, signal: 'lost'});
  parent.kill();
  rmSync(rundir, {recursive: true});
});

type Outcome = {readonly pid: number; readonly end: StepEnd; readonly log: string; readonly note: string};

/** Of a command that is a step of its own, with scripts of several kinds beside it. */
async function run(command: string, variables: Readonly<Record<string, string>>): Promise<Outcome> {
  const rundir = mkdtempSync(join(tmpdir(), 'step-'));
  mkdirSync(join(rundir, '.mt'));
  writeFileSync(join(rundir, 'body.sh'), '#!/bin/sh\necho "$c $s $# $_mt_stat."\nexit 3\n', {mode: 0o755});
  writeFileSync(join(rundir, 'shell.sh'), '#!/bin/sh\ncat /proc/$PPID/comm\n', {mode: 0o755});
  writeFileSync(join(rundir, 'headless'), 'words=(1 2 3)\necho $words\n', {mode: 0o755});
  writeFileSync(join(rundir, 'orphan.sh'), '#!/no/such/interpreter\n', {mode: 0o755});
  writeFileSync(join(rundir, 'alien'), `\x7fELF${'\0'.repeat(100)}`, {mode: 0o755});
  writeFileSync(join(rundir, 'dies.sh'), '#!/bin/sh\nkill -9 $$\n', {mode: 0o755});
  const env = {PATH: `${process.env.PATH ?? ''}:.`, ...variables};
  const files = {rundir, outputPath: join(rundir, 'output')};
  const {pid, ended} = await startStep(
    {
      index: 1,
      command: `${command} > step.log 2>&1`,
      env,
      umask: 0o022,
      launchId: 'none',
      group: null,
      ...files,
    },
    directSpawner,
  );
  const end = await ended;
  const log = readFileSync(join(rundir, 'step.log'), 'utf8').replaceAll(rundir, 'RUNDIR');
  const note = readFileSync(join(rundir, '.mt/step-1'), 'utf8');
  rmSync(rundir, {recursive: true});
  return {pid, end, log, note};
}

it.each([
  ['dash', 'body.sh 1 2', {}],
  ['bash', 'body.sh 1 2', {'A.B': ''}],
  ['a subshell of it', '{ set -- 8; ./body.sh 1 2; exit $?; }', {}],
])(
  'under %s a command sees the environment as it is, whatever its variables are called',
  async (_, command, more) => {
    const {pid, end, log, note} = await run(command, {c: 'of the item', s: 'too', ...more});
    expect(end).toMatchObject({code: 3, signal: null});
    expect(end.usage?.cpuUserS).not.toBeNull();
    expect(end.usage?.writtenBytes).not.toBeNull();
    expect(log).toBe('of the item too 2 .\n');
    expect(note).toMatch(new RegExp(`^${pid} \\d+\n`));
  },
);

it('a plain command runs under dash, and sees just what it would under bash', async () => {
  expect((await run('shell.sh', {})).log).toBe('dash\n');
  expect((await run('shell.sh', {'A.B': ''})).log).toBe('bash\n');
  for (const variables of [{}, {SHLVL: '4', PWD: '/', _: 'x', HOME: '/h'}]) {
    const lines = async (more: Readonly<Record<string, string>>) =>
      (await run('env', {...variables, ...more})).log.split('\n').sort();
    expect(await lines({})).toEqual((await lines({'A.B': ''})).filter((line) => line !== 'A.B='));
  }
});

it.each([
  ['a program that is not there', 'no-such-program', 127, /line \d+: no-such-program: command not found/],
  ['a script without its first line', './headless', 0, /^1\n$/],
  ['a script without its interpreter', './orphan.sh', 127, /line \d+: \.\/orphan\.sh/],
  ['a program of another machine', './alien', 126, /cannot execute binary file/],
  ['a directory', './.mt', 126, /Is a directory/],
])('%s is left to bash', async (_, command, code, log) => {
  const outcome = await run(command, {});
  expect(outcome.end.code).toBe(code);
  expect(outcome.log).toMatch(log);
});

it('a plain command that dies of a signal has that signal', async () => {
  expect((await run('./dies.sh', {})).end).toMatchObject({code: 137, signal: 'signal 9'});
});

import {spawn} from 'node:child_process';
import {mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {processStart} from '@megatest/rpc';
import {expect, it} from 'vitest';
import {directSpawner} from './spawner.ts';
import {startStep, watchStep} from './step-process.ts';

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
  writeFileSync(join(rundir, '.mt/step-1.started'), `${pid} ${processStart(pid)}\n`);
  const end = await watchStep(rundir, 1, {launchId: 'none', group: null});
  expect(end).toEqual({code: null, signal: 'lost'});
  parent.kill();
  rmSync(rundir, {recursive: true});
});

it.each([
  ['plain', './body.sh 1 2 > step.log 2>&1'],
  ['any', 'set -- 8; ./body.sh 1 2 > step.log 2>&1; exit $?'],
])('a command (%s) sees the environment as it is, whatever its variables are called', async (_, command) => {
  const rundir = mkdtempSync(join(tmpdir(), 'step-'));
  mkdirSync(join(rundir, '.mt'));
  writeFileSync(join(rundir, 'body.sh'), '#!/bin/sh\necho "$c $s $# $_mt_stat."\nexit 3\n', {
    mode: 0o755,
  });
  const env = {PATH: process.env.PATH ?? '', c: 'of the item', s: 'too'};
  const files = {rundir, outputPath: join(rundir, 'output')};
  const {pid, ended} = await startStep(
    {index: 1, command, env, umask: 0o022, launchId: 'none', group: null, ...files},
    directSpawner,
  );
  expect(await ended).toMatchObject({code: 3, signal: null});
  expect(readFileSync(join(rundir, 'step.log'), 'utf8')).toBe('of the item too 2 .\n');
  expect(readFileSync(join(rundir, '.mt/step-1.started'), 'utf8')).toMatch(new RegExp(`^${pid} \\d+\n$`));
  rmSync(rundir, {recursive: true});
});

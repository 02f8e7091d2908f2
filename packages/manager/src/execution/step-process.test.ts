import {spawn} from 'node:child_process';
import {mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {processStart} from '@megatest/rpc';
import {expect, it} from 'vitest';
import {watchStep} from './step-process.ts';

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

/** `megatest.sh` of a run directory read back: the environment that a test had (spec execution.md 24). */
import {spawnSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import type {Env} from '@megatest/config';
import {UserError} from '@megatest/model';

const maxBytes = 64 * 1024 * 1024;
const timeLimitMs = 10_000;

export function snapshotFile(rundir: string): string {
  return join(rundir, 'megatest.sh');
}

/** The environment of the last execution; what its file leaves out (`HOME`, `DISPLAY`, ...) is that of `own`. */
export function readSnapshot(rundir: string, own: Readonly<Env>): Record<string, string> {
  const file = snapshotFile(rundir);
  const exports = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('export '));
  // The values are quoted for a shell, some of them in its own way.
  const {stdout, status} = spawnSync('/bin/bash', ['--norc', '-c', [...exports, 'env -0'].join('\n')], {
    cwd: dirname(file),
    env: own,
    encoding: 'utf8',
    maxBuffer: maxBytes,
    timeout: timeLimitMs,
  });
  if (status !== 0) {
    throw new UserError(`${file} could not be read as a shell script`, {exitCode: 1});
  }
  const read = stdout
    .split('\0')
    .filter((entry) => entry !== '')
    .map((entry): [string, string] => {
      const at = entry.indexOf('=');
      return [entry.slice(0, at), entry.slice(at + 1)];
    });
  return {...Object.fromEntries(read), SHLVL: own.SHLVL ?? '0'};
}

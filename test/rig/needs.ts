/**
 * What a test needs of the machine: programs of Debian packages, and being root for network namespaces.
 *
 * `describeWith` skips its tests, naming the missing package, on a machine that lacks it; with `MEGATEST_REQUIRE_ALL`
 * (which `.ci/run` sets) the lack is a failure instead, so that a green CI has run everything.
 */
import {existsSync} from 'node:fs';
import {delimiter, join} from 'node:path';
import {describe, it} from 'vitest';

/** Programs that tests use beyond Node and a POSIX shell, with the Debian package that brings each. */
const packageOf = {
  ip: 'iproute2',
  sshd: 'openssh-server',
  ssh: 'openssh-client',
  sshfs: 'sshfs',
  sqlite3: 'sqlite3',
  gcc: 'gcc',
  ninja: 'ninja-build',
  parallel: 'parallel',
  unshare: 'util-linux',
  sbatch: 'slurm-wlm',
  qsub: 'gridengine-client',
  sge_qmaster: 'gridengine-master',
  sge_execd: 'gridengine-exec',
  chromium: 'chromium',
} as const;

export type Need = keyof typeof packageOf | 'root';

export function describeWith(needs: readonly Need[], name: string, tests: () => void): void {
  const missing = needs.filter((need) => !isThere(need));
  if (missing.length === 0) {
    describe(name, tests);
    return;
  }
  const what = missing
    .map((need) => (need === 'root' ? 'needs root' : `needs Debian package ${packageOf[need]}`))
    .join(', ');
  if (process.env.MEGATEST_REQUIRE_ALL === '1') {
    it(name, () => {
      throw new Error(`${what}, and tests may not be skipped here`);
    });
  } else {
    describe.skip(`${name} (${what})`, tests);
  }
}

function isThere(need: Need): boolean {
  if (need === 'root') {
    return process.getuid?.() === 0;
  }
  const folders = (process.env.PATH ?? '').split(delimiter).concat('/usr/sbin', '/sbin');
  return folders.some((folder) => existsSync(join(folder, need)));
}

/** A real Slurm on loopback with ports of its own. Needs root. */
import {execFileSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {join} from 'node:path';

const script = join(import.meta.dirname, '../engines/slurm.sh');

export type Slurm = Disposable & {
  /** Holds its configuration, its log and its pid files. */
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
  pid(daemon: 'slurmctld' | 'slurmd'): number;
};

export function startSlurm(cpus: number): Slurm {
  const directory = mkdtempSync('/var/tmp/slurm-');
  const output = execFileSync(script, ['start', directory, String(cpus)], {encoding: 'utf8'});
  return {
    directory,
    env: {SLURM_CONF: output.trim()},
    pid: (daemon) => Number(readFileSync(join(directory, 'run', `${daemon}.pid`), 'utf8')),
    [Symbol.dispose]() {
      execFileSync(script, ['stop', directory]);
      rmSync(directory, {recursive: true, force: true});
    },
  };
}

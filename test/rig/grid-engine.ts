/** A real Grid Engine in a network namespace of its own, and how to run commands beside it. Needs root. */
import {spawn} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import type {Host} from './hosts.ts';

const script = join(import.meta.dirname, '../engines/gridengine.sh');

export type GridEngine = AsyncDisposable & {
  /** Only there its daemons can be reached. */
  readonly host: Pick<Host, 'enter'>;
  readonly env: Readonly<Record<string, string>>;
};

export async function startGridEngine(slots: number): Promise<GridEngine> {
  const directory = mkdtempSync('/var/tmp/gridengine-');
  const holder = spawn('unshare', ['--net', script, directory, String(slots)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin`},
  });
  const gone = new Promise((resolve) => holder.once('exit', resolve));
  await new Promise<void>((resolve, reject) => {
    holder.stdout.once('data', () => resolve());
    holder.once('exit', (code) => reject(new Error(`Grid Engine did not start (exit ${code})`)));
  });
  return {
    host: {enter: ['nsenter', '-t', String(holder.pid), '-n', '--']},
    env: {SGE_ROOT: directory},
    async [Symbol.asyncDispose]() {
      holder.stdin.end();
      await gone;
      rmSync(directory, {recursive: true, force: true});
    },
  };
}

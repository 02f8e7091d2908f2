/** For tests of the daemon: an area without runs of its own, writes and reads through the daemon, and files that can be spoilt. */
import {execFileSync} from 'node:child_process';
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import Database from 'better-sqlite3';
import {type Outcome, type RunOptions, TestArea} from '../rig/area.ts';
import {until} from '../rig/until.ts';

export const config = [
  '[fields]',
  'OS TEXT',
  '[setup]',
  'linktree #{getenv MT_RUN_AREA_HOME}/links',
  'minspace 1',
  'dbdir-space-required 1',
  '[disks]',
  'disk0 #{getenv MT_RUN_AREA_HOME}/runs',
  '[sync]',
  'interval 1',
  '',
].join('\n');

const files = {
  'megatest.config': config,
  'runconfigs.config': '[default]\n',
  'tests/good/testconfig': '[ezsteps]\nstep true\n',
};

export class LoneArea implements AsyncDisposable {
  readonly area: TestArea;

  private constructor(area: TestArea) {
    this.area = area;
  }

  /** With a run `r` of one test that has passed. */
  static async make(more: Readonly<Record<string, string>> = {}): Promise<LoneArea> {
    const lone = new LoneArea(TestArea.make({...files, ...more}));
    await lone.runOnce('r');
    return lone;
  }

  get path(): string {
    return this.area.path;
  }

  async runOnce(name: string): Promise<void> {
    const outcome = await this.area.megatest(['run', '-t', 'x', '-n', name]);
    if (outcome.code !== 0) {
      throw new Error(`${outcome.stdout}\n${outcome.stderr}`);
    }
    // A manager that stays would start the daemon again that a test has ended.
    for (const {pid, command} of this.area.processes()) {
      if (command.includes('dist/manager.js')) {
        process.kill(pid, 'SIGKILL');
      }
    }
  }

  async megatest(words: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    return await this.area.megatest(words, options);
  }

  async rpc(method: string, params: unknown = {}, options: RunOptions = {}): Promise<unknown> {
    const {code, stdout, stderr} = await this.area.megatest(['rpc', method, JSON.stringify(params)], options);
    if (code !== 0) {
      throw new Error(`${method}: ${stderr}`);
    }
    return JSON.parse(stdout);
  }

  /** A write that shows: the comment of run 1. */
  async note(comment: string): Promise<void> {
    await this.rpc('runs.setStatus', {runId: 1, status: 'n/a', comment});
  }

  /** The comment as the daemon knows it. */
  async noted(): Promise<string> {
    return ((await this.rpc('runs.get', {runId: 1})) as {comment: string}).comment;
  }

  /** The comment in a file. */
  notedIn(path = join(this.path, 'megatest.db')): string {
    const db = new Database(path, {readonly: true});
    try {
      return db.prepare<[], string>('SELECT comment FROM runs WHERE id = 1').pluck().get() ?? '';
    } finally {
      db.close();
    }
  }

  async untilNotedInArea(comment: string): Promise<void> {
    await until(() => {
      try {
        return this.notedIn() === comment;
      } catch {
        return false;
      }
    });
  }

  get pid(): number {
    return this.area.serverRecord().pid;
  }

  get working(): string {
    return this.area.serverRecord().dbPath;
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const {pid} = this;
    process.kill(pid, signal);
    await until(() => !existsSync(`/proc/${pid}`));
  }

  /** All logs of daemons. */
  log(): string {
    const folder = join(this.path, 'logs');
    return readdirSync(folder)
      .filter((name) => name.startsWith('server-'))
      .map((name) => readFileSync(join(folder, name), 'utf8'))
      .join('');
  }

  async untilLogged(text: string): Promise<void> {
    await until(() => this.log().includes(text));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.area[Symbol.asyncDispose]();
  }
}

/** A small file system over a folder, for a disk that gets full. */
export function mountSmall(folder: string, kilobytes: number): Disposable {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k,mode=777`, 'tmpfs', folder]);
  return {
    [Symbol.dispose]() {
      execFileSync('umount', ['-l', folder]);
    },
  };
}

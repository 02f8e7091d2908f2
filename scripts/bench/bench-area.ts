/** An area for a bench that needs the real commands: made in a folder of its own, and left without a process. */
import {execFileSync, spawnSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';

const checkout = process.env.MEGATEST_CHECKOUT ?? process.cwd();
export const megatestCommand = join(checkout, 'packages/cli/bin/megatest');

/** Nothing of a test around the bench. */
export function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('MT_')));
}

export class BenchArea implements Disposable {
  readonly path: string;
  readonly #directory: string;
  readonly #managers = new Set<number>();

  /** `testconfigs`: the text of each test's testconfig by its name; `setup`: more lines of `[setup]`. */
  constructor(testconfigs: Readonly<Record<string, string>>, setup = '') {
    this.#directory = mkdtempSync('/var/tmp/megatest-bench-');
    this.path = join(this.#directory, 'area');
    this.#write(
      'megatest.config',
      `[fields]\nKIND TEXT\n[setup]\nlinktree #{getenv MT_RUN_AREA_HOME}/links\nminspace 1\ndbdir-space-required 1\n${setup}[disks]\ndisk0 #{getenv MT_RUN_AREA_HOME}/runs\n`,
    );
    this.#write('runconfigs.config', '[default]\n');
    for (const [name, text] of Object.entries(testconfigs)) {
      this.#write(`tests/${name}/testconfig`, text);
    }
    mkdirSync(join(this.path, 'runs'));
  }

  #write(name: string, text: string): void {
    const file = join(this.path, name);
    mkdirSync(dirname(file), {recursive: true});
    writeFileSync(file, text);
  }

  /** Standard output of a command that must end well. */
  megatest(...words: readonly string[]): string {
    return execFileSync(megatestCommand, words, {
      cwd: this.path,
      env: ownEnvironment(),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 2 ** 30,
    });
  }

  /** Milliseconds that a command takes whose output goes nowhere. */
  timeOf(program: string, ...words: readonly string[]): number {
    const start = performance.now();
    const {status} = spawnSync(program, words, {cwd: this.path, env: ownEnvironment(), stdio: 'ignore'});
    const time = performance.now() - start;
    if (status !== 0) {
      throw new Error(`${program} ${words.join(' ')} ended with ${status}`);
    }
    return time;
  }

  get daemon(): {readonly pid: number; readonly dbPath: string} {
    return JSON.parse(readFileSync(join(this.path, '.server'), 'utf8'));
  }

  /** Asks who the manager is, which must be up; `stop` ends the ones that were asked for. */
  findManager(): number {
    const {managers} = JSON.parse(this.megatest('rpc', 'server.status')) as {
      readonly managers: readonly {readonly pid: number}[];
    };
    const [manager] = managers;
    if (manager === undefined) {
      throw new Error('no manager is up');
    }
    this.#managers.add(manager.pid);
    return manager.pid;
  }

  /** Ends daemon and manager, and returns when they are gone. */
  stop(): void {
    for (const pid of this.#managers) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has left by itself.
      }
    }
    this.#managers.clear();
    spawnSync(megatestCommand, ['server', 'stop'], {
      cwd: this.path,
      env: ownEnvironment(),
      stdio: 'ignore',
    });
  }

  [Symbol.dispose](): void {
    this.stop();
    rmSync(this.#directory, {recursive: true, force: true});
  }
}

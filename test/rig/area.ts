/**
 * A temporary area and the commands that a test runs in it. Every process that comes of them, however detached, carries a
 * mark in its environment, so that a test can see what is left and the rig can end it.
 */
import {type ChildProcess, spawn} from 'node:child_process';
import {randomUUID} from 'node:crypto';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import {dirname, join} from 'node:path';
import Database from 'better-sqlite3';
import type {Host} from './hosts.ts';

const checkout = join(import.meta.dirname, '../..');
/** The programs under test: the shipped bundle, as a user would have it on PATH. */
export const binaries = join(checkout, 'packages/cli/bin');
export const steerScript = join(import.meta.dirname, 'steer.sh');

export type Outcome = {readonly code: number | null; readonly stdout: string; readonly stderr: string};

export type RunOptions = {
  readonly host?: Pick<Host, 'enter'>;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly input?: string;
};

/** A command that goes on while the test does other things. */
export type Running = {
  readonly child: ChildProcess;
  readonly ended: Promise<Outcome>;
  stdout(): string;
};

export class TestArea implements AsyncDisposable {
  readonly path: string;
  readonly mark = `rig-${randomUUID()}`;
  readonly #directory: string;

  private constructor(directory: string, path: string) {
    this.#directory = directory;
    this.path = path;
  }

  /**
   * Makes an area of `files` (path to text). It lies outside `/tmp`, which hosts of the rig do not share, and has its own
   * `runs` and `links` folders.
   */
  static make(files: Readonly<Record<string, string>>): TestArea {
    const area = TestArea.#empty('area');
    for (const [name, text] of Object.entries(files)) {
      const file = join(area.path, name);
      mkdirSync(dirname(file), {recursive: true});
      writeFileSync(file, text);
      if (text.startsWith('#!')) {
        chmodSync(file, 0o755);
      }
    }
    return area;
  }

  /** A copy of one of the areas in `examples/`. */
  static copyOf(example: string): TestArea {
    const area = TestArea.#empty(example);
    cpSync(join(checkout, 'examples', example), area.path, {recursive: true});
    return area;
  }

  static #empty(name: string): TestArea {
    const directory = mkdtempSync('/var/tmp/megatest-test-');
    const path = join(directory, name);
    mkdirSync(join(path, 'runs'), {recursive: true});
    mkdirSync(join(path, 'tests'));
    return new TestArea(directory, path);
  }

  /** A folder beside the area, for what a test needs besides it. */
  beside(name: string): string {
    return join(this.#directory, name);
  }

  async megatest(words: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    return await this.start(['megatest', ...words], options).ended;
  }

  async shell(script: string, options: RunOptions = {}): Promise<Outcome> {
    return await this.start(['sh', '-c', script], options).ended;
  }

  start(words: readonly string[], options: RunOptions = {}): Running {
    const cwd = options.cwd ?? this.path;
    // Entering a host's mounts leaves the working directory behind.
    const enter =
      options.host === undefined ? [] : [...options.host.enter, 'sh', '-c', 'cd "$0" && exec "$@"', cwd];
    const [program = '', ...rest] = [...enter, ...words];
    const child = spawn(program, rest, {
      cwd,
      env: {...this.environment(), ...options.env},
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    // A command may end without reading its input.
    child.stdin?.on('error', () => {}).end(options.input ?? '');
    const ended = new Promise<Outcome>((resolve, reject) => {
      child.once('error', reject);
      // "exit", not "close": a daemon that the command left behind may hold its output open.
      child.once('exit', (code) => setImmediate(() => resolve({code, stdout, stderr})));
    });
    return {child, ended, stdout: () => stdout};
  }

  /** The caller's environment without what a surrounding run or CI would add, with the programs under test on PATH. */
  environment(): Record<string, string> {
    const inherited = Object.entries(process.env).filter(
      ([name]) => !/^(MT_|VITEST|NODE_|MEGATEST_|CI$|NO_COLOR$|FORCE_COLOR$)/.test(name),
    );
    return {
      ...(Object.fromEntries(inherited) as Record<string, string>),
      PATH: `${binaries}:${process.env.PATH}`,
      MEGATEST_RIG_MARK: this.mark,
    };
  }

  /** Rows of the area's `megatest.db`, as any tool would read them. */
  query(sql: string): readonly Record<string, unknown>[] {
    const db = new Database(join(this.path, 'megatest.db'), {readonly: true});
    try {
      return db.prepare<[], Record<string, unknown>>(sql).all();
    } finally {
      db.close();
    }
  }

  /** `.server`, the record of the running daemon. */
  serverRecord(): {
    readonly pid: number;
    readonly host: string;
    readonly port: number;
    readonly dbPath: string;
  } {
    return JSON.parse(readFileSync(join(this.path, '.server'), 'utf8'));
  }

  /** Every living process that came of this area's commands: pid and command line. */
  processes(): readonly {readonly pid: number; readonly command: string}[] {
    const found: {pid: number; command: string}[] = [];
    for (const entry of readdirSync('/proc')) {
      if (!/^\d+$/.test(entry) || Number(entry) === process.pid) {
        continue;
      }
      try {
        if (readFileSync(`/proc/${entry}/environ`, 'latin1').includes(this.mark)) {
          const command = readFileSync(`/proc/${entry}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
          found.push({pid: Number(entry), command});
        }
      } catch {
        // It ended while we looked.
      }
    }
    return found;
  }

  /** Ends every process that is left; the files stay. */
  async end(): Promise<void> {
    for (let left = this.processes(); left.length > 0; left = this.processes()) {
      for (const {pid} of left) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // Gone already.
        }
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
    rmSync(this.#directory, {recursive: true, force: true});
  }
}

/**
 * Answers the helper calls that the shell front of the `megatest` command hands over without starting Node (packages/cli/bin/megatest).
 *
 * In `calls/` lie pipes that the manager keeps open. The front takes one (it makes `claim.<pipe>`, which only one process can), opens
 * it, writes one line to the pipe `calls/hello` and reads the answer: `0` (the daemon has it) or anything else, upon which it goes on
 * by itself. Because the manager holds the pipe from before the call, the front sees the end of a manager that dies at any moment.
 * Each pipe serves one call. `calls/manager` says which process serves, or served last, and where.
 */
import {execFile, execFileSync} from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import {Socket} from 'node:net';
import {join} from 'node:path';
import {processStart} from '@megatest/rpc';

export type FrontCall = {
  readonly launchId: string;
  /** The end of the caller's `MT_CMDINFO`: its checksum tells whether it is the test it seems to be. */
  readonly checksum: string;
  readonly words: readonly string[];
};

/** True when everything has been done; false leaves the call to the caller itself. */
export type AnswerCall = (call: FrontCall) => Promise<boolean>;

const separator = '\x1f';
/** As many pipes are there at first; half of that is left when new ones are made. A front that finds none goes on by itself. */
const pipesAtOnce = 64;

export class CallServer {
  readonly #directory: string;
  readonly #answer: AnswerCall;
  readonly #socket: Socket;
  /** Of the names of this manager's pipes: no other manager ever had the same. */
  readonly #prefix = `pipe.${process.pid}.${processStart(process.pid)}.`;
  /** Pipes that wait for a caller, by name. */
  readonly #pipes = new Map<string, number>();
  #made = 0;
  #isMaking = false;
  #rest = '';

  constructor(directory: string, answer: AnswerCall) {
    this.#directory = directory;
    this.#answer = answer;
    mkdirSync(directory, {recursive: true, mode: 0o700});
    for (const name of readdirSync(directory)) {
      if (/^(pipe|claim)\./.test(name)) {
        // Of a manager that is gone; whoever waited there has seen it go.
        rmSync(join(directory, name), {force: true});
      }
    }
    const hello = join(directory, 'hello');
    if (!(statSync(hello, {throwIfNoEntry: false})?.isFIFO() ?? false)) {
      rmSync(hello, {recursive: true, force: true});
      execFileSync('mkfifo', ['-m', '600', hello]);
    }
    // Read and write: the pipe never ends when a caller leaves.
    const fd = openSync(hello, constants.O_RDWR | constants.O_NONBLOCK);
    this.#socket = new Socket({fd, readable: true, writable: false});
    this.#socket.setEncoding('utf8').on('data', (text: string) => this.#read(text));
    const names = this.#newNames();
    execFileSync('mkfifo', ['-m', '600', ...names], {cwd: directory});
    this.#open(names);
    const own = join(directory, 'manager');
    writeFileSync(`${own}.new`, `${process.pid} ${processStart(process.pid)} ${placeOfProcess()}\n`, {
      mode: 0o600,
    });
    renameSync(`${own}.new`, own);
  }

  close(): void {
    this.#socket.destroy();
    for (const [name, fd] of this.#pipes) {
      closeSync(fd);
      this.#remove(name);
    }
    this.#pipes.clear();
  }

  #newNames(): readonly string[] {
    return Array.from({length: pipesAtOnce}, () => {
      this.#made += 1;
      return `${this.#prefix}${this.#made}`;
    });
  }

  #open(names: readonly string[]): void {
    for (const name of names) {
      // The other end too: nothing of an answer is lost when the caller reads it later.
      this.#pipes.set(name, openSync(join(this.#directory, name), constants.O_RDWR | constants.O_NONBLOCK));
    }
  }

  /** Makes new pipes when few are left, and takes back those whose caller died before it asked. */
  #replenish(): void {
    if (this.#isMaking || this.#pipes.size > pipesAtOnce / 2) {
      return;
    }
    this.#isMaking = true;
    for (const [name, fd] of this.#pipes) {
      if (isCallerGone(join(this.#directory, claimOf(name)))) {
        this.#pipes.delete(name);
        closeSync(fd);
        this.#remove(name);
      }
    }
    const names = this.#newNames();
    execFile('mkfifo', ['-m', '600', ...names], {cwd: this.#directory}, (error) => {
      this.#isMaking = false;
      if (error === null && !this.#socket.destroyed) {
        this.#open(names);
      }
    });
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const [name = '', launchId = '', checksum = '', ...words] = line.split(separator);
      const fd = this.#pipes.get(name);
      if (fd !== undefined) {
        this.#pipes.delete(name);
        void this.#serve(name, fd, {launchId, checksum, words: words.slice(0, -1)});
      }
    }
    this.#replenish();
  }

  async #serve(name: string, fd: number, call: FrontCall): Promise<void> {
    // What goes wrong here goes wrong once more in the command itself, which says so where the user looks.
    const isDone = await this.#answer(call).catch(() => false);
    writeSync(fd, isDone ? '0\n' : 'no\n');
    closeSync(fd);
    this.#remove(name);
  }

  /** The pipe before its claim: who can claim it once more finds no pipe. */
  #remove(name: string): void {
    rmSync(join(this.#directory, name), {force: true});
    rmSync(join(this.#directory, claimOf(name)), {force: true});
  }
}

function claimOf(name: string): string {
  return `claim.${name}`;
}

/** Whether a pipe is claimed by a process that is no more. */
function isCallerGone(claim: string): boolean {
  try {
    const pid = readFileSync(claim, 'utf8').trim();
    return pid !== '' && !existsSync(`/proc/${pid}`);
  } catch {
    return false;
  }
}

/** Whether the manager that serves, or served last, in `directory` is or was where this process is: what it saw is what we see. */
export function hasServedHere(directory: string): boolean {
  try {
    const [, , place] = readFileSync(join(directory, 'manager'), 'utf8').trim().split(' ');
    return place === placeOfProcess();
  } catch {
    return false;
  }
}

/** The kernel's names of the networks and processes that can be seen from here: a container that shares the folder has others. */
function placeOfProcess(): string {
  return ['net', 'pid'].map((kind) => readlinkSync(`/proc/self/ns/${kind}`)).join(',');
}

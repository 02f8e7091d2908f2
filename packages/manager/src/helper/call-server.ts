/**
 * Answers the helper calls that the shell front of the `megatest` command hands over without starting Node (packages/cli/bin/megatest).
 *
 * The front makes a pipe of its own in `calls/`, writes one line to the pipe `calls/hello` and reads the answer: `0` (the daemon has
 * it) or anything else, upon which it goes on by itself. `calls/manager` says which process serves, so that nobody waits for one
 * that is gone; a pipe that a dead manager left unanswered is closed by the next one, and its caller goes on by itself too.
 */
import {execFileSync} from 'node:child_process';
import {
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readdirSync,
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
/** The caller opens its pipe right after it has asked; it is looked for this often and this long. */
const retryMs = 2;
const retries = 500;

export class CallServer {
  readonly #directory: string;
  readonly #answer: AnswerCall;
  readonly #socket: Socket;
  #rest = '';

  constructor(directory: string, answer: AnswerCall) {
    this.#directory = directory;
    this.#answer = answer;
    mkdirSync(directory, {recursive: true, mode: 0o700});
    const hello = join(directory, 'hello');
    for (const name of readdirSync(directory)) {
      this.#release(name);
    }
    if (!(statSync(hello, {throwIfNoEntry: false})?.isFIFO() ?? false)) {
      rmSync(hello, {recursive: true, force: true});
      execFileSync('mkfifo', ['-m', '600', hello]);
    }
    // Read and write: the pipe never ends when a caller leaves.
    const fd = openSync(hello, constants.O_RDWR | constants.O_NONBLOCK);
    this.#socket = new Socket({fd, readable: true, writable: false});
    this.#socket.setEncoding('utf8').on('data', (text: string) => this.#read(text));
    const own = join(directory, 'manager');
    writeFileSync(`${own}.new`, `${process.pid} ${processStart(process.pid)}\n`, {mode: 0o600});
    renameSync(`${own}.new`, own);
  }

  close(): void {
    rmSync(join(this.#directory, 'manager'), {force: true});
    this.#socket.destroy();
  }

  /** Lets a caller that a dead manager never answered go on. */
  #release(name: string): void {
    if (!name.startsWith('answer.')) {
      return;
    }
    const path = join(this.#directory, name);
    try {
      closeSync(openSync(path, constants.O_WRONLY | constants.O_NONBLOCK));
    } catch {
      // Nobody reads it any more.
    }
    rmSync(path, {force: true});
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const [name = '', launchId = '', checksum = '', ...words] = line.split(separator);
      if (/^answer\.[\w.-]+$/.test(name)) {
        void this.#serve(join(this.#directory, name), {launchId, checksum, words: words.slice(0, -1)});
      }
    }
  }

  async #serve(path: string, call: FrontCall): Promise<void> {
    const fd = await openAnswer(path);
    rmSync(path, {force: true});
    if (fd === undefined) {
      return;
    }
    let isDone = false;
    try {
      isDone = await this.#answer(call);
    } finally {
      try {
        writeSync(fd, isDone ? '0\n' : 'no\n');
      } catch {
        // The caller was killed.
      }
      closeSync(fd);
    }
  }
}

/** Open from the first moment, so that the caller sees the end of a manager that dies over its call. */
async function openAnswer(path: string): Promise<number | undefined> {
  for (let attempt = 0; attempt < retries; attempt += 1) {
    try {
      return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENXIO') {
        return undefined;
      }
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }
  return undefined;
}

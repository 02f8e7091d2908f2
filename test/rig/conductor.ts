/**
 * Steers the bodies of tests. Each body (test/rig/steer.sh) tells the conductor that it has started and then waits to be
 * told what to print and how to end, so a test of concurrency needs no sleep: it waits for what must happen.
 */
import {mkdirSync} from 'node:fs';
import {join} from 'node:path';
import {readFifo, writeFifo} from './fifo.ts';

/** One running body of a test or item. */
export type Body = {
  /** `test` or `test/item/path`. */
  readonly id: string;
  readonly pid: number;
  readonly host: string;
  print(text: string): void;
  run(command: string): void;
  exit(code: number): void;
};

export class Conductor implements Disposable {
  readonly directory: string;
  /** How often the body of each test or item has been started, ever. */
  readonly starts = new Map<string, number>();
  readonly #fifo: Disposable;
  readonly #running = new Map<number, Body>();
  readonly #waiting = new Set<{
    readonly wants: (body: Body) => boolean;
    readonly resolve: (body: Body) => void;
  }>();
  #rule: ((body: Body) => void) | undefined;

  constructor(directory: string) {
    mkdirSync(directory, {recursive: true, mode: 0o777});
    this.directory = directory;
    this.#fifo = readFifo(join(directory, 'hello'), (line) => this.#onLine(line));
  }

  /** The next (or already waiting) body of `id`; with no `id`, any body. */
  async body(id?: string): Promise<Body> {
    const wants = (body: Body) => id === undefined || body.id === id;
    for (const body of this.#running.values()) {
      if (wants(body)) {
        return this.#take(body);
      }
    }
    return await new Promise<Body>((resolve) => {
      this.#waiting.add({wants, resolve});
    });
  }

  /** From now on every body that nobody waits for, also those already waiting, is handled by `rule`. */
  always(rule: (body: Body) => void): void {
    this.#rule = rule;
    for (const body of [...this.#running.values()]) {
      rule(this.#take(body));
    }
  }

  [Symbol.dispose](): void {
    this.#fifo[Symbol.dispose]();
  }

  #take(body: Body): Body {
    this.#running.delete(body.pid);
    return body;
  }

  #onLine(line: string): void {
    const [word, id = '', pid = '', host = '', fifo = ''] = line.split(' ');
    if (word !== 'started') {
      return;
    }
    this.starts.set(id, (this.starts.get(id) ?? 0) + 1);
    const body: Body = {
      id,
      pid: Number(pid),
      host,
      print: (text) => writeFifo(fifo, `print ${text}`),
      run: (command) => writeFifo(fifo, `run ${command}`),
      exit: (code) => writeFifo(fifo, `exit ${code}`),
    };
    for (const waiter of this.#waiting) {
      if (waiter.wants(body)) {
        this.#waiting.delete(waiter);
        waiter.resolve(body);
        return;
      }
    }
    if (this.#rule !== undefined) {
      this.#rule(body);
    } else {
      this.#running.set(body.pid, body);
    }
  }
}

/** The manager's log: one line an event, with time, in `manager.log` of its directory. */
import {openSync, writeSync} from 'node:fs';

/** What is said of a condition that every launch meets again. */
const repeatMs = 300_000;

export class ManagerLog {
  readonly #path: string;
  readonly #fd: number;
  readonly #said = new Map<string, number>();

  constructor(path: string) {
    this.#path = path;
    this.#fd = openSync(path, 'a', 0o600);
  }

  write = (text: string): void => {
    writeSync(this.#fd, `${new Date().toISOString()} ${text}\n`);
  };

  /** Writes a text that has not been written for a while. */
  writeSometimes = (text: string): void => {
    const before = this.#said.get(text);
    if (before === undefined || performance.now() - before > repeatMs) {
      this.#said.set(text, performance.now());
      this.write(text);
    }
  };

  get path(): string {
    return this.#path;
  }
}

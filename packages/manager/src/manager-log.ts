/** The manager's log: one line an event, with time, in `manager.log` of its directory. */
import {appendFileSync} from 'node:fs';

export class ManagerLog {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  write = (text: string): void => {
    appendFileSync(this.#path, `${new Date().toISOString()} ${text}\n`, {mode: 0o600});
  };
}

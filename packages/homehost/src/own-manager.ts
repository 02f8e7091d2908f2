/** The manager of the daemon's own user on its host, which the daemon starts when jobs need one and nobody else has started it. */
import {hostname, userInfo} from 'node:os';

/** A manager that was started, or lost its daemon, gets so long to come up; one too many finds that out by itself. */
const startPauseMs = 3000;

export class OwnManager {
  readonly host = hostname();
  readonly user = userInfo().username;
  readonly #start: () => void;
  #isNeeded = false;
  /** The managers of the daemon before this one look for it. */
  #startedMs = performance.now();
  #timer: NodeJS.Timeout | undefined;

  constructor(start: () => void) {
    this.#start = start;
  }

  /** Whether somebody waits for it, and it is not there. */
  set isNeeded(isNeeded: boolean) {
    this.#isNeeded = isNeeded;
    this.look();
  }

  /** Starts it when it is needed, now or after the pause. */
  look(): void {
    const waitMs = this.#startedMs + startPauseMs - performance.now();
    if (!this.#isNeeded || this.#timer !== undefined) {
      return;
    }
    if (waitMs <= 0) {
      this.#startedMs = performance.now();
      this.#start();
      return;
    }
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.look();
    }, waitMs);
    this.#timer.unref();
  }
}

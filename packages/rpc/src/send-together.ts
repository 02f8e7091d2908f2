/**
 * Frames that are sent in one turn of the event loop go out in one system call: the answers to requests that came together, or
 * were committed together, cost one write for each connection.
 */
import type {Writable} from 'node:stream';

export class SendTogether {
  readonly #stream: Writable;
  #isHeld = false;

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  /** To be called before a frame is written: what is written until the running callbacks and promises are done goes out with it. */
  hold(): void {
    if (!this.#isHeld) {
      this.#isHeld = true;
      this.#stream.cork();
      process.nextTick(() => {
        this.#isHeld = false;
        this.#stream.uncork();
      });
    }
  }
}

/**
 * Frames that are sent in one turn of the event loop go out in two system calls at most: the first one at once, so that the other end
 * begins with it while this one still makes the rest, and the rest together.
 */
import type {Writable} from 'node:stream';

export class SendTogether {
  readonly #stream: Writable;
  /** Frames of this turn so far. */
  #sent = 0;

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  /** To be called before a frame is written. The turn is over when the running callbacks and promises are done. */
  hold(): void {
    this.#sent += 1;
    if (this.#sent === 1) {
      process.nextTick(() => this.#endTurn());
    } else if (this.#sent === 2) {
      this.#stream.cork();
    }
  }

  #endTurn(): void {
    if (this.#sent > 1) {
      this.#stream.uncork();
    }
    this.#sent = 0;
  }
}

/** Questions that are answered one after another, so that who asks many makes nobody do many things at once. */
import {RpcError} from '@megatest/rpc';

/** Whoever asks while so many wait is to ask again. */
const mostWaiting = 100;
const retryAfterMs = 1000;

export class Turns {
  readonly #what: string;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** `what`: the questions, for who is turned away. */
  constructor(what: string) {
    this.#what = what;
  }

  async take<T>(act: () => Promise<T>): Promise<T> {
    if (this.#waiting >= mostWaiting) {
      throw new RpcError('overloaded', `too many ${this.#what} are waiting`, {retryAfterMs});
    }
    this.#waiting += 1;
    const turn = this.#last.then(act, act);
    this.#last = turn;
    try {
      return await turn;
    } finally {
      this.#waiting -= 1;
    }
  }
}

/** How often somebody may call: so many times a second, and as many at once after a rest. */
import {RpcError} from './rpc-error.ts';

export class CallRate {
  readonly #callsPerS: number;
  readonly #nowMs: () => number;
  #left: number;
  #countedMs: number;

  constructor(callsPerS: number, nowMs: () => number = () => performance.now()) {
    this.#callsPerS = callsPerS;
    this.#nowMs = nowMs;
    this.#left = callsPerS;
    this.#countedMs = nowMs();
  }

  /** Throws for a call that is one too many. */
  count(): void {
    const nowMs = this.#nowMs();
    const earned = ((nowMs - this.#countedMs) / 1000) * this.#callsPerS;
    this.#left = Math.min(this.#callsPerS, this.#left + earned);
    this.#countedMs = nowMs;
    if (this.#left < 1) {
      const retryAfterMs = Math.ceil(((1 - this.#left) / this.#callsPerS) * 1000);
      throw new RpcError('overloaded', `more than ${this.#callsPerS} calls a second`, {retryAfterMs});
    }
    this.#left -= 1;
  }
}

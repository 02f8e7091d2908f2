/** Guessing is slow: an address that has given several wrong answers waits before the next one is looked at (spec homehost.md 8.2). */

/** Wrong answers from one address before it has to wait. */
const maxWrongAnswers = 5;
const pauseMs = 10_000;
/** Addresses that are remembered. */
const mostAddresses = 10_000;

export class WrongAnswers {
  readonly #nowMs: () => number;
  readonly #byAddress = new Map<string, {readonly count: number; readonly untilMs: number}>();

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** How long an address has to wait; 0 for those that may answer. */
  waitMs(address: string): number {
    const entry = this.#byAddress.get(address);
    return entry === undefined ? 0 : Math.max(0, entry.untilMs - this.#nowMs());
  }

  add(address: string): void {
    const count = (this.#byAddress.get(address)?.count ?? 0) + 1;
    const untilMs = count >= maxWrongAnswers ? this.#nowMs() + pauseMs : 0;
    this.#byAddress.set(address, {count, untilMs});
    if (this.#byAddress.size > mostAddresses) {
      this.#byAddress.clear();
    }
  }
}

/**
 * How long each claim of a manager still holds. Leases are counted on the clock of this process alone: a new daemon gives everybody a
 * whole one, so that its own absence is nobody's loss.
 */
export class JobLeases {
  readonly #leaseMs: number;
  readonly #nowMs: () => number;
  readonly #untilMs = new Map<number, number>();

  constructor(leaseS: number, nowMs: () => number = () => performance.now()) {
    this.#leaseMs = leaseS * 1000;
    this.#nowMs = nowMs;
  }

  /** True when half of it was over: only then it is worth writing down. */
  renew(jobId: number): boolean {
    const nowMs = this.#nowMs();
    const leftMs = (this.#untilMs.get(jobId) ?? nowMs) - nowMs;
    const isWorthIt = leftMs < this.#leaseMs / 2;
    this.#untilMs.set(jobId, nowMs + this.#leaseMs);
    return isWorthIt;
  }

  end(jobId: number): void {
    this.#untilMs.delete(jobId);
  }

  expired(): readonly number[] {
    const nowMs = this.#nowMs();
    return [...this.#untilMs].filter(([, untilMs]) => untilMs < nowMs).map(([jobId]) => jobId);
  }
}

/** The drivers that have not ended, by run. */
import type {Driver} from './driver.ts';

export class LiveDrivers implements Iterable<Driver> {
  readonly #byRun = new Map<number, Set<Driver>>();

  get isEmpty(): boolean {
    return this.#byRun.size === 0;
  }

  of(runId: number): Iterable<Driver> {
    return this.#byRun.get(runId) ?? [];
  }

  *[Symbol.iterator](): Generator<Driver> {
    for (const drivers of this.#byRun.values()) {
      yield* drivers;
    }
  }

  add(driver: Driver): void {
    const ofRun = this.#byRun.get(driver.runId) ?? new Set();
    this.#byRun.set(driver.runId, ofRun.add(driver));
  }

  remove(driver: Driver): void {
    const ofRun = this.#byRun.get(driver.runId);
    ofRun?.delete(driver);
    if (ofRun?.size === 0) {
      this.#byRun.delete(driver.runId);
    }
  }
}

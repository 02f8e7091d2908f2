/** Lets others be answered while one question goes through many rows. */

/** Nobody is kept waiting for longer at a time. */
const mostMs = 10;

export class Breather {
  #sinceMs = performance.now();

  /** To be called between two rows. */
  async breathe(): Promise<void> {
    if (performance.now() - this.#sinceMs > mostMs) {
      await new Promise((resolve) => setImmediate(resolve));
      this.#sinceMs = performance.now();
    }
  }
}

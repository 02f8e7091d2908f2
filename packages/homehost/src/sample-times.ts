/**
 * When a sample of a host is due: every 15 seconds for a host, not with every sign of life of every test there, which would be millions
 * of rows a day at a large site (spec homehost.md 9.4).
 */
const intervalS = 15;

export class SampleTimes {
  readonly #lastS = new Map<string, number>();

  /** Says so once; the answer counts as the sample. */
  isDue(host: string, nowS: number): boolean {
    const ageS = nowS - (this.#lastS.get(host) ?? Number.NEGATIVE_INFINITY);
    // A clock that was set back must not stop the samples.
    const isDue = ageS >= intervalS || ageS < 0;
    if (isDue) {
      this.#lastS.set(host, nowS);
    }
    return isDue;
  }
}

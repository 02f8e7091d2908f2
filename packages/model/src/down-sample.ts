/**
 * Fewer points of a series that look the same: each stretch of time keeps its least and its greatest value. Takes points one by one, in
 * the order of time, and keeps no more than it gives back.
 */

export type SeriesPoint = readonly [time: number, value: number];

type Bucket = {least: SeriesPoint; greatest: SeriesPoint};

export class DownSample {
  readonly #from: number;
  readonly #width: number;
  readonly #most: number;
  /** All points, while there are not too many. */
  #points: SeriesPoint[] | undefined = [];
  readonly #buckets = new Map<number, Bucket>();

  /** At most `most` points, at least 2, between two times. */
  constructor(from: number, to: number, most: number) {
    this.#from = from;
    this.#most = most;
    const count = Math.max(1, Math.floor(most / 2));
    this.#width = Math.max((to - from) / count, Number.MIN_VALUE);
  }

  add(point: SeriesPoint): void {
    const [time, value] = point;
    if (this.#points !== undefined) {
      this.#points.push(point);
      if (this.#points.length > this.#most) {
        this.#points = undefined;
      }
    }
    const last = Math.max(1, Math.floor(this.#most / 2)) - 1;
    const index = Math.min(last, Math.max(0, Math.floor((time - this.#from) / this.#width)));
    const bucket = this.#buckets.get(index);
    if (bucket === undefined) {
      this.#buckets.set(index, {least: point, greatest: point});
    } else if (value < bucket.least[1]) {
      bucket.least = point;
    } else if (value > bucket.greatest[1]) {
      bucket.greatest = point;
    }
  }

  get points(): readonly SeriesPoint[] {
    return (
      this.#points ??
      [...this.#buckets.entries()]
        .sort(([a], [b]) => a - b)
        .flatMap(([, {least, greatest}]) =>
          least === greatest ? [least] : [least, greatest].sort(([a], [b]) => a - b),
        )
    );
  }
}

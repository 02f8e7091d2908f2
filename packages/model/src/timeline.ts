/** How the tests of a run are laid out over time (spec dashboard.md A8.3). */
import {naturalCompare} from './natural-order.ts';

export type TimedRecord = {
  readonly testName: string;
  readonly itemPath: string;
  /** Unix seconds. */
  readonly eventTime: number;
  /** Seconds. */
  readonly runDuration: number;
};

export type BarGroup<Record> = {readonly testName: string; readonly bars: readonly Record[]};

/**
 * Records by test: where there is more than one, that of the test itself is left out and the others stand by their start; tests stand
 * by the start of their first one.
 */
export function groupBars<Record extends TimedRecord>(
  records: readonly Record[],
): readonly BarGroup<Record>[] {
  const byTest = new Map<string, Record[]>();
  for (const record of records) {
    const known = byTest.get(record.testName);
    if (known === undefined) {
      byTest.set(record.testName, [record]);
    } else {
      known.push(record);
    }
  }
  const groups = [...byTest].map(([testName, all]) => {
    const bars = all.length === 1 ? all : all.filter(({itemPath}) => itemPath !== '');
    return {testName, bars: bars.sort(byStart)};
  });
  return groups.sort(({bars: [left]}, {bars: [right]}) =>
    left === undefined || right === undefined ? 0 : byStart(left, right),
  );
}

function byStart(left: TimedRecord, right: TimedRecord): number {
  return (
    left.eventTime - right.eventTime ||
    naturalCompare(left.testName, right.testName) ||
    naturalCompare(left.itemPath, right.itemPath)
  );
}

/** The bars of one row, by their start. */
type PackedRow = {readonly starts: number[]; readonly ends: number[]};

/** Gaps between bars are looked for in so many rows: nobody sees what stands below, and a search through all of them takes too long. */
const rowsWithGaps = 1000;

/**
 * Places bars one after the other, each in the lowest row where it overlaps none that is there. A tree over the rows has the least end of
 * each half, so that the first row that is free from a time on is found without a walk through all of them.
 */
export class BarRows {
  readonly #rows: PackedRow[] = [];
  /** Of a row or of the rows below a node the least end; the leaves are the second half. Rows without a bar end before all time. */
  #ends = new Float64Array(2).fill(Number.NEGATIVE_INFINITY);
  #latestStart = Number.NEGATIVE_INFINITY;

  /** From `start` to before `end`, which is later. */
  place(start: number, end: number): number {
    const free = this.#firstEndedBy(start);
    if (start < this.#latestStart) {
      // Bars that come by their start find no gap.
      const gap = this.#placeInGap(free, start, end);
      if (gap !== undefined) {
        return gap;
      }
    }
    this.#latestStart = Math.max(this.#latestStart, start);
    if (free < rowsWithGaps) {
      const row = this.#rows[free] ?? {starts: [], ends: []};
      this.#rows[free] = row;
      row.starts.push(start);
      row.ends.push(end);
    }
    this.#setEnd(free, end);
    return free;
  }

  #placeInGap(before: number, start: number, end: number): number | undefined {
    for (const [index, row] of this.#rows.slice(0, before).entries()) {
      const at = placeBetween(row, start, end);
      if (at !== undefined) {
        row.starts.splice(at, 0, start);
        row.ends.splice(at, 0, end);
        return index;
      }
    }
    return undefined;
  }

  #firstEndedBy(start: number): number {
    const half = this.#ends.length / 2;
    if ((this.#ends[1] ?? 0) > start) {
      this.#grow();
      return half;
    }
    let node = 1;
    while (node < half) {
      node *= 2;
      if ((this.#ends[node] ?? 0) > start) {
        node += 1;
      }
    }
    return node - half;
  }

  #setEnd(row: number, end: number): void {
    let node = this.#ends.length / 2 + row;
    this.#ends[node] = end;
    while (node > 1) {
      node >>= 1;
      this.#ends[node] = Math.min(this.#ends[2 * node] ?? 0, this.#ends[2 * node + 1] ?? 0);
    }
  }

  #grow(): void {
    const leaves = this.#ends.subarray(this.#ends.length / 2);
    const ends = new Float64Array(2 * this.#ends.length).fill(Number.NEGATIVE_INFINITY);
    ends.set(leaves, ends.length / 2);
    for (let node = ends.length / 2 - 1; node > 0; node -= 1) {
      ends[node] = Math.min(ends[2 * node] ?? 0, ends[2 * node + 1] ?? 0);
    }
    this.#ends = ends;
  }
}

/** Where the bar comes among those of a row that goes on behind it; `undefined` when it overlaps one. */
function placeBetween({starts, ends}: PackedRow, start: number, end: number): number | undefined {
  if (start >= (starts.at(-1) ?? Number.POSITIVE_INFINITY)) {
    return undefined;
  }
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) > start) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  const isBehind = low === 0 || (ends[low - 1] ?? 0) <= start;
  return isBehind && end <= (starts[low] ?? 0) ? low : undefined;
}

/** The most that went on at the same time. */
export function mostAtOnce(bars: readonly {readonly start: number; readonly end: number}[]): number {
  const starts = Float64Array.from(bars, ({start}) => start).sort();
  const ends = Float64Array.from(bars, ({end}) => end).sort();
  let [most, ended] = [0, 0];
  for (const [index, start] of starts.entries()) {
    while ((ends[ended] ?? Number.POSITIVE_INFINITY) <= start) {
      ended += 1;
    }
    most = Math.max(most, index + 1 - ended);
  }
  return most;
}

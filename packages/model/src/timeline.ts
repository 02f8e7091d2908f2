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

/** Places bars one after the other, each in the lowest row where it overlaps none that is there. */
export class BarRows {
  readonly #rows: PackedRow[] = [];

  /** From `start` to before `end`, which is later. */
  place(start: number, end: number): number {
    for (const [index, row] of this.#rows.entries()) {
      const at = freePlace(row, start, end);
      if (at !== undefined) {
        row.starts.splice(at, 0, start);
        row.ends.splice(at, 0, end);
        return index;
      }
    }
    this.#rows.push({starts: [start], ends: [end]});
    return this.#rows.length - 1;
  }
}

/** Where the bar comes among those of the row; `undefined` when it overlaps one. */
function freePlace({starts, ends}: PackedRow, start: number, end: number): number | undefined {
  const [lastStart = 0, lastEnd = 0] = [starts.at(-1), ends.at(-1)];
  if (start >= lastEnd) {
    return starts.length;
  }
  // Most bars come by their start: one that begins in the last bar of a row needs no search.
  if (start >= lastStart) {
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

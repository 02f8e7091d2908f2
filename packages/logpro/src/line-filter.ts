/**
 * Finds the next line that a rule or trigger might care about, in the bytes of the log and without making a string of every
 * line: nearly all lines of nearly all logs are of no interest to any rule.
 *
 * The automaton of the patterns is made deterministic while it runs, a state when it is first entered, as `grep` does it.
 */
import {acceptingState, type LineAutomaton, lineFeed} from './line-automaton.ts';

/** Numbers of rows of the table, each a state of the deterministic automaton. */
const unknown = 0;
const accepted = 1;
/** With more rows than this the table is made anew: the patterns then lead to too many combinations to keep. */
const maxRows = 2048;
/** Two stretches of this length are gone through at the same time. */
const laneBytes = 8 * 1024;
const nowhere = -1;

export class LineFilter {
  readonly #automaton: LineAutomaton;
  /** Bytes that no pattern tells apart share a class. */
  readonly #classes: Uint8Array;
  readonly #width: number;
  /** Per row and class where the next row begins. */
  #table: Int32Array;
  /** Which states of the automaton a row stands for. */
  #rows: (readonly number[])[] = [];
  #rowOf = new Map<string, number>();
  /** How often the table was made. */
  #generation = 0;
  /** Where the row begins in which every line does. */
  #lineStart = unknown;
  /** Where the row begins that the last run ended in. */
  #row = unknown;

  constructor(automaton: LineAutomaton) {
    this.#automaton = automaton;
    const {classes, count} = byteClasses(automaton);
    this.#classes = classes;
    this.#width = count;
    this.#table = new Int32Array(64 * count);
    this.#clear();
  }

  /**
   * Where the first line at or after `from` starts that may match; the length of `bytes` when there is none. Every line in
   * `bytes` ends in a line feed, and `from` is the start of one.
   */
  find(bytes: Buffer, from: number): number {
    if (this.#lineStart === accepted * this.#width) {
      return from;
    }
    const end = bytes.length;
    let at = from;
    this.#row = this.#lineStart;
    while (end - at > 2 * laneBytes) {
      const middle = bytes.indexOf(lineFeed, at + laneBytes) + 1;
      const length = middle - at;
      if (middle + length > end) {
        break;
      }
      const found = this.#runTwo(bytes, at, middle, length);
      if (found !== nowhere) {
        return lineStartOf(bytes, found, from);
      }
      at = middle + length;
    }
    const found = this.#run(bytes, at, end);
    return found === nowhere ? end : lineStartOf(bytes, found, from);
  }

  /** Goes on in `#row` from `from` to `to`; returns where a line was accepted, if one was. */
  #run(bytes: Buffer, from: number, to: number): number {
    const classes = this.#classes;
    const width = this.#width;
    let row = this.#row;
    for (let at = from; ; at += 1) {
      const table = this.#table;
      let next = row;
      while (at < to) {
        // Always in range; to check each would cost half of the speed.
        next = table[row + (classes[bytes[at] as number] as number)] as number;
        if (next <= width) {
          break;
        }
        row = next;
        at += 1;
      }
      if (at >= to) {
        this.#row = row;
        return nowhere;
      }
      row = next === unknown ? this.#step(row, bytes[at] ?? lineFeed) : next;
      if (row === accepted * width) {
        return at;
      }
    }
  }

  /**
   * As `#run`, over `length` bytes from `first` and as many from `second`; the latter follow the former and start a line. A step
   * has to wait for the one before it, so two that do not wait for each other are nearly twice as fast.
   */
  #runTwo(bytes: Buffer, first: number, second: number, length: number): number {
    const classes = this.#classes;
    const width = this.#width;
    const generation = this.#generation;
    let row = this.#row;
    let otherRow = this.#lineStart;
    for (let at = 0; ; at += 1) {
      const table = this.#table;
      let next = row;
      let otherNext = otherRow;
      while (at < length) {
        next = table[row + (classes[bytes[first + at] as number] as number)] as number;
        otherNext = table[otherRow + (classes[bytes[second + at] as number] as number)] as number;
        if (next <= width || otherNext <= width) {
          break;
        }
        row = next;
        otherRow = otherNext;
        at += 1;
      }
      if (at >= length) {
        this.#row = otherRow;
        return nowhere;
      }
      row = next === unknown ? this.#step(row, bytes[first + at] ?? lineFeed) : next;
      if (row === accepted * width) {
        return first + at;
      }
      if (this.#generation === generation && otherNext === unknown) {
        otherNext = this.#step(otherRow, bytes[second + at] ?? lineFeed);
      }
      if (this.#generation !== generation) {
        // The other row is gone with the old table.
        return this.#runOn(bytes, first + at, second + length);
      }
      otherRow = otherNext;
      if (otherRow === accepted * width) {
        this.#row = row;
        const earlier = this.#run(bytes, first + at + 1, second);
        return earlier === nowhere ? second + at : earlier;
      }
    }
  }

  /** As `#run`, from the start of the line that `from` stands in. */
  #runOn(bytes: Buffer, from: number, to: number): number {
    this.#row = this.#lineStart;
    return this.#run(bytes, lineStartOf(bytes, from, 0), to);
  }

  #clear(): void {
    this.#generation += 1;
    this.#table.fill(unknown);
    this.#rows = [[], [acceptingState]];
    this.#rowOf.clear();
    this.#lineStart = this.#rowFor(this.#closure([this.#automaton.start], true));
  }

  /** Works out where `byte` leads to from `row`. */
  #step(row: number, byte: number): number {
    const {states, start} = this.#automaton;
    const reached: number[] = [];
    for (const number of this.#rows[row / this.#width] ?? []) {
      const state = states[number];
      if (state?.set?.some(([from, to]) => byte >= from && byte <= to)) {
        reached.push(...state.next);
      }
    }
    // A match may begin at every byte.
    const set = this.#closure([...reached, start], byte === lineFeed);
    if (this.#rows.length >= maxRows) {
      this.#clear();
      return this.#rowFor(set);
    }
    const next = this.#rowFor(set);
    this.#table[row + (this.#classes[byte] ?? 0)] = next;
    return next;
  }

  #rowFor(set: readonly number[]): number {
    if (set.includes(acceptingState)) {
      return accepted * this.#width;
    }
    const key = set.join(' ');
    const known = this.#rowOf.get(key);
    if (known !== undefined) {
      return known;
    }
    const row = this.#rows.length * this.#width;
    this.#rows.push(set);
    this.#rowOf.set(key, row);
    if (row + this.#width > this.#table.length) {
      const larger = new Int32Array(this.#table.length * 2);
      larger.set(this.#table);
      this.#table = larger;
    }
    return row;
  }

  /** The states that wait for a byte, or accept, among all that `from` leads to; in order, so that equal sets are recognised. */
  #closure(from: readonly number[], isLineStart: boolean): readonly number[] {
    const seen = new Set<number>();
    const open = [...from];
    for (let number = open.pop(); number !== undefined; number = open.pop()) {
      const state = this.#automaton.states[number];
      if (state !== undefined && !seen.has(number) && (isLineStart || !state.isLineStart)) {
        seen.add(number);
        if (state.set === undefined) {
          open.push(...state.next);
        }
      }
    }
    return [...seen]
      .filter((number) => number === acceptingState || this.#automaton.states[number]?.set !== undefined)
      .sort((a, b) => a - b);
  }
}

/** Start of the line that `at` stands in, but not before `from`. */
function lineStartOf(bytes: Buffer, at: number, from: number): number {
  return at === 0 ? from : Math.max(from, bytes.lastIndexOf(lineFeed, at - 1) + 1);
}

/** Few classes make a small table, which stays in the processor's first cache. */
function byteClasses(automaton: LineAutomaton): {readonly classes: Uint8Array; readonly count: number} {
  const sets = new Map(automaton.states.map(({set = []}) => [set.join(' '), set]));
  const classes = new Uint8Array(256);
  const numbers = new Map<string, number>();
  for (let byte = 0; byte < 256; byte += 1) {
    let membership = byte === lineFeed ? 'line feed' : '';
    for (const set of sets.values()) {
      membership += set.some(([from, to]) => byte >= from && byte <= to) ? '1' : '0';
    }
    const number = numbers.get(membership) ?? numbers.size;
    numbers.set(membership, number);
    classes[byte] = number;
  }
  return {classes, count: numbers.size};
}

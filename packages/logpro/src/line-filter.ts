/**
 * Finds the next line that a rule or trigger might care about, in the bytes of the log and without making a string of every
 * line: nearly all lines of nearly all logs are of no interest to any rule.
 *
 * The automaton of the patterns is made deterministic while it runs, a state when it is first entered, as `grep` does it.
 */
import {acceptingState, type LineAutomaton, lineFeed} from './line-automaton.ts';

/** Numbers of the states of the deterministic automaton, which are rows of its table. */
const unknown = 0;
const accepted = 1;
const firstMade = 2;
/** With more states than this the table is made anew: the patterns then lead to too many combinations to keep. */
const maxRows = 2048;

export class LineFilter {
  readonly #automaton: LineAutomaton;
  /** Bytes that no pattern tells apart share a class. */
  readonly #classes: Uint8Array;
  readonly #width: number;
  /** Per row and class the next row, times the width of a row. */
  #table: Int32Array;
  /** Which states of the automaton a row stands for. */
  #rows: (readonly number[])[] = [];
  #rowOf = new Map<string, number>();
  #lineStart = firstMade;

  constructor(automaton: LineAutomaton) {
    this.#automaton = automaton;
    const {classes, count} = byteClasses(automaton);
    this.#classes = classes;
    this.#width = count;
    this.#table = new Int32Array(64 * this.#width);
    this.#clear();
  }

  /**
   * Where the first line at or after `from` starts that may match; the length of `bytes` when there is none. Every line in
   * `bytes` ends in a line feed, and `from` is the start of one.
   */
  find(bytes: Uint8Array, from: number): number {
    if (this.#lineStart === accepted) {
      return from;
    }
    const width = this.#width;
    let row = this.#lineStart * width;
    let at = from;
    for (;;) {
      const table = this.#table;
      const classes = this.#classes;
      const end = bytes.length;
      let next = row;
      while (at < end) {
        next = table[row + (classes[bytes[at] as number] as number)] as number;
        if (next <= width) {
          break;
        }
        row = next;
        at += 1;
      }
      if (at >= end) {
        return end;
      }
      if (next === unknown) {
        next = this.#step(row / width, bytes[at] ?? lineFeed) * width;
      }
      if (next === accepted * width) {
        return lineStartBefore(bytes, at, from);
      }
      row = next;
      at += 1;
    }
  }

  #clear(): void {
    this.#table.fill(unknown);
    this.#rows = [[], [acceptingState]];
    this.#rowOf.clear();
    this.#lineStart = this.#row(this.#closure([this.#automaton.start], true));
  }

  /** Works out the row that `byte` leads to from `row`. */
  #step(row: number, byte: number): number {
    const {states, start} = this.#automaton;
    const reached: number[] = [];
    for (const number of this.#rows[row] ?? []) {
      const state = states[number];
      if (state?.set?.some(([from, to]) => byte >= from && byte <= to)) {
        reached.push(...state.next);
      }
    }
    const isLineStart = byte === lineFeed;
    // A match may begin at every byte.
    const set = this.#closure(
      isLineStart && !reached.includes(acceptingState) ? [start] : [...reached, start],
      isLineStart,
    );
    if (this.#rows.length >= maxRows) {
      this.#clear();
      return this.#row(set);
    }
    const next = this.#row(set);
    this.#table[row * this.#width + (this.#classes[byte] ?? 0)] = next * this.#width;
    return next;
  }

  #row(set: readonly number[]): number {
    if (set.includes(acceptingState)) {
      return accepted;
    }
    const key = set.join(' ');
    const known = this.#rowOf.get(key);
    if (known !== undefined) {
      return known;
    }
    const row = this.#rows.length;
    this.#rows.push(set);
    this.#rowOf.set(key, row);
    if ((row + 1) * this.#width > this.#table.length) {
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

function lineStartBefore(bytes: Uint8Array, at: number, from: number): number {
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

/**
 * A non-deterministic automaton over bytes that accepts at least every line in which one of some patterns is found.
 *
 * It may accept more: look-around, word boundaries, back references and long counts are left out, since a filter that lets a
 * line through costs time, while one that holds a line back would change the result. No path leads across the end of a line.
 */
import {type CharacterSet, lastByte, without} from './character-set.ts';
import type {PatternNode, PatternTree} from './pattern-syntax.ts';

export const lineFeed = 10;

/** A state either waits for a byte of `set`, or leads on without one. */
export type AutomatonState = {
  readonly set: CharacterSet | undefined;
  readonly next: readonly number[];
  /** To be passed at the start of a line only. */
  readonly isLineStart: boolean;
};

export type LineAutomaton = {readonly states: readonly AutomatonState[]; readonly start: number};

/** The state in which a line is accepted. */
export const acceptingState = 0;

/** Repetitions beyond this are taken for any number. */
const maxCount = 8;
/** More states than this make the filter slower than what it filters for. */
const maxStates = 20_000;

/** `undefined` when the patterns are too large for a filter to be of use. */
export function lineAutomaton(patterns: readonly PatternTree[]): LineAutomaton | undefined {
  const builder = new AutomatonBuilder();
  try {
    const starts = patterns.map((tree) => builder.add(tree.root, acceptingState));
    return {start: builder.branch(starts), states: builder.states};
  } catch (error) {
    if (error instanceof TooLarge) {
      return undefined;
    }
    throw error;
  }
}

class TooLarge extends Error {}

class AutomatonBuilder {
  readonly states: AutomatonState[] = [{set: undefined, next: [], isLineStart: false}];

  branch(next: readonly number[]): number {
    return this.#state({set: undefined, next, isLineStart: false});
  }

  /** Adds `node` so that it leads to `next`; returns its first state. */
  add(node: PatternNode, next: number): number {
    switch (node.kind) {
      case 'characters':
        return this.#characters(node.set, next);
      case 'sequence':
        return [...node.items].reverse().reduce((after, item) => this.add(item, after), next);
      case 'choice':
        return this.branch(node.options.map((option) => this.add(option, next)));
      case 'repeat':
        return this.#repeat(node.item, node.min, node.max, next);
      case 'group':
      case 'atomic':
        return this.add(node.item, next);
      case 'look':
        return next;
      case 'reference':
        return this.#repeat(anyCharacter, 0, Number.POSITIVE_INFINITY, next);
      case 'assertion':
        if (node.at === 'line start') {
          return this.#state({set: undefined, next: [next], isLineStart: true});
        }
        // Nothing can follow the end of a line, so whatever stands behind `$` in the pattern matches nothing.
        return node.at === 'line end' ? this.#waitFor([[lineFeed, lineFeed]], acceptingState) : next;
    }
  }

  #repeat(item: PatternNode, min: number, max: number, next: number): number {
    const isEndless = max > maxCount;
    let first = next;
    if (isEndless) {
      first = this.branch([]);
      const loop = this.add(item, first);
      this.states[first] = {set: undefined, next: [loop, next], isLineStart: false};
    }
    for (let optional = Math.min(min, maxCount); !isEndless && optional < max; optional += 1) {
      first = this.branch([this.add(item, first), next]);
    }
    for (let required = 0; required < Math.min(min, maxCount); required += 1) {
      first = this.add(item, first);
    }
    return first;
  }

  /** A character that is not ASCII is several bytes of UTF-8 with the flag `u`, and one without: any number of high bytes serves both. */
  #characters(set: CharacterSet, next: number): number {
    const inLine = without(set, lineFeed);
    const isBytes = inLine.every(([, to]) => to <= lastByte);
    if (isBytes) {
      return this.#waitFor(inLine, next);
    }
    const ascii = inLine.flatMap(
      ([from, to]): CharacterSet => (from < 0x80 ? [[from, Math.min(to, 0x7f)]] : []),
    );
    const high = this.#repeat(
      {kind: 'characters', set: [[0x80, lastByte]]},
      1,
      Number.POSITIVE_INFINITY,
      next,
    );
    return this.branch([this.#waitFor(ascii, next), high]);
  }

  #waitFor(set: CharacterSet, next: number): number {
    return this.#state({set, next: [next], isLineStart: false});
  }

  #state(state: AutomatonState): number {
    if (this.states.length >= maxStates) {
      throw new TooLarge();
    }
    this.states.push(state);
    return this.states.length - 1;
  }
}

const anyCharacter: PatternNode = {kind: 'characters', set: [[0, lastByte]]};

/**
 * What the codes of tests mean: a code is the place of an entry in this list, counted from 1; 0 says that there is no test. There is one
 * list for the feed of changes and all views, so that a cell and its change have the same code.
 */
import {type Comparison, hasFailed, isGood, label, stateKind} from '@megatest/model';
import type {PaletteEntry, PaletteNews} from '@megatest/rpc';

/** Statuses are free texts: a tool that makes up a new one for each test must not fill the memory. */
const mostEntries = 4096;
const anythingElse: PaletteEntry = {state: '', status: '', text: '...', class: 'other'};

export class Palette {
  readonly #entries: PaletteEntry[] = [];
  readonly #codes = new Map<string, number>();
  /** By state, then by status: what is asked for a million times. */
  readonly #ofTests = new Map<string, Map<string, number>>();
  /** How many entries each reader knows. */
  readonly #told = new WeakMap<object, number>();

  get entries(): readonly PaletteEntry[] {
    return this.#entries;
  }

  codeOfTest(state: string, status: string): number {
    const ofState = this.#ofTests.get(state);
    const known = ofState?.get(status);
    if (known !== undefined) {
      return known;
    }
    const code = this.codeOf(testEntry(state, status));
    if (code < mostEntries) {
      this.#ofTests.set(state, (ofState ?? new Map<string, number>()).set(status, code));
    }
    return code;
  }

  codeOf(entry: PaletteEntry): number {
    const key = JSON.stringify([entry.state, entry.status, entry.text]);
    const known = this.#codes.get(key);
    if (known !== undefined || this.#entries.length === mostEntries) {
      return known ?? mostEntries;
    }
    const isLast = this.#entries.length === mostEntries - 1;
    const code = this.#entries.push(isLast ? anythingElse : entry);
    if (!isLast) {
      this.#codes.set(key, code);
    }
    return code;
  }

  /** What the reader was not told yet; it counts as told from now on. */
  newsFor(reader: object): PaletteNews | undefined {
    const told = this.#told.get(reader) ?? 0;
    this.#told.set(reader, this.#entries.length);
    return told === this.#entries.length ? undefined : {from: told + 1, entries: this.#entries.slice(told)};
  }
}

export function testEntry(state: string, status: string): PaletteEntry {
  return {state, status, text: label(state, status), class: classOf(state, status)};
}

export function comparisonEntry({state, status, text}: Comparison): PaletteEntry {
  return {state, status, text, class: comparisonClass(state, status)};
}

function classOf(state: string, status: string): PaletteEntry['class'] {
  switch (stateKind(state)) {
    case 'running':
    case 'ending':
    case 'busy':
      return 'running';
    case 'waiting':
      return hasFailed(state, status) ? 'failed' : 'waiting';
    case 'ended':
      return isGood(state, status) ? 'good' : hasFailed(state, status) ? 'failed' : 'other';
    case 'gone':
      return 'other';
  }
}

function comparisonClass(state: Comparison['state'], status: string): PaletteEntry['class'] {
  switch (state) {
    case 'CLEAN':
      return classOf('COMPLETED', status.replace(/^CLEAN-/, ''));
    case 'DIRTY-BETTER':
      return 'good';
    case 'DIRTY-WORSE':
    case 'BOTH-BAD':
      return 'failed';
    case 'DIFF-NEW':
    case 'DIFF-MISSING':
      return 'other';
  }
}

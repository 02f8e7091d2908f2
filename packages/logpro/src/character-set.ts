/** A set of characters, as sorted ranges of codes that neither touch nor overlap. In a byte pattern the codes are 0 to 255. */
export type CharacterSet = readonly (readonly [from: number, to: number])[];

/** Codes of a pattern without the flag `u`: bytes. */
export const lastByte = 0xff;
/** Codes of a pattern with it: Unicode. */
export const lastCharacter = 0x10ffff;

export function union(...sets: readonly CharacterSet[]): CharacterSet {
  const sorted = sets.flat().sort((a, b) => a[0] - b[0]);
  const merged: [number, number][] = [];
  for (const [from, to] of sorted) {
    const last = merged.at(-1);
    if (last !== undefined && from <= last[1] + 1) {
      last[1] = Math.max(last[1], to);
    } else {
      merged.push([from, to]);
    }
  }
  return merged;
}

export function without(set: CharacterSet, code: number): CharacterSet {
  return set.flatMap(([from, to]): CharacterSet => {
    if (code < from || code > to) {
      return [[from, to]];
    }
    const left: CharacterSet = from < code ? [[from, code - 1]] : [];
    return code < to ? [...left, [code + 1, to]] : left;
  });
}

/** What of 0 to `last` is not in `set`. */
export function complement(set: CharacterSet, last: number): CharacterSet {
  const rest: [number, number][] = [];
  let next = 0;
  for (const [from, to] of set) {
    if (next < from) {
      rest.push([next, from - 1]);
    }
    next = to + 1;
  }
  if (next <= last) {
    rest.push([next, last]);
  }
  return rest;
}

export function ofText(characters: string): CharacterSet {
  return union(...[...characters].map((one): CharacterSet => [[codeOf(one), codeOf(one)]]));
}

export function ofRange(from: string, to: string): CharacterSet {
  return [[codeOf(from), codeOf(to)]];
}

export function codeOf(character: string): number {
  return character.codePointAt(0) ?? 0;
}

/** Adds the other case of every ASCII letter, and of no other character. */
export function withBothCases(set: CharacterSet): CharacterSet {
  const shifted = (first: number, last: number, by: number) =>
    set.flatMap(([from, to]): CharacterSet => {
      const [low, high] = [Math.max(from, first), Math.min(to, last)];
      return low <= high ? [[low + by, high + by]] : [];
    });
  const caseDistance = 32;
  return union(set, shifted(65, 90, caseDistance), shifted(97, 122, -caseDistance));
}

/** The set as a piece of a JavaScript expression. */
export function printSet(set: CharacterSet, last: number): string {
  const [first] = set;
  if (first !== undefined && set.length === 1 && first[0] === first[1]) {
    return printCode(first[0], last);
  }
  const others = complement(set, last);
  const [mark, ranges] = others.length < set.length ? ['^', others] : ['', set];
  const body = ranges.map(([from, to]) =>
    from === to ? printCode(from, last) : `${printCode(from, last)}-${printCode(to, last)}`,
  );
  return `[${mark}${body.join('')}]`;
}

function printCode(code: number, last: number): string {
  const character = String.fromCodePoint(code);
  if (/[0-9A-Za-z ]/.test(character)) {
    return character;
  }
  return last > lastByte ? `\\u{${code.toString(16)}}` : `\\x${code.toString(16).padStart(2, '0')}`;
}

/**
 * Physical lines to logical lines (spec config.md 2.1): a line that ends in `\` goes on in the next one as it stands, and a
 * carriage return before the line break is no part of the line.
 */
import {UserError} from '@megatest/model';

export type LogicalLine = {
  readonly text: string;
  /** Number of its first physical line, from 1. */
  readonly line: number;
  /** Offsets in `text` at which the second and later physical lines begin. */
  readonly joins: readonly number[];
};

/** A line longer than this is no config line; the limit keeps a wrong file from eating the memory. */
export const maxLineLength = 16 * 1024 * 1024;

const backslash = 92;
const noJoins: readonly number[] = [];

/** Calls `each` for every logical line of `text`. Throws a `UserError` at a line that is too long. */
export function forEachLogicalLine(text: string, file: string, each: (line: LogicalLine) => void): void {
  let from = 0;
  let line = 0;
  const next = (): string => {
    const end = endOfLine(text, from);
    line += 1;
    const length = end - from;
    if (length > maxLineLength) {
      throw new UserError(`the line has ${length} characters, at most ${maxLineLength} are allowed`, {
        place: {file, line},
      });
    }
    const stop = end > from && text.charCodeAt(end - 1) === 13 ? end - 1 : end;
    const physical = text.slice(from, stop);
    from = end + 1;
    return physical;
  };
  while (from < text.length) {
    const first = line + 1;
    let logical = next();
    if (logical.charCodeAt(logical.length - 1) !== backslash) {
      each({text: logical, line: first, joins: noJoins});
      continue;
    }
    const joins: number[] = [];
    const pieces: string[] = [];
    let length = 0;
    while (logical.charCodeAt(logical.length - 1) === backslash) {
      pieces.push(logical.slice(0, -1));
      length += logical.length - 1;
      if (length > maxLineLength) {
        throw new UserError(`the line goes on over more than ${maxLineLength} characters`, {
          place: {file, line: first},
        });
      }
      if (from >= text.length) {
        logical = '';
        break;
      }
      joins.push(length);
      logical = next();
    }
    pieces.push(logical);
    each({text: pieces.join(''), line: first, joins});
  }
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}

/** Line and column, both from 1, of an offset in a logical line. */
export function positionIn(
  line: LogicalLine,
  offset: number,
): {readonly line: number; readonly column: number} {
  let start = 0;
  let number = line.line;
  for (const join of line.joins) {
    if (join > offset) {
      break;
    }
    start = join;
    number += 1;
  }
  return {line: number, column: offset - start + 1};
}

/**
 * Makes blocks of whole lines of a log that comes in pieces. A line ends at LF, at CR LF or at a lone CR (spec logpro.md 2); in
 * a block it always ends in one LF, the last line of the log too.
 */

/** A longer line is taken for several, so that a log without line ends cannot fill the memory. */
export const maxLineBytes = 1024 * 1024;
/** Pieces are taken in portions of this size, so only the first line of a portion can be too long. */
const portionBytes = 256 * 1024;
const lineFeed = 10;
const carriageReturn = 13;

export class LineBlocks {
  /** Used again for every block, so that the memory does not depend on the length of the log. */
  #buffer = Buffer.allocUnsafe(2 * portionBytes);
  /** How much of it is the start of a line whose end has not come. */
  #length = 0;
  /** The last piece ended in CR: an LF that follows belongs to it. */
  #endedInCarriageReturn = false;

  /** The lines that `piece` completes. A block is good until the next one is asked for. */
  *push(piece: Buffer): Generator<Buffer> {
    for (let at = 0; at < piece.length; at += portionBytes) {
      this.#append(piece.subarray(at, at + portionBytes));
      yield* this.#complete();
    }
  }

  /** A last line without a terminator. */
  *end(): Generator<Buffer> {
    if (this.#length > 0) {
      this.#buffer[this.#length] = lineFeed;
      yield this.#buffer.subarray(0, this.#length + 1);
      this.#length = 0;
    }
  }

  /** Copies a portion, with every line end as one LF. */
  #append(portion: Buffer): void {
    this.#reserve(portion.length);
    let from = this.#endedInCarriageReturn && portion[0] === lineFeed ? 1 : 0;
    this.#endedInCarriageReturn = portion.at(-1) === carriageReturn;
    for (
      let at = portion.indexOf(carriageReturn, from);
      at >= 0;
      at = portion.indexOf(carriageReturn, from)
    ) {
      this.#length += portion.copy(this.#buffer, this.#length, from, at);
      this.#buffer[this.#length] = lineFeed;
      this.#length += 1;
      from = portion[at + 1] === lineFeed ? at + 2 : at + 1;
    }
    this.#length += portion.copy(this.#buffer, this.#length, from);
  }

  /** Makes room for `bytes` more and a line feed. */
  #reserve(bytes: number): void {
    const needed = this.#length + bytes + 1;
    if (needed > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#buffer.length));
      this.#buffer.copy(larger, 0, 0, this.#length);
      this.#buffer = larger;
    }
  }

  *#complete(): Generator<Buffer> {
    let lines = this.#buffer.subarray(0, this.#length);
    for (let end = lines.indexOf(lineFeed); isTooLong(lines, end); end = lines.indexOf(lineFeed)) {
      yield Buffer.concat([lines.subarray(0, maxLineBytes), oneLineFeed]);
      lines = lines.subarray(maxLineBytes);
    }
    const end = lines.lastIndexOf(lineFeed) + 1;
    if (end > 0) {
      yield lines.subarray(0, end);
    }
    this.#length = lines.copy(this.#buffer, 0, end);
  }
}

const oneLineFeed = Buffer.from('\n');

function isTooLong(lines: Buffer, end: number): boolean {
  return (end < 0 ? lines.length : end) > maxLineBytes;
}

/** How many lines `bytes` holds from `from` to `to`. */
export function countLines(bytes: Buffer, from: number, to: number): number {
  let lines = 0;
  for (let at = bytes.indexOf(lineFeed, from); at >= 0 && at < to; at = bytes.indexOf(lineFeed, at + 1)) {
    lines += 1;
  }
  return lines;
}

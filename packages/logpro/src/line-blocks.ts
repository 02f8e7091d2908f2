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
const noBytes = Buffer.alloc(0);
const oneLineFeed = Buffer.from('\n');

export class LineBlocks {
  /** The start of a line whose end has not come. */
  #rest: Buffer = noBytes;
  /** The last piece ended in CR: an LF that follows belongs to it. */
  #endedInCarriageReturn = false;

  /** The lines that `piece` completes; a block may share the memory of `piece`. */
  *push(piece: Buffer): Generator<Buffer> {
    for (let at = 0; at < piece.length; at += portionBytes) {
      yield* this.#portion(this.#withLineFeeds(piece.subarray(at, at + portionBytes)));
    }
  }

  /** A last line without a terminator. */
  *end(): Generator<Buffer> {
    if (this.#rest.length > 0) {
      yield Buffer.concat([this.#rest, oneLineFeed]);
      this.#rest = noBytes;
    }
  }

  #withLineFeeds(portion: Buffer): Buffer {
    const start = this.#endedInCarriageReturn && portion[0] === lineFeed ? 1 : 0;
    this.#endedInCarriageReturn = portion.at(-1) === carriageReturn;
    const bytes = portion.subarray(start);
    return bytes.includes(carriageReturn)
      ? Buffer.from(bytes.toString('latin1').replace(/\r\n?/g, '\n'), 'latin1')
      : bytes;
  }

  *#portion(bytes: Buffer): Generator<Buffer> {
    let lines = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    for (let end = lines.indexOf(lineFeed); isTooLong(lines, end); end = lines.indexOf(lineFeed)) {
      yield Buffer.concat([lines.subarray(0, maxLineBytes), oneLineFeed]);
      lines = lines.subarray(maxLineBytes);
    }
    const end = lines.lastIndexOf(lineFeed) + 1;
    if (end > 0) {
      yield lines.subarray(0, end);
    }
    // A copy: whoever gave the piece may use its memory again.
    this.#rest = Buffer.from(lines.subarray(end));
  }
}

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

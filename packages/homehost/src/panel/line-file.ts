/**
 * Lines of a file of any size, by their numbers (from 1). Where every 1000th line begins is noted as far as somebody has asked, a piece
 * of the file at a time; nothing else of it is kept.
 */
import type {FileHandle} from 'node:fs/promises';

export type LineWindow = {
  /** Number of the first line; `null` in the tail of a file whose lines were not counted that far. */
  readonly from: number | null;
  readonly lines: readonly string[];
  /** Numbers, counted from 0 within the window, of lines that are longer than what is shown of them. */
  readonly cut: readonly number[];
};

export const LINES_PER_READ = 500;
export const BYTES_PER_READ = 256 * 1024;
const pieceBytes = 256 * 1024;
const linesPerMark = 1000;
const newline = 0x0a;
/** More of one line is not shown. */
const lineBytes = 16 * 1024;
const gib = 1024 ** 3;
/** Of a larger file only so much of its head is counted; its tail can be read without that. */
const wholeBytes = 2 * gib;
const headBytes = gib;

export class LineFile {
  readonly #handle: FileHandle;
  /** Where the lines 1, 1001, 2001 ... begin. */
  #marks = [0];
  /** Up to here the lines are counted. */
  #countedTo = 0;
  #newlines = 0;
  /** The counted part ends without a newline. */
  #endsOpen = false;
  #size = 0;
  /** One walks through the file at a time. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  get size(): number {
    return this.#size;
  }

  /** Lines, the unfinished last one too; `null` while they are not all counted. */
  get lines(): number | null {
    return this.#countedTo < this.#size ? null : this.#newlines + (this.#endsOpen ? 1 : 0);
  }

  /** Looks how long the file is now; one that has become shorter was begun anew. */
  async look(): Promise<number> {
    const {size} = await this.#handle.stat();
    if (size < this.#size) {
      this.#marks = [0];
      this.#countedTo = 0;
      this.#newlines = 0;
      this.#endsOpen = false;
    }
    this.#size = size;
    return size;
  }

  /** Counts on, through at most `bytes` of what is there. */
  async count(bytes: number): Promise<void> {
    await this.#alone(async () => {
      await this.look();
      await this.#countTo(this.#countedTo + bytes, Number.POSITIVE_INFINITY);
    });
  }

  /** At most `count` lines from number `from` on; fewer when they are long. */
  async read(from: number, count: number): Promise<LineWindow> {
    return await this.#alone(async () => {
      await this.look();
      const block = Math.floor((from - 1) / linesPerMark);
      await this.#countTo(Number.POSITIVE_INFINITY, block);
      const begin = this.#marks[block];
      return begin === undefined
        ? {from, lines: [], cut: []}
        : {from, ...(await this.#linesAt(begin, from - 1 - block * linesPerMark, count))};
    });
  }

  /** The last lines, at most `count`. */
  async tail(count: number): Promise<LineWindow> {
    return await this.#alone(async () => {
      const size = await this.look();
      const begin = Math.max(0, size - BYTES_PER_READ);
      const bytes = await this.#bytes(begin, size - begin);
      const all = bytes.toString('utf8').split('\n');
      if (all.at(-1) === '') {
        all.pop();
      }
      // The first one has begun before, and is shown only when it is all that there is.
      const whole = begin > 0 && all.length > 1 ? all.slice(1) : all;
      const last = whole.slice(-count);
      const lines = last.map((line) => line.slice(0, lineBytes));
      const cut = [...last.keys()].filter((index) => lines[index] !== last[index]);
      const total = this.lines;
      return {from: total === null ? null : total - lines.length + 1, lines, cut};
    });
  }

  async close(): Promise<void> {
    await this.#turn.catch(() => {});
    await this.#handle.close();
  }

  async #alone<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(act, act);
    this.#turn = turn;
    return await turn;
  }

  async #countTo(offset: number, block: number): Promise<void> {
    const end = Math.min(offset, this.#size > wholeBytes ? headBytes : this.#size);
    while (this.#countedTo < end && this.#marks.length <= block) {
      const piece = await this.#bytes(this.#countedTo, Math.min(pieceBytes, end - this.#countedTo));
      if (piece.length === 0) {
        return;
      }
      for (let at = piece.indexOf(newline); at >= 0; at = piece.indexOf(newline, at + 1)) {
        this.#newlines += 1;
        if (this.#newlines % linesPerMark === 0) {
          this.#marks.push(this.#countedTo + at + 1);
        }
      }
      this.#countedTo += piece.length;
      this.#endsOpen = piece.at(-1) !== newline;
    }
  }

  async #linesAt(begin: number, skip: number, count: number): Promise<Omit<LineWindow, 'from'>> {
    const collector = new LineCollector(skip, count);
    for (let at = begin; !collector.isFull && at < this.#size; ) {
      const piece = await this.#bytes(at, Math.min(pieceBytes, this.#size - at));
      if (piece.length === 0) {
        break;
      }
      collector.take(piece);
      at += piece.length;
    }
    return collector.end();
  }

  async #bytes(at: number, length: number): Promise<Buffer> {
    const {buffer, bytesRead} = await this.#handle.read(Buffer.allocUnsafe(length), 0, length, at);
    return buffer.subarray(0, bytesRead);
  }
}

/** Cuts pieces of a file into lines, past the first `skip` of them. */
class LineCollector {
  readonly #count: number;
  #skip: number;
  #open: Buffer[] = [];
  #openBytes = 0;
  #bytes = 0;
  readonly #lines: string[] = [];
  readonly #cut: number[] = [];

  constructor(skip: number, count: number) {
    this.#skip = skip;
    this.#count = count;
  }

  get isFull(): boolean {
    return this.#lines.length >= this.#count || this.#bytes > BYTES_PER_READ - lineBytes;
  }

  take(piece: Buffer): void {
    for (let at = 0; at < piece.length && !this.isFull; ) {
      const found = piece.indexOf(newline, at);
      const end = found < 0 ? piece.length : found;
      this.#add(piece.subarray(at, end));
      if (found >= 0) {
        this.#close();
      }
      at = end + 1;
    }
  }

  end(): Omit<LineWindow, 'from'> {
    if (this.#openBytes > 0 && !this.isFull) {
      this.#close();
    }
    return {lines: this.#lines, cut: this.#cut};
  }

  #add(part: Buffer): void {
    if (this.#skip === 0 && this.#openBytes < lineBytes) {
      this.#open.push(Buffer.from(part.subarray(0, lineBytes - this.#openBytes)));
    }
    this.#openBytes += part.length;
  }

  #close(): void {
    if (this.#skip > 0) {
      this.#skip -= 1;
    } else {
      if (this.#openBytes > lineBytes) {
        this.#cut.push(this.#lines.length);
      }
      const line = Buffer.concat(this.#open);
      this.#lines.push(line.toString('utf8'));
      this.#bytes += line.length + 1;
    }
    this.#open = [];
    this.#openBytes = 0;
  }
}

/**
 * What jobs print, in `logs/job-ID.log` of the area: the command of a job writes there itself, the output of a run is written by the
 * daemon. Never waited for by who is driving a run, as the area may be on a slow disk.
 */
import {appendFile, open, readFile, rm} from 'node:fs/promises';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {gunzip} from 'node:zlib';

/** Bytes of one answer. */
const partBytes = 64 * 1024;

/** Relative to the area. */
export function jobLogPath(jobId: number): string {
  return `logs/job-${jobId}.log`;
}

export class JobLogs {
  readonly #areaPath: string;
  readonly #warn: (text: string) => void;
  #written: Promise<void> = Promise.resolve();
  #waiting = new Map<number, string>();

  constructor(areaPath: string, warn: (text: string) => void) {
    this.#areaPath = areaPath;
    this.#warn = warn;
  }

  /** Ids are used again when the newest jobs have been forgotten: a new job begins without a log. */
  begin(jobId: number): void {
    const path = this.#pathOf(jobId);
    this.#then(async () => {
      await rm(path, {force: true});
      await rm(`${path}.gz`, {force: true});
    });
  }

  /** What is said meanwhile is written together. */
  say(jobId: number, text: string): void {
    const waiting = this.#waiting.get(jobId);
    this.#waiting.set(jobId, `${waiting ?? ''}${text}\n`);
    if (waiting === undefined) {
      this.#then(async () => {
        const all = this.#waiting.get(jobId) ?? '';
        this.#waiting.delete(jobId);
        await appendFile(this.#pathOf(jobId), all);
      });
    }
  }

  /** A line in `logs/dashboard-actions.log`, for a job that was asked for on a page. */
  noteAction(line: string): void {
    this.#then(
      async () => await appendFile(join(this.#areaPath, 'logs', 'dashboard-actions.log'), `${line}\n`),
    );
  }

  /** Resolves once all that was said is in the files. */
  async written(): Promise<void> {
    await this.#written;
  }

  async read(jobId: number, offset: number): Promise<{readonly text: string; readonly next: number}> {
    await this.#written;
    const bytes = (await this.#readPlain(jobId, offset)) ?? (await this.#readPacked(jobId, offset));
    const part = bytes.subarray(0, wholeCharacters(bytes));
    return {text: part.toString('utf8'), next: offset + part.length};
  }

  async #readPlain(jobId: number, offset: number): Promise<Buffer | undefined> {
    const file = await open(this.#pathOf(jobId)).catch(() => undefined);
    if (file === undefined) {
      return undefined;
    }
    try {
      const {buffer, bytesRead} = await file.read(Buffer.alloc(partBytes), 0, partBytes, offset);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }

  /** Large logs are packed after a while. */
  async #readPacked(jobId: number, offset: number): Promise<Buffer> {
    const packed = await readFile(`${this.#pathOf(jobId)}.gz`).catch(() => undefined);
    const bytes = packed === undefined ? Buffer.alloc(0) : await promisify(gunzip)(packed);
    return bytes.subarray(offset, offset + partBytes);
  }

  #then(act: () => Promise<void>): void {
    this.#written = this.#written.then(act).catch((error: unknown) => {
      this.#warn(`the log of a job could not be written: ${error instanceof Error ? error.message : error}`);
    });
  }

  #pathOf(jobId: number): string {
    return join(this.#areaPath, jobLogPath(jobId));
  }
}

/** How many of these bytes of UTF-8 are whole characters; all of them when they are not, or are the end of what is there. */
export function wholeCharacters(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length - 1); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) {
      return bytes.length;
    }
    if (byte >= 0xc0) {
      const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return needed > back ? bytes.length - back : bytes.length;
    }
  }
  return bytes.length;
}

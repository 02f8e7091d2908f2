/**
 * Copies M to T in a worker thread: a second after something was committed, if the last flush is long enough ago, and at once when
 * somebody asks for a barrier (spec homehost.md 5.3). While nothing is committed there is nothing to do, and no timer: whether somebody
 * else wrote T is looked at with the daemon's heartbeat (5.6).
 */

import {statSync} from 'node:fs';
import {stat} from 'node:fs/promises';
import {RpcError, type SyncStatus} from '@megatest/rpc';
import type {FlushReport, FlushRequest} from '@megatest/store';
import {FlushWorker} from './flush-worker.ts';

/** What is committed shortly after one another is copied together. */
const gatherMs = 1000;
/** Before a flush that failed is tried again. */
const retryMs = 1000;
/** Flushes that a barrier tries before it says that T cannot be written. */
const barrierTries = 3;
/** T may never be further behind than this without a warning. */
const lagLimitS = 5;

export type Flushed = Extract<FlushReport, {readonly kind: 'flushed'}>;
export type FlushProblem = Exclude<FlushReport, {readonly kind: 'flushed'}>;

export type SyncerOptions = {
  readonly workerPath: string;
  readonly working: string;
  readonly area: string;
  readonly owner: string;
  readonly intervalS: number;
  readonly marginS: number;
  /** Counts committed writes: T is behind while it moves on. */
  readonly writes: () => number;
  /** Writes the marks of a flush into M without making it dirty. */
  readonly onFlushed: (report: Flushed) => void;
  readonly onProblem: (report: FlushProblem) => void;
  readonly warn: (text: string) => void;
};

export class Syncer {
  readonly #options: SyncerOptions;
  readonly #worker: FlushWorker;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  readonly #workingInode: number;
  /** Nothing is known to be in T yet: the last daemon may have left rows behind. */
  #flushedWrites = -1;
  #running: Promise<void> | undefined;
  #lastStartMs = Number.NEGATIVE_INFINITY;
  #lastFlushMs = 0;
  #dirtySinceMs: number | undefined;
  #stamp = 0;
  #seq = 0;
  #identity: string | undefined;
  /** T as it was when a look last found that somebody else had written it. */
  #seenArea = '';
  #problem: FlushProblem | undefined;

  constructor(options: SyncerOptions) {
    this.#options = options;
    this.#workingInode = statSync(options.working).ino;
    this.#worker = new FlushWorker(options.workerPath);
    this.noteCommit();
  }

  /** Something may have been committed: to be called after every commit. */
  noteCommit(): void {
    if (!this.isDirty || this.#running !== undefined || this.#timer !== undefined || this.#isClosed) {
      return;
    }
    this.#dirtySinceMs ??= performance.now();
    this.#timer = setTimeout(() => this.#onTimer(), Math.max(gatherMs, this.#pauseMs));
    this.#timer.unref();
  }

  /** Until the next flush may start. */
  get #pauseMs(): number {
    return this.#lastStartMs + this.#options.intervalS * 1000 - performance.now();
  }

  #onTimer(): void {
    this.#timer = undefined;
    if (this.#pauseMs > 0) {
      // A barrier has flushed meanwhile.
      this.noteCommit();
    } else if (this.isDirty && this.#running === undefined) {
      void this.#flush();
    }
  }

  get isDirty(): boolean {
    return this.#options.writes() !== this.#flushedWrites;
  }

  status(): SyncStatus {
    return {
      dirty: this.isDirty,
      lastFlushMs: Math.round(this.#lastFlushMs),
      lagS:
        this.#dirtySinceMs === undefined
          ? 0
          : Math.round((performance.now() - this.#dirtySinceMs) / 100) / 10,
      stamp: this.#stamp,
      seq: this.#seq,
    };
  }

  /** Why the last flush did not succeed. */
  get problem(): FlushProblem | undefined {
    return this.#problem;
  }

  /** The same in words. */
  get problemText(): string | undefined {
    return this.#problem === undefined ? undefined : describeProblem(this.#problem);
  }

  /** Resolves once everything committed before the call is in T; fails when T cannot be written. */
  async barrier(isFull = false): Promise<{readonly stamp: number; readonly seq: number}> {
    const wanted = this.#options.writes();
    let tries = 0;
    for (let mustCompare = isFull; mustCompare || this.#flushedWrites < wanted; ) {
      if (tries >= barrierTries) {
        throw new RpcError('timeout', `megatest.db cannot be written now: ${describeProblem(this.#problem)}`);
      }
      if (this.#running !== undefined) {
        await this.#running;
      } else {
        tries += 1;
        await this.#flush(mustCompare);
        mustCompare = mustCompare && this.#problem !== undefined;
      }
    }
    return {stamp: this.#stamp, seq: this.#seq};
  }

  /** Somebody else wrote T while there was nothing to flush: a flush takes that in. Not waited for, as a network disk may be slow. */
  async lookAtArea(): Promise<void> {
    const known = this.#identity;
    if (known === undefined || this.isDirty || this.#running !== undefined) {
      return;
    }
    const found = await stat(this.#options.area).catch(() => undefined);
    const seen = found === undefined ? '' : `${found.mtimeMs}/${found.size}/${found.ino}`;
    // What was seen once and could not be taken is told once; the next write tries again.
    const isNew = seen !== '' && !known.startsWith(`${seen}/`) && seen !== this.#seenArea;
    if (isNew && known === this.#identity && this.#running === undefined && !this.#isClosed) {
      this.#seenArea = seen;
      await this.#flush();
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#running;
    if (this.#problem?.kind !== 'lostLease') {
      this.#problem = undefined;
    }
    // What was under way when the connections were closed may be committed during a flush.
    while (this.isDirty && this.#problem === undefined) {
      await this.#flush();
    }
    await this.#worker.close();
  }

  async #flush(isFull = false): Promise<void> {
    this.#running = this.#flushOnce(isFull).finally(() => {
      this.#running = undefined;
      this.noteCommit();
    });
    await this.#running;
  }

  async #flushOnce(isFull: boolean): Promise<void> {
    const {working, area, owner, marginS, writes} = this.#options;
    const before = writes();
    const started = performance.now();
    this.#lastStartMs = started;
    const request: FlushRequest = {
      working,
      area,
      owner,
      marginS,
      nowS: Date.now() / 1000,
      isFull,
      workingInode: this.#workingInode,
      lastIdentity: this.#identity,
    };
    const report = await this.#worker.flush(request);
    this.#lastFlushMs = performance.now() - started;
    if (report.kind !== 'flushed') {
      this.#problem = report;
      this.#options.onProblem(report);
      await new Promise((resolve) => setTimeout(resolve, retryMs));
      return;
    }
    const lagS = this.#dirtySinceMs === undefined ? 0 : (performance.now() - this.#dirtySinceMs) / 1000;
    if (lagS > lagLimitS) {
      this.#options.warn(`T was ${lagS.toFixed(1)} seconds behind`);
    }
    this.#problem = undefined;
    this.#identity = report.identity;
    this.#flushedWrites = before;
    // What was committed during the flush may be as old as its beginning.
    this.#dirtySinceMs = this.isDirty ? started : undefined;
    this.#stamp = report.stamp;
    this.#seq = report.seq;
    this.#options.onFlushed(report);
  }
}

function describeProblem(problem: FlushProblem | undefined): string {
  switch (problem?.kind) {
    case undefined:
      return 'it is being written';
    case 'failed':
      return problem.message;
    case 'lostLease':
      return 'another daemon writes it';
    case 'foreign':
      return 'it is another database';
    case 'restored':
      return 'it was restored; use -import-megatest.db or -sync-to-megatest.db';
    case 'workingGone':
      return 'the working database was removed';
  }
}

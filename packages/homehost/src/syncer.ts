/**
 * Copies M to T in a worker thread: every second, if something was committed and the last flush is long enough ago, when somebody else
 * wrote T, and at once when somebody asks for a barrier (spec homehost.md 5.3, 5.6).
 */

import {statSync} from 'node:fs';
import {stat} from 'node:fs/promises';
import {Worker} from 'node:worker_threads';
import {RpcError, type SyncStatus} from '@megatest/rpc';
import type {FlushReport, FlushRequest} from '@megatest/store';

const tickMs = 1000;
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
  readonly #worker: Worker;
  readonly #timer: NodeJS.Timeout;
  readonly #workingInode: number;
  /** Nothing is known to be in T yet: the last daemon may have left rows behind. */
  #flushedWrites = -1;
  #running: Promise<void> | undefined;
  #resolveReply: ((report: FlushReport) => void) | undefined;
  #lastStartMs = Number.NEGATIVE_INFINITY;
  #lastFlushMs = 0;
  #dirtySinceMs: number | undefined;
  #stamp = 0;
  #seq = 0;
  #identity: string | undefined;
  #lastLookMs = Number.NEGATIVE_INFINITY;
  #seenArea = '';
  #isClosing = false;
  #problem: FlushProblem | undefined;

  constructor(options: SyncerOptions) {
    this.#options = options;
    this.#workingInode = statSync(options.working).ino;
    this.#worker = new Worker(options.workerPath);
    this.#worker.on('message', (report: FlushReport) => this.#resolveReply?.(report));
    this.#worker.on('error', (error) => this.#resolveReply?.({kind: 'failed', message: error.message}));
    this.#worker.unref();
    this.#timer = setInterval(() => this.#tick(), tickMs);
    this.#timer.unref();
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

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#isClosing = true;
    await this.#running;
    if (this.#problem?.kind !== 'lostLease') {
      this.#problem = undefined;
    }
    // What was under way when the connections were closed may be committed during a flush.
    while (this.isDirty && this.#problem === undefined) {
      await this.#flush();
    }
    await this.#worker.terminate();
  }

  #tick(): void {
    if (this.#running !== undefined) {
      return;
    }
    if (!this.isDirty) {
      void this.#lookAtArea();
      return;
    }
    this.#dirtySinceMs ??= performance.now();
    if (performance.now() - this.#lastStartMs >= this.#options.intervalS * 1000) {
      void this.#flush();
    }
  }

  /** Somebody else wrote T while there was nothing to flush: a flush takes that in. Not waited for, as a network disk may be slow. */
  async #lookAtArea(): Promise<void> {
    const known = this.#identity;
    if (known === undefined || performance.now() - this.#lastLookMs < this.#options.intervalS * 1000) {
      return;
    }
    this.#lastLookMs = performance.now();
    const found = await stat(this.#options.area).catch(() => undefined);
    const seen = found === undefined ? '' : `${found.mtimeMs}/${found.size}/${found.ino}`;
    // What was seen once and could not be taken is told once; the next write tries again.
    const isNew = seen !== '' && !known.startsWith(`${seen}/`) && seen !== this.#seenArea;
    if (isNew && known === this.#identity && this.#running === undefined && !this.#isClosing) {
      this.#seenArea = seen;
      await this.#flush();
    }
  }

  async #flush(isFull = false): Promise<void> {
    this.#running = this.#flushOnce(isFull).finally(() => {
      this.#running = undefined;
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
    const report = await new Promise<FlushReport>((resolve) => {
      this.#resolveReply = resolve;
      this.#worker.postMessage(request);
    });
    this.#lastFlushMs = performance.now() - started;
    if (report.kind !== 'flushed') {
      this.#problem = report;
      this.#options.onProblem(report);
      await new Promise((resolve) => setTimeout(resolve, tickMs));
      return;
    }
    const lagS = this.#dirtySinceMs === undefined ? 0 : (performance.now() - this.#dirtySinceMs) / 1000;
    if (lagS > lagLimitS) {
      this.#options.warn(`T was ${lagS.toFixed(1)} seconds behind`);
    }
    this.#problem = undefined;
    this.#identity = report.identity;
    this.#flushedWrites = before;
    this.#dirtySinceMs = this.isDirty ? performance.now() : undefined;
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

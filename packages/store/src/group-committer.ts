/**
 * Groups the writes that are waiting, of all connections, into one transaction (spec homehost.md 8.8).
 *
 * Of several, each runs in its own savepoint, so one that fails is undone alone. A promise is answered after the commit: what was
 * acknowledged is on disk.
 */
import type {Connection} from './connection.ts';
import {prepared} from './statement-cache.ts';

/** No group runs longer than this before it commits, so that nobody waits for a stranger's batch. */
const maxGroupMs = 50;
const maxGroupWrites = 1000;
/** Another process holds the write lock: asked again this often, so that everybody else is answered meanwhile, and for so long. */
const busyPauseMs = 20;
const defaultBusyLimitMs = 30_000;

type Waiting = {
  readonly isMark: boolean;
  /** `isAlone`: what is undone when it fails is all that the transaction has done, so it needs no savepoint. */
  run(isAlone: boolean): void;
  settle(committed: boolean, error?: unknown): void;
};

export type CommitHooks = {
  /** The lock is held: until the commit or the rollback nobody else writes. */
  readonly onBegin?: () => void;
  /** Still in the transaction, after the writes of the group: what follows from them is committed with them. */
  readonly beforeCommit?: () => void;
  readonly onCommit?: () => void;
  /** A write, or with `isWhole` everything of the group, was undone. */
  readonly onRollback?: (isWhole: boolean) => void;
  /** Waiting writes fail when another process holds the write lock for longer than this. */
  readonly busyLimitMs?: number;
};

export class GroupCommitter {
  readonly #db: Connection;
  readonly #waiting: Waiting[] = [];
  readonly #onBegin: () => void;
  readonly #beforeCommit: () => void;
  readonly #onCommit: () => void;
  readonly #onRollback: (isWhole: boolean) => void;
  readonly #busyLimitMs: number;
  #isScheduled = false;
  #writes = 0;
  /** Since when another process has kept the write lock from this one. */
  #busySinceMs: number | undefined;

  constructor(db: Connection, hooks: CommitHooks = {}) {
    this.#db = db;
    this.#onBegin = hooks.onBegin ?? (() => {});
    this.#beforeCommit = hooks.beforeCommit ?? (() => {});
    this.#onCommit = hooks.onCommit ?? (() => {});
    this.#onRollback = hooks.onRollback ?? (() => {});
    this.#busyLimitMs = hooks.busyLimitMs ?? defaultBusyLimitMs;
  }

  /** Number of committed writes so far, marks not counted; what followed from marks alone counts as one. */
  get writes(): number {
    return this.#writes;
  }

  /**
   * Runs `write` in the next group; resolves with its value once the group is committed. A mark is a write about the file itself,
   * such as how far it was copied: it is not counted, because it makes no copy old.
   */
  async write<T>(write: () => T, {isMark = false}: {readonly isMark?: boolean} = {}): Promise<T> {
    return await new Promise<T>((resolve, reject) => {
      let outcome: {readonly value: T} | {readonly error: unknown} | undefined;
      this.#waiting.push({
        isMark,
        run: (isAlone) => {
          try {
            if (!isAlone) {
              prepared(this.#db, 'SAVEPOINT w').run();
            }
            outcome = {value: write()};
            if (!isAlone) {
              prepared(this.#db, 'RELEASE w').run();
            }
          } catch (error) {
            if (this.#db.inTransaction) {
              this.#db.exec(isAlone ? 'ROLLBACK; BEGIN IMMEDIATE' : 'ROLLBACK TO w; RELEASE w');
            }
            this.#onRollback(false);
            outcome = {error};
          }
        },
        settle: (committed, error) => {
          if (!committed || outcome === undefined) {
            reject(error);
          } else if ('value' in outcome) {
            resolve(outcome.value);
          } else {
            reject(outcome.error);
          }
        },
      });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (!this.#isScheduled) {
      this.#isScheduled = true;
      setImmediate(() => {
        this.#isScheduled = false;
        this.#commitGroup();
      });
    }
  }

  /** Takes the write lock; false when another process has it, and the group is tried again in a moment. */
  #begin(): boolean {
    try {
      prepared(this.#db, 'BEGIN IMMEDIATE').run();
      this.#busySinceMs = undefined;
      return true;
    } catch (error) {
      const now = performance.now();
      this.#busySinceMs ??= now;
      if (!isBusy(error) || now - this.#busySinceMs > this.#busyLimitMs) {
        this.#busySinceMs = undefined;
        throw error;
      }
      this.#isScheduled = true;
      setTimeout(() => {
        this.#isScheduled = false;
        this.#commitGroup();
      }, busyPauseMs);
      return false;
    }
  }

  #commitGroup(): void {
    const group: Waiting[] = [];
    const started = performance.now();
    let writes = 0;
    try {
      if (!this.#begin()) {
        return;
      }
      this.#onBegin();
      const isAlone = this.#waiting.length === 1;
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
        group.push(next);
        next.run(isAlone);
        if (isAlone || group.length >= maxGroupWrites || performance.now() - started > maxGroupMs) {
          break;
        }
      }
      writes = group.filter(({isMark}) => !isMark).length;
      if (writes > 0) {
        this.#beforeCommit();
      } else {
        writes = Math.sign(this.#changesOf(this.#beforeCommit));
      }
      prepared(this.#db, 'COMMIT').run();
    } catch (error) {
      // Without a transaction (BEGIN failed) nothing has been taken yet: the first waiting write carries the bad news.
      const failed = group.length > 0 ? group : this.#waiting.splice(0);
      try {
        if (this.#db.inTransaction) {
          this.#db.exec('ROLLBACK');
        }
        this.#onRollback(true);
      } finally {
        // Whatever fails here too: nobody waits for ever, and nothing is tried again and again.
        for (const waiting of failed) {
          waiting.settle(false, error);
        }
      }
      return;
    } finally {
      if (this.#waiting.length > 0) {
        this.#schedule();
      }
    }
    this.#writes += writes;
    this.#onCommit();
    for (const waiting of group) {
      waiting.settle(true);
    }
  }

  /** Rows that `action` changed. */
  #changesOf(action: () => void): number {
    const total = () => prepared<[], number>(this.#db, 'SELECT total_changes()').pluck().get() ?? 0;
    const before = total();
    action();
    return total() - before;
  }
}

function isBusy(error: unknown): boolean {
  const {code} = error as {code?: unknown};
  return typeof code === 'string' && code.startsWith('SQLITE_BUSY');
}

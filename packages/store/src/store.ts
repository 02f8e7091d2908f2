/**
 * The rows of one database, through named statements. All SQL of the project that reads or writes results stands in this package.
 *
 * A store is used inside a transaction of its owner (see `GroupCommitter`); it collects which rows changed, so that the scheduler
 * and the change feed need not look for them.
 */
import {ArchiveTable} from './archive-table.ts';
import {AttemptTable} from './attempt-table.ts';
import type {Connection} from './connection.ts';
import {DataTable} from './data-table.ts';
import {JobTable} from './job-table.ts';
import {LockTable} from './lock-table.ts';
import {MetaTable} from './meta-table.ts';
import {Overviews} from './overviews.ts';
import {RunTable} from './run-table.ts';
import {RunnerTable} from './runner-table.ts';
import {readKeys} from './schema.ts';
import {prepared} from './statement-cache.ts';
import {StepTable} from './step-table.ts';
import {TestListings} from './test-listings.ts';
import {TestTable} from './test-table.ts';
import {UsageTable} from './usage-table.ts';

/** Ids of rows written since the last call of `takeChanges`. */
export type Changes = {
  readonly runs: Set<number>;
  readonly tests: Set<number>;
  readonly runners: Set<number>;
  readonly jobs: Set<number>;
};

export function noChanges(): Changes {
  return {runs: new Set(), tests: new Set(), runners: new Set(), jobs: new Set()};
}

export class Store {
  readonly db: Connection;
  readonly keys: readonly string[];
  readonly runs: RunTable;
  readonly tests: TestTable;
  readonly steps: StepTable;
  readonly data: DataTable;
  readonly usage: UsageTable;
  readonly runners: RunnerTable;
  readonly jobs: JobTable;
  readonly attempts: AttemptTable;
  readonly meta: MetaTable;
  readonly archives: ArchiveTable;
  readonly listings: TestListings;
  readonly locks: LockTable;
  readonly overviews: Overviews;
  #changes: Changes = noChanges();

  constructor(db: Connection) {
    this.db = db;
    this.keys = readKeys(db);
    const changed = () => this.#changes;
    this.runs = new RunTable(db, this.keys, changed);
    this.tests = new TestTable(db, changed);
    this.steps = new StepTable(db, changed);
    this.data = new DataTable(db, changed, this.tests);
    this.usage = new UsageTable(db);
    this.runners = new RunnerTable(db, changed);
    this.jobs = new JobTable(db, changed);
    this.attempts = new AttemptTable(db);
    this.meta = new MetaTable(db);
    this.archives = new ArchiveTable(db);
    this.listings = new TestListings(db);
    this.locks = new LockTable(db);
    this.overviews = new Overviews(db, this.runs);
  }

  /** Whether a test was written since the last call of `takeChanges`. */
  get hasChangedTests(): boolean {
    return this.#changes.tests.size > 0;
  }

  takeChanges(): Changes {
    const changes = this.#changes;
    this.#changes = noChanges();
    return changes;
  }

  /** Tells of tests that another connection wrote, as if they had been written here. */
  noteChanged(testIds: readonly number[]): void {
    for (const testId of testIds) {
      this.#changes.tests.add(testId);
    }
  }

  /** Deletes what an execution left of a test. Most tests are executed once: a look costs less than three deletions of nothing. */
  deleteRecords(testId: number): void {
    const hasSome = prepared<[{readonly testId: number}], number>(
      this.db,
      `SELECT EXISTS (SELECT 1 FROM test_steps WHERE test_id = @testId) OR EXISTS (SELECT 1 FROM test_data WHERE test_id = @testId)
         OR EXISTS (SELECT 1 FROM test_rundat WHERE test_id = @testId)`,
    ).pluck();
    if (hasSome.get({testId}) === 1) {
      this.steps.deleteOf(testId);
      this.data.deleteOf(testId);
      this.usage.deleteOf(testId);
    }
  }

  /** Forgets what it derived from rows: after a rollback, or when another connection wrote. */
  invalidate(): void {
    this.tests.invalidate();
  }

  getMeta(name: string): string | undefined {
    return prepared<[string], string>(this.db, 'SELECT val FROM metadat WHERE var = ?').pluck().get(name);
  }

  setMeta(name: string, value: string): void {
    prepared(
      this.db,
      'INSERT INTO metadat (var, val) VALUES (?, ?) ON CONFLICT (var) DO UPDATE SET val = excluded.val',
    ).run(name, value);
  }

  /** False when there was no such variable. */
  deleteMeta(name: string): boolean {
    return prepared(this.db, 'DELETE FROM metadat WHERE var = ?').run(name).changes > 0;
  }

  /** The stored answer to a write that was made already, or `undefined`. */
  doneResult(client: string, seq: number): string | undefined {
    return prepared<[string, number], string>(
      this.db,
      'SELECT result FROM rpc_done WHERE client = ? AND seq = ?',
    )
      .pluck()
      .get(client, seq);
  }

  storeDone(client: string, seq: number, result: string, nowS: number): void {
    prepared(this.db, 'INSERT INTO rpc_done (client, seq, result, at) VALUES (?, ?, ?, ?)').run(
      client,
      seq,
      result,
      nowS,
    );
  }

  /** As `storeDone`, for who keeps only the last answer. */
  replaceDone(client: string, seq: number, result: string, nowS: number): void {
    prepared(this.db, 'INSERT OR REPLACE INTO rpc_done (client, seq, result, at) VALUES (?, ?, ?, ?)').run(
      client,
      seq,
      result,
      nowS,
    );
  }

  /** The highest write of `client` that is known to be done. */
  lastDone(client: string): number {
    return (
      prepared<[string], number | null>(this.db, 'SELECT max(seq) FROM rpc_done WHERE client = ?')
        .pluck()
        .get(client) ?? 0
    );
  }

  pruneDone(beforeS: number): void {
    prepared(this.db, 'DELETE FROM rpc_done WHERE at < ?').run(beforeS);
  }

  pruneTombstones(beforeS: number): void {
    prepared(this.db, 'DELETE FROM sync_deletes WHERE last_update < ?').run(beforeS);
  }

  addAccess(user: string, args: string, nowS: number): void {
    prepared(this.db, 'INSERT INTO access_log (user, accessed, args) VALUES (?, ?, ?)').run(user, nowS, args);
  }
}

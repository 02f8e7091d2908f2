/**
 * Rows of `test_rundat`: samples of a host while tests run there (spec execution.md 10.4), and one row for each test that ended, with
 * what its processes used. They stand in M only and are not synced; after a week they go.
 */
import type {Connection} from './connection.ts';
import {prepared} from './statement-cache.ts';

/** What the processes of a test used; `null` where the system did not say. */
export type ResourceUsage = {
  /** CPU time in the programs themselves, in seconds. */
  readonly cpuUserS: number | null;
  /** CPU time in the system on their behalf, in seconds. */
  readonly cpuSystemS: number | null;
  readonly memoryPeakBytes: number | null;
  /** From and to disks: what the page cache answered does not count. */
  readonly readBytes: number | null;
  readonly writtenBytes: number | null;
};

export type UsageRow = ResourceUsage & {readonly testId: number};

export class UsageTable {
  readonly #db: Connection;

  constructor(db: Connection) {
    this.#db = db;
  }

  /** One look at a host, in the name of one of its tests. */
  addSample(testId: number, nowS: number, cpuload: number, diskfree: number, runDuration: number): void {
    prepared(
      this.#db,
      'INSERT INTO test_rundat (test_id, update_time, cpuload, diskfree, run_duration) VALUES (?, ?, ?, ?, ?)',
    ).run(testId, nowS, cpuload, diskfree, runDuration);
  }

  /** The account of a test that ended. */
  add(testId: number, nowS: number, runDuration: number, usage: ResourceUsage): void {
    prepared(
      this.#db,
      `INSERT INTO test_rundat (test_id, update_time, run_duration, cpu_user, cpu_system, memory_peak, read_bytes, written_bytes)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    ).run(
      testId,
      nowS,
      runDuration,
      usage.cpuUserS,
      usage.cpuSystemS,
      usage.memoryPeakBytes,
      usage.readBytes,
      usage.writtenBytes,
    );
  }

  /** The newest account of each test that has one. */
  list(testIds: readonly number[]): readonly UsageRow[] {
    return prepared<[], UsageRow>(
      this.#db,
      `SELECT test_id AS testId, cpu_user AS cpuUserS, cpu_system AS cpuSystemS, memory_peak AS memoryPeakBytes,
           read_bytes AS readBytes, written_bytes AS writtenBytes FROM test_rundat
         WHERE id IN (SELECT max(id) FROM test_rundat WHERE test_id IN (${testIds.map(Number).join(', ')})
           AND coalesce(cpu_user, memory_peak, read_bytes) IS NOT NULL GROUP BY test_id) ORDER BY test_id`,
    ).all();
  }

  deleteOf(testId: number): void {
    prepared(this.#db, 'DELETE FROM test_rundat WHERE test_id = ?').run(testId);
  }

  prune(beforeS: number): void {
    prepared(this.#db, 'DELETE FROM test_rundat WHERE update_time < ?').run(beforeS);
  }
}

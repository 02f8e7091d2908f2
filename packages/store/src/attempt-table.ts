/**
 * Attempts of a test that was launched again in the same run (`[requirements] retries`): rows of `jobs` with the action `launch-test`,
 * one for each attempt that did not stand. The last one is the test's own row.
 */
import type {Connection} from './connection.ts';
import {prepared} from './statement-cache.ts';

export type Attempt = {
  /** Counted from 1. */
  readonly attempt: number;
  /** `STATE/STATUS` as it ended, such as `COMPLETED/FAIL`. */
  readonly result: string;
  readonly comment: string;
  /** Unix seconds. */
  readonly startTime: number;
  readonly endTime: number;
  /** Where its files are kept. */
  readonly directory: string;
};

export class AttemptTable {
  readonly #db: Connection;

  constructor(db: Connection) {
    this.#db = db;
  }

  /** The same launch is only kept once. */
  add(testId: number, runId: number, launchId: string, attempt: Attempt): void {
    const {result, comment, startTime, endTime, directory} = attempt;
    prepared(
      this.#db,
      `INSERT OR IGNORE INTO jobs (uuid, action, state, source, run_id, test_id, attempts, params, message, log_path, creation_time, start_time, end_time)
         VALUES (?, 'launch-test', 'failed', 'runner', ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ).run(
      launchId,
      runId,
      testId,
      attempt.attempt,
      JSON.stringify({result}),
      comment,
      directory,
      startTime,
      startTime,
      endTime,
    );
  }

  /** In the order in which they were made. */
  ofTest(testId: number): readonly Attempt[] {
    return prepared<[number], Attempt>(
      this.#db,
      `SELECT attempts AS attempt, json_extract(params, '$.result') AS result, message AS comment, start_time AS startTime,
         end_time AS endTime, log_path AS directory FROM jobs WHERE action = 'launch-test' AND test_id = ? ORDER BY id`,
    ).all(testId);
  }
}

/** Rows of `test_steps`. */
import type {Statement} from 'better-sqlite3';
import type {Connection} from './connection.ts';
import {type PageRequest, type RowPage, readPage} from './page.ts';
import {prepared} from './statement-cache.ts';
import type {Changes} from './store.ts';

export type StepRow = {
  readonly id: number;
  readonly testId: number;
  readonly stepName: string;
  readonly state: string;
  readonly status: string;
  readonly eventTime: number;
  readonly comment: string;
  readonly logfile: string;
};

export class StepTable {
  readonly #db: Connection;
  readonly #changes: () => Changes;
  readonly #delete: Statement<[number, string, string]>;
  readonly #insert: Statement<[number, string, string, string, number, string, string]>;

  constructor(db: Connection, changes: () => Changes) {
    this.#db = db;
    this.#changes = changes;
    this.#delete = db.prepare('DELETE FROM test_steps WHERE test_id = ? AND stepname = ? AND state = ?');
    this.#insert = db.prepare(
      'INSERT INTO test_steps (test_id, stepname, state, status, event_time, comment, logfile) VALUES (?, ?, ?, ?, ?, ?, ?)',
    );
  }

  /** Replaces the row of this step and state; the row gets a new id, so it is listed last (homehost.md 15.11). */
  set(step: Omit<StepRow, 'id'>): void {
    // Delete, not replace: only a delete leaves the tombstone of the old id.
    this.#delete.run(step.testId, step.stepName, step.state);
    this.#insert.run(
      step.testId,
      step.stepName,
      step.state,
      step.status,
      step.eventTime,
      step.comment,
      step.logfile,
    );
    this.#changes().tests.add(step.testId);
  }

  list(testIds: readonly number[]): readonly StepRow[] {
    return this.page(testIds, {limit: Number.MAX_SAFE_INTEGER - 1}).rows;
  }

  /** By test, in the order in which they were recorded. */
  page(testIds: readonly number[], page: PageRequest): RowPage<StepRow> {
    return readPage(
      this.#db,
      {
        fields: [
          ['id', 'id'],
          ['testId', 'test_id'],
          ['stepName', 'stepname'],
          ['state', 'state'],
          ['status', 'status'],
          ['eventTime', 'event_time'],
          ['comment', 'comment'],
          ['logfile', 'logfile'],
        ],
        from: 'test_steps',
        where: {
          sql: `test_id IN (${testIds.map(Number).join(', ')}) AND status <> 'DELETED'`,
          values: [],
        },
        orderBy: ['test_id', 'id'],
      },
      page,
    );
  }

  deleteOf(testId: number, stepNames?: readonly string[]): void {
    if (stepNames === undefined) {
      prepared(this.#db, 'DELETE FROM test_steps WHERE test_id = ?').run(testId);
      return;
    }
    const statement = prepared(this.#db, 'DELETE FROM test_steps WHERE test_id = ? AND stepname = ?');
    for (const name of stepNames) {
      statement.run(testId, name);
    }
  }
}

/** Rows of `test_data`, and their roll-up into the test (spec execution.md 16). */
import type {Connection} from './connection.ts';
import {matchColumn} from './selectors.ts';
import {prepared} from './statement-cache.ts';
import type {Changes} from './store.ts';
import type {TestTable} from './test-table.ts';

export type DataRow = {
  readonly id: number;
  readonly testId: number;
  readonly category: string;
  readonly variable: string;
  readonly value: number | string;
  readonly expected: number | string;
  readonly tol: number | string;
  readonly units: string;
  readonly comment: string;
  readonly status: string;
  readonly type: string;
};

export class DataTable {
  readonly #db: Connection;
  readonly #changes: () => Changes;
  readonly #tests: TestTable;

  constructor(db: Connection, changes: () => Changes, tests: TestTable) {
    this.#db = db;
    this.#changes = changes;
    this.#tests = tests;
  }

  add(testId: number, rows: readonly Omit<DataRow, 'id' | 'testId'>[]): void {
    const remove = prepared(
      this.#db,
      'DELETE FROM test_data WHERE test_id = ? AND category = ? AND variable = ?',
    );
    const insert = prepared(
      this.#db,
      `INSERT INTO test_data (test_id, category, variable, value, expected, tol, units, comment, status, type)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    for (const row of rows) {
      remove.run(testId, row.category, row.variable);
      insert.run(
        testId,
        row.category,
        row.variable,
        row.value,
        row.expected,
        row.tol,
        row.units,
        row.comment,
        row.status,
        row.type,
      );
    }
    this.#changes().tests.add(testId);
  }

  list(testIds: readonly number[], categoryPatt = '%'): readonly DataRow[] {
    const category = matchColumn('category', categoryPatt);
    return prepared<unknown[], DataRow>(
      this.#db,
      `SELECT id, test_id AS testId, category, variable, value, expected, tol, units, comment, status, type FROM test_data
         WHERE test_id IN (${testIds.map(Number).join(', ')}) AND ${category.sql} AND status <> 'DELETED'
         ORDER BY test_id, category, variable`,
    ).all(...category.values);
  }

  /** Counts passed and failed values into the test and returns the status that follows, given its present one. */
  rollUp(testId: number, status: string): string {
    const counts = prepared<[number], {failed: number | null; passed: number | null}>(
      this.#db,
      `SELECT sum(lower(status) = 'fail') AS failed, sum(lower(status) = 'pass') AS passed FROM test_data WHERE test_id = ?`,
    ).get(testId);
    const failed = counts?.failed ?? 0;
    const passed = counts?.passed ?? 0;
    this.#tests.update(testId, {failCount: failed, passCount: passed});
    if (failed > 0) {
      return 'FAIL';
    }
    return passed > 0 && status !== 'WARN' && status !== 'FAIL' ? 'PASS' : status;
  }

  deleteOf(testId: number, categories?: readonly string[]): void {
    if (categories === undefined) {
      prepared(this.#db, 'DELETE FROM test_data WHERE test_id = ?').run(testId);
      return;
    }
    const statement = prepared(this.#db, 'DELETE FROM test_data WHERE test_id = ? AND category = ?');
    for (const category of categories) {
      statement.run(testId, category);
    }
  }
}

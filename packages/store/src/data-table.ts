/** Rows of `test_data`, and their roll-up into the test (spec execution.md 16). */
import type {DataValues} from '@megatest/model';
import type {Connection} from './connection.ts';
import {type PageRequest, type RowPage, readPage} from './page.ts';
import {all, matchColumnAny} from './selectors.ts';
import {prepared} from './statement-cache.ts';
import type {Changes} from './store.ts';
import type {TestTable} from './test-table.ts';

export type DataRow = DataValues & {readonly id: number; readonly testId: number};

export class DataTable {
  readonly #db: Connection;
  readonly #changes: () => Changes;
  readonly #tests: TestTable;

  constructor(db: Connection, changes: () => Changes, tests: TestTable) {
    this.#db = db;
    this.#changes = changes;
    this.#tests = tests;
  }

  add(testId: number, rows: readonly DataValues[]): void {
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

  list(testIds: readonly number[], categoryPatt?: string): readonly DataRow[] {
    return this.page(testIds, categoryPatt, {limit: Number.MAX_SAFE_INTEGER - 1}).rows;
  }

  /** By test, category and variable. */
  page(testIds: readonly number[], categoryPatt: string | undefined, page: PageRequest): RowPage<DataRow> {
    return readPage(
      this.#db,
      {
        fields: [
          ['id', 'id'],
          ['testId', 'test_id'],
          ...['category', 'variable', 'value', 'expected', 'tol', 'units', 'comment', 'status', 'type'].map(
            (name): [string, string] => [name, name],
          ),
        ],
        from: 'test_data',
        where: all([
          {sql: `test_id IN (${testIds.map(Number).join(', ')})`, values: []},
          matchColumnAny('category', categoryPatt),
          {sql: "status <> 'DELETED'", values: []},
        ]),
        orderBy: [
          'test_id',
          ...['category', 'variable'].map((name) => `coalesce(CAST(${name} AS TEXT), '')`),
          'id',
        ],
      },
      page,
    );
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

/** Rows of `test_meta`: what the testconfigs say about themselves (spec runs.md 17). */
import type {Connection} from './connection.ts';
import {prepared} from './statement-cache.ts';

/** Columns that a testconfig may set; no other name ever becomes part of a statement. */
const columns: readonly string[] = ['author', 'owner', 'description', 'reviewed', 'tags', 'jobgroup'];

export type MetaChange = {readonly testName: string; readonly field: string; readonly value: string};

export class MetaTable {
  readonly #db: Connection;

  constructor(db: Connection) {
    this.#db = db;
  }

  /** Makes the row when it is missing and writes what differs; a key that is gone keeps its old value. */
  update(testName: string, values: Readonly<Record<string, string>>): readonly MetaChange[] {
    prepared(this.#db, 'INSERT INTO test_meta (testname) VALUES (?) ON CONFLICT (testname) DO NOTHING').run(
      testName,
    );
    const row = prepared<[string], Readonly<Record<string, string | null>>>(
      this.#db,
      `SELECT ${columns.join(', ')} FROM test_meta WHERE testname = ?`,
    ).get(testName);
    const changes: MetaChange[] = [];
    for (const field of columns) {
      const value = values[field];
      if (value !== undefined && value !== row?.[field]) {
        prepared(this.#db, `UPDATE test_meta SET ${field} = ? WHERE testname = ?`).run(value, testName);
        changes.push({testName, field, value});
      }
    }
    return changes;
  }
}

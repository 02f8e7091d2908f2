/** Rows of `test_meta`: what the testconfigs say about themselves (spec runs.md 17). */
import type {Connection} from './connection.ts';
import {type PageRequest, type RowPage, readPage} from './page.ts';
import {prepared} from './statement-cache.ts';

/** Columns that a testconfig may set; no other name ever becomes part of a statement. */
const columns: readonly string[] = ['author', 'owner', 'description', 'reviewed', 'tags', 'jobgroup'];

const rowFields = [
  ['id', 'id'],
  ['testName', 'testname'],
  ['author', 'author'],
  ['owner', 'owner'],
  ['description', 'description'],
  ['reviewed', 'reviewed'],
  ['iterated', 'iterated'],
  ['avgRuntime', 'avg_runtime'],
  ['avgDisk', 'avg_disk'],
  ['tags', 'tags'],
  ['jobgroup', 'jobgroup'],
] as const;

export type MetaRow = {
  readonly id: number;
  readonly testName: string;
  readonly author: string;
  readonly owner: string;
  readonly description: string;
  readonly reviewed: string | number | null;
  readonly iterated: string;
  readonly avgRuntime: number | null;
  readonly avgDisk: number | null;
  /** Separated by commas. */
  readonly tags: string;
  readonly jobgroup: string;
};

/** The schema's word for a test that says nothing of a job group. */
const noJobgroup = 'default';

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

  get(testName: string): MetaRow | undefined {
    const query = {
      fields: rowFields,
      from: 'test_meta',
      where: {sql: 'testname = ?', values: [testName]},
      orderBy: ['id'],
    };
    return readPage<MetaRow>(this.#db, query, {limit: 1}).rows[0];
  }

  list(page: PageRequest): RowPage<MetaRow> {
    return readPage(
      this.#db,
      {
        fields: rowFields,
        from: 'test_meta',
        where: {sql: '1', values: []},
        orderBy: ["coalesce(CAST(testname AS TEXT), '')", 'id'],
      },
      page,
    );
  }

  /** The text of the tags of every test that has some, by test name. */
  tags(): readonly {readonly testName: string; readonly tags: string}[] {
    return prepared<[], {testName: string; tags: string}>(
      this.#db,
      "SELECT testname AS testName, CAST(tags AS TEXT) AS tags FROM test_meta WHERE tags <> '' ORDER BY testname",
    ).all();
  }

  /** The job group of a test as it was last recorded; empty = none. */
  jobgroupOf(testName: string): string {
    const jobgroup = prepared<[string], string | null>(
      this.#db,
      'SELECT CAST(jobgroup AS TEXT) FROM test_meta WHERE testname = ?',
    )
      .pluck()
      .get(testName);
    return jobgroup === undefined || jobgroup === null || jobgroup === noJobgroup ? '' : jobgroup;
  }
}

/**
 * Writes rows of `tests`, each as seldom as possible: an update costs its indexes and its journal whatever it changes.
 *
 * Within a transaction nobody else can write, so a row that was read or written in it is not read again. Changes that are made
 * `together` are gathered, and reach the row as one statement when the last of them is made.
 */
import type {Statement} from 'better-sqlite3';
import type {Connection} from './connection.ts';
import {prepared} from './statement-cache.ts';
import type {Changes} from './store.ts';
import type {ColumnValues, TestCore} from './test-row.ts';

/** What is known of a row and stands in a column. */
const coreColumns: Readonly<Record<string, keyof TestCore>> = {
  state: 'state',
  status: 'status',
  launch_id: 'launchId',
  rundir: 'rundir',
  shortdir: 'shortdir',
};

/** Lists are made faster than objects, and these rows are read more often than all others. */
type CoreColumns = [
  runId: number,
  testName: string,
  itemPath: string,
  state: string,
  status: string,
  launchId: string,
  rundir: string,
  shortdir: string,
  lastUpdate: number,
];

type Gathered = {readonly before: TestCore; readonly values: Map<string, string | number>};

export class TestWriter {
  readonly #db: Connection;
  readonly #changes: () => Changes;
  readonly #core: Statement<[number], CoreColumns>;
  /** Rows as they are in this transaction; `undefined` while others may write. */
  #known: Map<number, TestCore> | undefined;
  readonly #gathered = new Map<number, Gathered>();
  #isTogether = false;

  constructor(db: Connection, changes: () => Changes) {
    this.#db = db;
    this.#changes = changes;
    this.#core = db
      .prepare<[number], CoreColumns>(
        `SELECT run_id, testname, item_path, state, status, launch_id, rundir, shortdir, last_update FROM tests WHERE id = ?`,
      )
      .raw();
  }

  /** A transaction has begun: what is seen of rows holds until `forget`. */
  remember(): void {
    this.#known = new Map();
  }

  forget(): void {
    this.#known = undefined;
    this.#gathered.clear();
  }

  /** Rows were written in another way, or what was written is undone. */
  invalidate(): void {
    this.#known?.clear();
    this.#gathered.clear();
  }

  core(testId: number): TestCore | undefined {
    const known = this.#known?.get(testId);
    if (known !== undefined) {
      return known;
    }
    const columns = this.#core.get(testId);
    if (columns === undefined) {
      return undefined;
    }
    const [runId, testName, itemPath, state, status, launchId, rundir, shortdir, lastUpdate] = columns;
    const row = {
      id: testId,
      runId,
      testName,
      itemPath,
      state,
      status,
      launchId,
      rundir,
      shortdir,
      lastUpdate,
    };
    this.#known?.set(testId, row);
    return row;
  }

  /** False when there is no such row. */
  set(testId: number, values: ColumnValues): boolean {
    const row = this.core(testId);
    if (row === undefined) {
      return false;
    }
    const gathered = this.#gathered.get(testId) ?? {before: row, values: new Map()};
    const next: Record<string, unknown> = {...row};
    for (const [column, value] of values) {
      gathered.values.set(column, value);
      const name = coreColumns[column];
      if (name !== undefined) {
        next[name] = value;
      }
    }
    this.#known?.set(testId, next as TestCore);
    this.#changes().tests.add(testId);
    if (this.#isTogether) {
      this.#gathered.set(testId, gathered);
    } else {
      this.#write(testId, gathered);
    }
    return true;
  }

  /** Gathers what `change` sets; to be called within a transaction that is remembered. What reads rows otherwise must `settle` first. */
  together<T>(change: () => T): T {
    if (this.#isTogether || this.#known === undefined) {
      return change();
    }
    this.#isTogether = true;
    try {
      const result = change();
      this.settle();
      return result;
    } finally {
      this.#isTogether = false;
      this.#gathered.clear();
    }
  }

  /** Writes what has been gathered so far. */
  settle(): void {
    for (const [testId, gathered] of this.#gathered) {
      this.#gathered.delete(testId);
      this.#write(testId, gathered);
    }
  }

  /** The stamp is written here, so that the trigger which stamps everybody's updates has nothing left to do. */
  #write(testId: number, {before, values}: Gathered): void {
    const nowS = Math.floor(Date.now() / 1000);
    const columns: string[] = [];
    const parameters: unknown[] = [];
    for (const [column, value] of values) {
      const name = coreColumns[column];
      // A column that is named costs its index, even if its value stays.
      if (name === undefined || before[name] !== value) {
        columns.push(`${column} = ?`);
        parameters.push(value);
      }
    }
    if (before.lastUpdate !== nowS) {
      columns.push("last_update = strftime('%s', 'now')");
      const known = this.#known?.get(testId);
      if (known !== undefined) {
        this.#known?.set(testId, {...known, lastUpdate: nowS});
      }
    }
    if (columns.length > 0) {
      prepared(this.#db, `UPDATE tests SET ${columns.join(', ')} WHERE id = ?`).run(...parameters, testId);
    }
  }
}

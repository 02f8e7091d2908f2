/**
 * Writes rows of `tests`, each as seldom as possible: an update costs its indexes and its journal whatever it changes.
 *
 * Within a transaction nobody else can write, so a row that was read or written in it is not read again. Changes that are made
 * `together` are gathered, and reach the row as one statement when the last of them is made.
 */
import {isRunning} from '@megatest/model';
import type {Statement} from 'better-sqlite3';
import type {Connection} from './connection.ts';
import {prepared} from './statement-cache.ts';
import type {Changes} from './store.ts';
import {merged, type TestChange, type TestCore, WRITTEN_COLUMNS, type WrittenName} from './test-row.ts';

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
  host: string,
  comment: string,
  eventTime: number,
  runDuration: number,
  lastUpdate: number,
];

/** A row that was just made, and has the values of the schema in all other columns. */
type NewTest = {
  readonly id: number;
  readonly runId: number;
  readonly testName: string;
  readonly itemPath: string;
  readonly eventTime: number;
};

type Gathered = {readonly before: TestCore; readonly values: TestChange};

/** The order of the columns in every statement, whichever of them it sets. */
const writtenNames = Object.keys(WRITTEN_COLUMNS) as WrittenName[];

export class TestWriter {
  readonly #db: Connection;
  readonly #changes: () => Changes;
  readonly #core: Statement<[number], CoreColumns>;
  readonly #dataVersion: Statement<[], number>;
  /** Rows as they are in this transaction; `undefined` while others may write. */
  #known: Map<number, TestCore> | undefined;
  /** Rows of tests that are running, which will change again: they hold until somebody else has written. */
  readonly #running = new Map<number, TestCore>();
  /** SQLite's count of what other connections have written. */
  #seenVersion = 0;
  readonly #gathered = new Map<number, Gathered>();
  /** Statements by the columns that they set: a bit for each of `writtenNames`. */
  readonly #updates = new Map<number, string>();
  #isTogether = false;

  constructor(db: Connection, changes: () => Changes) {
    this.#db = db;
    this.#changes = changes;
    this.#core = db
      .prepare<[number], CoreColumns>(
        `SELECT run_id, testname, item_path, state, status, launch_id, rundir, shortdir, host, comment, event_time, run_duration,
           last_update FROM tests WHERE id = ?`,
      )
      .raw();
    this.#dataVersion = db.prepare<[], number>('PRAGMA data_version').pluck();
  }

  /** A transaction has begun: what is seen of rows holds until `forget`. */
  remember(): void {
    this.#known = new Map();
    const version = this.#dataVersion.get() ?? 0;
    if (version !== this.#seenVersion) {
      this.#seenVersion = version;
      this.#running.clear();
    }
  }

  forget(): void {
    this.#known = undefined;
    this.#gathered.clear();
  }

  /** Rows were written in another way, or what was written is undone. */
  invalidate(): void {
    this.#known?.clear();
    this.#running.clear();
    this.#gathered.clear();
  }

  core(testId: number): TestCore | undefined {
    const known = this.#known && (this.#known.get(testId) ?? this.#running.get(testId));
    if (known !== undefined) {
      return known;
    }
    const columns = this.#core.get(testId);
    if (columns === undefined) {
      return undefined;
    }
    const row = coreOf(testId, columns);
    this.#known?.set(testId, row);
    return row;
  }

  /** A row was inserted, which need not be read to be known. */
  made({id, runId, testName, itemPath, eventTime}: NewTest): void {
    this.#changes().tests.add(id);
    const directory = '/tmp/badname';
    this.#known?.set(id, {
      id,
      runId,
      testName,
      itemPath,
      state: 'NOT_STARTED',
      status: 'n/a',
      launchId: '',
      rundir: directory,
      shortdir: directory,
      host: 'n/a',
      comment: '',
      eventTime,
      runDuration: 0,
      // Whatever it is exactly: a write that finds it old stamps the row anew.
      lastUpdate: 0,
    });
  }

  /** False when there is no such row. */
  set(testId: number, values: TestChange): boolean {
    const row = this.core(testId);
    if (row === undefined) {
      return false;
    }
    this.#keep(testId, changed(row, values));
    this.#changes().tests.add(testId);
    const gathered = this.#gathered.get(testId);
    const all =
      gathered === undefined
        ? {before: row, values}
        : {before: gathered.before, values: merged(gathered.values, values)};
    if (this.#isTogether) {
      this.#gathered.set(testId, all);
    } else {
      this.#write(testId, all);
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

  /** What the row is now. */
  #keep(testId: number, row: TestCore): void {
    this.#known?.set(testId, row);
    // Outside a transaction the next moment may bring another's write.
    if (this.#known !== undefined && isRunning(row.state)) {
      this.#running.set(testId, row);
    } else {
      this.#running.delete(testId);
    }
  }

  /** The stamp is written here, so that the trigger which stamps everybody's updates has nothing left to do. */
  #write(testId: number, {before, values}: Gathered): void {
    const nowS = Math.floor(Date.now() / 1000);
    const parameters: (string | number)[] = [];
    let columns = 0;
    for (let index = 0; index < writtenNames.length; index += 1) {
      const name = writtenNames[index] as WrittenName;
      const value = name === 'lastUpdate' ? nowS : values[name];
      // A column that is named costs its index, even if its value stays.
      if (value !== undefined && (before as TestChange)[name] !== value) {
        columns |= 1 << index;
        parameters.push(value);
      }
    }
    if (columns === 0) {
      return;
    }
    prepared(this.#db, this.#updateOf(columns)).run(...parameters, testId);
    const known = this.#known?.get(testId);
    if (known !== undefined && known.lastUpdate !== nowS) {
      this.#keep(testId, {...known, lastUpdate: nowS});
    }
  }

  #updateOf(columns: number): string {
    let sql = this.#updates.get(columns);
    if (sql === undefined) {
      const assigned = writtenNames
        .filter((_, index) => (columns & (1 << index)) !== 0)
        .map((name) => `${WRITTEN_COLUMNS[name]} = ?`);
      sql = `UPDATE tests SET ${assigned.join(', ')} WHERE id = ?`;
      this.#updates.set(columns, sql);
    }
    return sql;
  }
}

function coreOf(id: number, columns: CoreColumns): TestCore {
  const [runId, testName, itemPath, state, status, launchId, rundir, shortdir] = columns;
  const [, , , , , , , , host, comment, eventTime, runDuration, lastUpdate] = columns;
  return {
    id,
    runId,
    testName,
    itemPath,
    state,
    status,
    launchId,
    rundir,
    shortdir,
    host,
    comment,
    eventTime,
    runDuration,
    lastUpdate,
  };
}

/** Written out, because a spread with values beside it takes ten times as long. */
function changed(row: TestCore, values: TestChange): TestCore {
  return {
    id: row.id,
    runId: row.runId,
    testName: row.testName,
    itemPath: row.itemPath,
    state: values.state ?? row.state,
    status: values.status ?? row.status,
    launchId: values.launchId ?? row.launchId,
    rundir: values.rundir ?? row.rundir,
    shortdir: values.shortdir ?? row.shortdir,
    host: values.host ?? row.host,
    comment: values.comment ?? row.comment,
    eventTime: values.eventTime ?? row.eventTime,
    runDuration: values.runDuration ?? row.runDuration,
    lastUpdate: row.lastUpdate,
  };
}

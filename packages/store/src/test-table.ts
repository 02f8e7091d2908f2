/**
 * Rows of `tests`. Every write of an item's state or status rolls up into the parent row in the same transaction (spec
 * homehost.md 9.10).
 */
import type {StateStatus} from '@megatest/model';
import type {Statement} from 'better-sqlite3';
import type {Connection} from './connection.ts';
import {ItemCounters} from './item-counters.ts';
import {prepared} from './statement-cache.ts';
import type {Changes} from './store.ts';
import {
  columnAliases,
  merged,
  TEST_COLUMNS,
  type TestChange,
  type TestCore,
  type TestRow,
  type TestUpdate,
} from './test-row.ts';
import {selectedTests, type TestSelection} from './test-selection.ts';
import {TestWriter} from './test-writer.ts';

export type SetState = {
  readonly state?: string | undefined;
  readonly status?: string | undefined;
  readonly comment?: string | undefined;
  /** Other columns to be written with it. */
  readonly set?: TestUpdate | undefined;
  /** Without it: true. The parent row of an item stays as it is. */
  readonly rollup?: boolean | undefined;
  /** A new launch; `attemptnum` is 0 until somebody claims it, which only one may. */
  readonly launchId?: string | undefined;
};

export type StateChange = {readonly testId: number; readonly state: string; readonly status: string};

/** What an execution leaves of a test. */
const recordTables = ['test_steps', 'test_data', 'test_rundat'] as const;

const select = TEST_COLUMNS.map((column) =>
  columnAliases[column] === undefined ? column : `${column} AS ${columnAliases[column]}`,
).join(', ');

export class TestTable {
  readonly #db: Connection;
  readonly #changes: () => Changes;
  readonly #get: Statement<[number], TestRow>;
  readonly #find: Statement<[number, string, string], TestRow>;
  readonly #insert: Statement<[number, string, string, number]>;
  readonly #writer: TestWriter;
  readonly #counters: ItemCounters;

  constructor(db: Connection, changes: () => Changes) {
    this.#db = db;
    this.#changes = changes;
    this.#get = db.prepare(`SELECT ${select} FROM tests WHERE id = ?`);
    this.#find = db.prepare(
      `SELECT ${select} FROM tests WHERE run_id = ? AND testname = ? AND item_path = ?`,
    );
    this.#insert = db.prepare(
      `INSERT INTO tests (run_id, testname, item_path, state, status, event_time) VALUES (?, ?, ?, 'NOT_STARTED', 'n/a', ?)
       ON CONFLICT (run_id, testname, item_path) DO NOTHING`,
    );
    this.#writer = new TestWriter(db, changes);
    this.#counters = new ItemCounters(db, (runId, testName) => this.find(runId, testName, ''));
  }

  /** A transaction has begun, in which nobody else writes: rows that were seen in it are not read again until `forget`. */
  remember(): void {
    this.#writer.remember();
  }

  forget(): void {
    this.#writer.forget();
  }

  /**
   * Makes the changes of many entries of a report as few statements. The methods of this table see them at once, other statements
   * after `settle`.
   */
  together<T>(change: () => T): T {
    return this.#writer.together(change);
  }

  settle(): void {
    this.#writer.settle();
  }

  get(testId: number): TestRow | undefined {
    this.settle();
    return this.#get.get(testId);
  }

  core(testId: number): TestCore | undefined {
    return this.#writer.core(testId);
  }

  find(runId: number, testName: string, itemPath: string): TestRow | undefined {
    this.settle();
    return this.#find.get(runId, testName, itemPath);
  }

  /** Inserts what is missing; a DELETED row is revived. Returns every row's id and present values. */
  register(
    runId: number,
    tests: readonly {readonly testName: string; readonly itemPath: string}[],
    nowS: number,
  ): readonly {
    readonly testId: number;
    readonly created: boolean;
    readonly state: string;
    readonly status: string;
  }[] {
    return tests.map(({testName, itemPath}) => {
      const {changes, lastInsertRowid} = this.#insert.run(runId, testName, itemPath, nowS);
      if (changes > 0) {
        const testId = Number(lastInsertRowid);
        this.#writer.made({id: testId, runId, testName, itemPath, eventTime: nowS});
        this.#counters.count({runId, testName, itemPath}, undefined, {state: 'NOT_STARTED', status: 'n/a'});
        return {testId, created: true, state: 'NOT_STARTED', status: 'n/a'};
      }
      const row = this.find(runId, testName, itemPath);
      if (row === undefined) {
        throw new Error(`test ${testName}/${itemPath} of run ${runId} is neither new nor known`);
      }
      if (row.state === 'DELETED') {
        prepared(
          this.#db,
          `UPDATE tests SET state = 'NOT_STARTED', status = 'n/a', event_time = ?, rundir = '/tmp/badname', shortdir = '/tmp/badname',
               uname = 'n/a', host = 'n/a', final_logf = 'logs/final.log', run_duration = 0 WHERE id = ?`,
        ).run(nowS, row.id);
        this.#changes().tests.add(row.id);
        this.#writer.invalidate();
        this.#counters.count(row, row, {state: 'NOT_STARTED', status: 'n/a'});
        return {testId: row.id, created: false, state: 'NOT_STARTED', status: 'n/a'};
      }
      return {testId: row.id, created: false, state: row.state, status: row.status};
    });
  }

  /**
   * Writes state, status and comment as far as they are given and rolls up. `undefined` when there is no such test.
   * LAUNCHED and REMOTEHOSTSTART also set `event_time`.
   */
  setState(
    testId: number,
    values: SetState,
    nowS: number,
  ): {readonly test: StateChange; readonly top: StateChange | undefined} | undefined {
    const row = this.#writer.core(testId);
    if (row === undefined) {
      return undefined;
    }
    const next = {state: values.state ?? row.state, status: values.status ?? row.status};
    const write = () => {
      this.#writer.set(testId, changeOf(next, values, nowS));
    };
    if (row.itemPath === '') {
      this.#counters.parentChanged(row);
      write();
      return {test: {testId, ...next}, top: undefined};
    }
    if (values.rollup === false) {
      write();
      this.#counters.count(row, row, next);
      return {test: {testId, ...next}, top: undefined};
    }
    const rolledUp = this.#counters.rollUp(row, next, write);
    if (rolledUp === undefined) {
      return {test: {testId, ...next}, top: undefined};
    }
    const {parent, hasChanged} = rolledUp;
    const {id, state, status} = parent;
    if (hasChanged) {
      this.#writer.set(id, {state, status});
    }
    return {test: {testId, ...next}, top: {testId: id, state, status}};
  }

  update(testId: number, values: TestUpdate): boolean {
    if (Object.values(values).every((value) => value === undefined)) {
      return true;
    }
    const isThere = this.#writer.set(testId, values);
    if (values.rundir !== undefined || values.shortdir !== undefined) {
      const row = this.#writer.core(testId);
      if (row?.itemPath === '') {
        this.#counters.parentMoved(row, row);
      }
    }
    return isThere;
  }

  /** The parent of an item is found in this directory. */
  setParentDirectory(item: TestCore, directory: string): void {
    const parent = this.#counters.parentOf(item);
    if (parent !== undefined && parent.rundir !== directory) {
      this.update(parent.id, {rundir: directory, shortdir: directory});
    }
  }

  launchId(testId: number): string {
    return this.#writer.core(testId)?.launchId ?? '';
  }

  /** Launches that a job is to take and has not begun. */
  launchedOf(
    job: string,
  ): readonly {readonly testId: number; readonly launchId: string; readonly rundir: string}[] {
    return prepared<[string], {testId: number; launchId: string; rundir: string}>(
      this.#db,
      "SELECT id AS testId, launch_id AS launchId, rundir FROM tests WHERE state = 'LAUNCHED' AND job = ? ORDER BY id",
    ).all(job);
  }

  list(selection: TestSelection): readonly TestRow[] {
    const {sql, values} = selectedTests(selection);
    return prepared<unknown[], TestRow>(this.#db, `SELECT ${select} FROM ${sql}`).all(...values);
  }

  /** Whether the row with empty item path has items below it. */
  hasItems(runId: number, testName: string): boolean {
    return (
      prepared(
        this.#db,
        "SELECT 1 FROM tests WHERE run_id = ? AND testname = ? AND item_path <> '' AND state <> 'DELETED' LIMIT 1",
      ).get(runId, testName) !== undefined
    );
  }

  /** Ids of all instances of the area that take a slot of the limits: running, and no parent rows. */
  activeInstances(): readonly {
    readonly id: number;
    readonly runId: number;
    readonly testName: string;
    readonly itemPath: string;
  }[] {
    return prepared<[], {id: number; runId: number; testName: string; itemPath: string}>(
      this.#db,
      `SELECT id, run_id AS runId, testname AS testName, item_path AS itemPath FROM tests AS t
         WHERE state IN ('LAUNCHED', 'REMOTEHOSTSTART', 'RUNNING')
           AND NOT (item_path = '' AND EXISTS (SELECT 1 FROM tests AS i WHERE i.run_id = t.run_id AND i.testname = t.testname AND i.item_path <> ''))`,
    ).all();
  }

  /** Mean duration of the passed runs of a test, for estimates; `undefined` without history. */
  meanDurationS(testName: string): number | undefined {
    return (
      prepared<[string], number | null>(
        this.#db,
        "SELECT avg(run_duration) FROM (SELECT run_duration FROM tests WHERE testname = ? AND state = 'COMPLETED' AND uname <> 'n/a' ORDER BY id DESC LIMIT 50)",
      )
        .pluck()
        .get(testName) ?? undefined
    );
  }

  /** Latest start of the same test or item in any run, with one of these states and statuses; `undefined` = never. */
  lastResultS(
    testName: string,
    itemPath: string,
    states: readonly string[],
    statuses: readonly string[],
  ): number | undefined {
    const marks = (list: readonly string[]) => list.map(() => '?').join(', ');
    // A test without items is asked for by its name alone, which finds its items too.
    const item = itemPath === '' ? '' : 'AND item_path = ?';
    const sql = `SELECT max(event_time) FROM tests WHERE testname = ? ${item}
       AND state IN (${marks(states)}) AND status IN (${marks(statuses)})`;
    const values = [testName, ...(itemPath === '' ? [] : [itemPath]), ...states, ...statuses];
    return (
      prepared<string[], number | null>(this.#db, sql)
        .pluck()
        .get(...values) ?? undefined
    );
  }

  /** Instances of a run that have not ended, with what tells whether they live. */
  unended(runId: number): readonly {
    readonly id: number;
    readonly state: string;
    readonly eventTimeS: number;
    readonly runDurationS: number;
  }[] {
    return prepared<[number], {id: number; state: string; eventTimeS: number; runDurationS: number}>(
      this.#db,
      `SELECT id, state, event_time AS eventTimeS, run_duration AS runDurationS FROM tests AS t
       WHERE run_id = ? AND state IN ('RUNNING', 'REMOTEHOSTSTART', 'LAUNCHED')
         AND NOT (item_path = '' AND EXISTS (SELECT 1 FROM tests AS i WHERE i.run_id = t.run_id AND i.testname = t.testname AND i.item_path <> ''))`,
    ).all(runId);
  }

  /** Marks rows DELETED and removes their steps, data and earlier attempts. */
  delete(testIds: readonly number[]): void {
    for (const testId of testIds) {
      const row = this.#writer.core(testId);
      if (row === undefined) {
        continue;
      }
      prepared(this.#db, 'DELETE FROM test_steps WHERE test_id = ?').run(testId);
      prepared(this.#db, 'DELETE FROM test_data WHERE test_id = ?').run(testId);
      prepared(this.#db, "DELETE FROM jobs WHERE action = 'launch-test' AND test_id = ?").run(testId);
      this.#writer.set(testId, {state: 'DELETED', status: 'n/a', comment: ''});
      this.#counters.count(row, row, {state: 'DELETED', status: 'n/a'});
    }
  }

  /** Takes out rows that have been DELETED since before `beforeS`, with all that belongs to them; returns their ids. */
  purge(beforeS: number): readonly number[] {
    this.settle();
    const old = "FROM tests WHERE state = 'DELETED' AND last_update < ?";
    const testIds = prepared<[number], number>(this.#db, `SELECT id ${old}`).pluck().all(beforeS);
    for (const table of recordTables) {
      prepared(this.#db, `DELETE FROM ${table} WHERE test_id IN (SELECT id ${old})`).run(beforeS);
    }
    prepared(this.#db, `DELETE FROM jobs WHERE action = 'launch-test' AND test_id IN (SELECT id ${old})`).run(
      beforeS,
    );
    prepared(this.#db, `DELETE ${old}`).run(beforeS);
    for (const testId of testIds) {
      this.#changes().tests.add(testId);
    }
    if (testIds.length > 0) {
      this.invalidate();
    }
    return testIds;
  }

  invalidate(): void {
    this.#counters.clear();
    this.#writer.invalidate();
  }
}

function changeOf(next: StateStatus, values: SetState, nowS: number): TestChange {
  const {comment, launchId, set} = values;
  const begins = values.state === 'LAUNCHED' || values.state === 'REMOTEHOSTSTART';
  const isLaunch = launchId !== undefined;
  const change: TestChange = {
    state: next.state,
    status: next.status,
    comment,
    eventTime: begins ? nowS : undefined,
    launchId,
    attemptnum: isLaunch ? 0 : undefined,
    job: isLaunch ? '' : undefined,
  };
  return set === undefined ? change : merged(change, set);
}

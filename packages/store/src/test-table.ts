/**
 * Rows of `tests`. Every write of an item's state or status rolls up into the parent row in the same transaction (spec
 * homehost.md 9.10); the groups of items are kept as counters, so the cost does not depend on the number of items.
 */
import {type CountedGroup, rollUp} from '@megatest/model';
import type {Statement} from 'better-sqlite3';
import type {Connection} from './connection.ts';
import {prepared} from './statement-cache.ts';
import type {Changes} from './store.ts';
import {selectedTests, type TestSelection} from './test-selection.ts';

export type TestRow = {
  readonly id: number;
  readonly runId: number;
  readonly testName: string;
  readonly state: string;
  readonly status: string;
  readonly eventTime: number;
  readonly host: string;
  readonly cpuload: number;
  readonly diskfree: number;
  readonly uname: string;
  readonly rundir: string;
  readonly itemPath: string;
  readonly runDuration: number;
  readonly finalLogf: string;
  readonly comment: string;
  readonly shortdir: string;
  readonly attemptnum: number;
  readonly archived: number;
  /** What brought it to its host, such as `slurm 12`; empty when a manager ran it by itself. */
  readonly job: string;
};

/** Columns in the order of homehost.md 4.7, and what is new. */
export const TEST_COLUMNS = [
  'id',
  'run_id',
  'testname',
  'state',
  'status',
  'event_time',
  'host',
  'cpuload',
  'diskfree',
  'uname',
  'rundir',
  'item_path',
  'run_duration',
  'final_logf',
  'comment',
  'shortdir',
  'attemptnum',
  'archived',
  'job',
] as const;

const aliases: Readonly<Record<string, string>> = {
  run_id: 'runId',
  testname: 'testName',
  event_time: 'eventTime',
  item_path: 'itemPath',
  run_duration: 'runDuration',
  final_logf: 'finalLogf',
};

/** The property of a row that has the value of a column. */
export function propertyOf(column: (typeof TEST_COLUMNS)[number]): keyof TestRow {
  return (aliases[column] ?? column) as keyof TestRow;
}

/** The columns that `tests.update` may set, by their name on the wire. */
const updatable = {
  comment: 'comment',
  eventTime: 'event_time',
  runDuration: 'run_duration',
  cpuload: 'cpuload',
  diskfree: 'diskfree',
  uname: 'uname',
  host: 'host',
  rundir: 'rundir',
  shortdir: 'shortdir',
  passCount: 'pass_count',
  failCount: 'fail_count',
  attemptnum: 'attemptnum',
  finalLogf: 'final_logf',
  job: 'job',
} as const;

export type TestUpdate = {readonly [K in keyof typeof updatable]?: string | number | undefined};

export type SetState = {
  readonly state?: string | undefined;
  readonly status?: string | undefined;
  readonly comment?: string | undefined;
  /** Other columns to be written with it. */
  readonly set?: TestUpdate | undefined;
  /** A new launch; `attemptnum` is 0 until somebody claims it, which only one may. */
  readonly launchId?: string | undefined;
};

export type StateChange = {readonly testId: number; readonly state: string; readonly status: string};

/** What decisions look at: a row without what is only shown. */
export type TestCore = {
  readonly id: number;
  readonly runId: number;
  readonly testName: string;
  readonly itemPath: string;
  readonly state: string;
  readonly status: string;
  readonly launchId: string;
};

type Counter = {parent: {readonly id: number} & CountedState; readonly counts: Map<string, number>};
type CountedState = {readonly state: string; readonly status: string};

const select = TEST_COLUMNS.map((column) =>
  aliases[column] === undefined ? column : `${column} AS ${aliases[column]}`,
).join(', ');

export class TestTable {
  readonly #db: Connection;
  readonly #changes: () => Changes;
  readonly #get: Statement<[number], TestRow>;
  readonly #core: Statement<[number], TestCore>;
  readonly #find: Statement<[number, string, string], TestRow>;
  readonly #insert: Statement<[number, string, string, number], {id: number}>;
  readonly #groups: Statement<[number, string], CountedGroup>;
  /** State and status of the items below one parent, as counts; filled when first needed. */
  readonly #counters = new Map<string, Counter>();

  constructor(db: Connection, changes: () => Changes) {
    this.#db = db;
    this.#changes = changes;
    this.#get = db.prepare(`SELECT ${select} FROM tests WHERE id = ?`);
    this.#core = db.prepare(
      `SELECT id, run_id AS runId, testname AS testName, item_path AS itemPath, state, status, launch_id AS launchId
       FROM tests WHERE id = ?`,
    );
    this.#find = db.prepare(
      `SELECT ${select} FROM tests WHERE run_id = ? AND testname = ? AND item_path = ?`,
    );
    this.#insert = db.prepare(
      `INSERT INTO tests (run_id, testname, item_path, state, status, event_time) VALUES (?, ?, ?, 'NOT_STARTED', 'n/a', ?)
       ON CONFLICT (run_id, testname, item_path) DO NOTHING RETURNING id`,
    );
    this.#groups = db.prepare(
      `SELECT state, status, count(*) AS count FROM tests WHERE run_id = ? AND testname = ? AND item_path <> ''
       GROUP BY state, status`,
    );
  }

  get(testId: number): TestRow | undefined {
    return this.#get.get(testId);
  }

  core(testId: number): TestCore | undefined {
    return this.#core.get(testId);
  }

  find(runId: number, testName: string, itemPath: string): TestRow | undefined {
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
      const inserted = this.#insert.get(runId, testName, itemPath, nowS);
      if (inserted !== undefined) {
        this.#changes().tests.add(inserted.id);
        this.#count(runId, testName, itemPath, undefined, {state: 'NOT_STARTED', status: 'n/a'});
        return {testId: inserted.id, created: true, state: 'NOT_STARTED', status: 'n/a'};
      }
      const row = this.#find.get(runId, testName, itemPath);
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
        this.#count(runId, testName, itemPath, row, {state: 'NOT_STARTED', status: 'n/a'});
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
    const row = this.#core.get(testId);
    if (row === undefined) {
      return undefined;
    }
    const next = {state: values.state ?? row.state, status: values.status ?? row.status};
    if (row.itemPath !== '') {
      // Before the write, so that the counters hold the old values whether they were there or are read now.
      this.#counterOf(row.runId, row.testName);
    } else {
      this.#counters.delete(`${row.runId}\0${row.testName}`);
    }
    this.#write(testId, next, values, nowS);
    const top = row.itemPath === '' ? undefined : this.#rollUpInto(row, next);
    return {test: {testId, ...next}, top};
  }

  /** One statement for all of it: every update of a row costs its indexes and its journal. */
  #write(testId: number, next: CountedState, values: SetState, nowS: number): void {
    const columns = ['state = ?', 'status = ?'];
    const parameters: unknown[] = [next.state, next.status];
    const add = (column: string, value: unknown) => {
      columns.push(`${column} = ?`);
      parameters.push(value);
    };
    if (values.comment !== undefined) {
      add('comment', values.comment);
    }
    if (values.state === 'LAUNCHED' || values.state === 'REMOTEHOSTSTART') {
      add('event_time', nowS);
    }
    if (values.launchId !== undefined) {
      add('launch_id', values.launchId);
      add('attemptnum', 0);
      add('job', '');
    }
    for (const [column, value] of columnsOf(values.set ?? {})) {
      add(column, value);
    }
    this.#update(testId, columns, parameters);
  }

  /** The stamp is written here, so that the trigger which stamps everybody's updates has nothing left to do. */
  #update(testId: number, columns: readonly string[], parameters: readonly unknown[]): boolean {
    const sql = `UPDATE tests SET ${columns.join(', ')}, last_update = strftime('%s', 'now') WHERE id = ?`;
    const result = prepared(this.#db, sql).run(...parameters, testId);
    this.#changes().tests.add(testId);
    return result.changes > 0;
  }

  #rollUpInto(before: TestCore, next: CountedState): StateChange | undefined {
    const counter = this.#counterOf(before.runId, before.testName);
    if (counter === undefined) {
      return undefined;
    }
    this.#move(counter.counts, before, next);
    const others: CountedGroup[] = [];
    for (const [key, count] of counter.counts) {
      const [state = '', status = ''] = key.split('\0');
      const isOwn = state === next.state && status === next.status;
      others.push({state, status, count: isOwn ? count - 1 : count});
    }
    const result = rollUp(next, others);
    const {parent} = counter;
    if (parent.state !== result.state || parent.status !== result.status) {
      this.#update(parent.id, ['state = ?', 'status = ?'], [result.state, result.status]);
      counter.parent = {...parent, ...result};
    }
    return {testId: parent.id, ...result};
  }

  #counterOf(runId: number, testName: string) {
    const key = `${runId}\0${testName}`;
    const known = this.#counters.get(key);
    if (known !== undefined) {
      return known;
    }
    const parent = this.#find.get(runId, testName, '');
    if (parent === undefined) {
      return undefined;
    }
    const counts = new Map(
      this.#groups.all(runId, testName).map((group) => [`${group.state}\0${group.status}`, group.count]),
    );
    const made = {parent, counts};
    this.#counters.set(key, made);
    return made;
  }

  /** Keeps the counters of a parent right when a row below it changes; does nothing when nobody has asked for them yet. */
  #count(
    runId: number,
    testName: string,
    itemPath: string,
    before: {readonly state: string; readonly status: string} | undefined,
    after: {readonly state: string; readonly status: string},
  ): void {
    if (itemPath === '') {
      this.#counters.delete(`${runId}\0${testName}`);
      return;
    }
    const counter = this.#counters.get(`${runId}\0${testName}`);
    if (counter !== undefined) {
      this.#move(counter.counts, before, after);
    }
  }

  #move(
    counts: Map<string, number>,
    before: {readonly state: string; readonly status: string} | undefined,
    after: {readonly state: string; readonly status: string},
  ): void {
    if (before !== undefined) {
      const key = `${before.state}\0${before.status}`;
      counts.set(key, Math.max(0, (counts.get(key) ?? 0) - 1));
    }
    const key = `${after.state}\0${after.status}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }

  update(testId: number, values: TestUpdate): boolean {
    const entries = columnsOf(values);
    return (
      entries.length === 0 ||
      this.#update(
        testId,
        entries.map(([column]) => `${column} = ?`),
        entries.map(([, value]) => value),
      )
    );
  }

  launchId(testId: number): string {
    return (
      prepared<[number], string>(this.#db, 'SELECT launch_id FROM tests WHERE id = ?').pluck().get(testId) ??
      ''
    );
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

  /** The same test or item in other runs of the same target, newest run first. */
  previous(runId: number, testName: string, itemPath: string): TestRow | undefined {
    const keys = prepared<[], string>(this.#db, 'SELECT fieldname FROM keys ORDER BY id').pluck().all();
    const same = keys.map((key) => `r."${key}" = me."${key}"`).join(' AND ') || '1';
    return prepared<[number, string, string], TestRow>(
      this.#db,
      `SELECT ${TEST_COLUMNS.map((column) => `t.${column}${aliases[column] === undefined ? '' : ` AS ${aliases[column]}`}`).join(', ')}
         FROM tests AS t JOIN runs AS r ON r.id = t.run_id JOIN runs AS me ON me.id = ?
         WHERE r.id <> me.id AND r.state <> 'deleted' AND ${same} AND t.testname = ? AND t.item_path = ? AND t.state <> 'DELETED'
         ORDER BY r.id DESC LIMIT 1`,
    ).get(runId, testName, itemPath);
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
      const row = this.#core.get(testId);
      if (row === undefined) {
        continue;
      }
      prepared(this.#db, 'DELETE FROM test_steps WHERE test_id = ?').run(testId);
      prepared(this.#db, 'DELETE FROM test_data WHERE test_id = ?').run(testId);
      prepared(this.#db, "DELETE FROM jobs WHERE action = 'launch-test' AND test_id = ?").run(testId);
      prepared(this.#db, "UPDATE tests SET state = 'DELETED', status = 'n/a', comment = '' WHERE id = ?").run(
        testId,
      );
      this.#count(row.runId, row.testName, row.itemPath, row, {state: 'DELETED', status: 'n/a'});
      this.#changes().tests.add(testId);
    }
  }

  invalidate(): void {
    this.#counters.clear();
  }
}

/** The columns of an update with their values; what is `undefined` is left as it is. */
function columnsOf(values: TestUpdate): readonly (readonly [string, string | number])[] {
  const entries: [string, string | number][] = [];
  for (const [name, value] of Object.entries(values)) {
    const column = updatable[name as keyof typeof updatable];
    if (column === undefined) {
      throw new Error(`tests has no column for ${name}`);
    }
    if (value !== undefined) {
      entries.push([column, value]);
    }
  }
  return entries;
}

/** Rows of `runs`. */
import type {Statement} from 'better-sqlite3';
import type {Connection} from './connection.ts';
import {all, type Condition, matchColumn, matchColumnAny} from './selectors.ts';
import {prepared} from './statement-cache.ts';
import type {Changes} from './store.ts';

export type RunRow = {
  readonly id: number;
  readonly target: readonly string[];
  readonly runName: string;
  readonly state: string;
  readonly status: string;
  readonly owner: string;
  readonly eventTime: number;
  readonly comment: string;
  readonly failCount: number;
  readonly passCount: number;
  readonly contour: string;
};

export type RegisterRun = {
  readonly target: readonly string[];
  readonly runName: string;
  readonly state: string;
  readonly status: string;
  readonly owner: string;
  readonly contour: string;
};

export type RunSelection = {
  /** One pattern. */
  readonly runPatt: string;
  /** One pattern for each key, joined by `/`; a missing one matches only the empty value. */
  readonly targetPatt?: string | undefined;
  /** Comma lists of patterns by key. */
  readonly keyPatts?: ReadonlyMap<string, string> | undefined;
  /** The run has changed since, or one of its tests. */
  readonly sinceS?: number | undefined;
  /** The run itself has changed since. */
  readonly runSinceS?: number | undefined;
  /** Only what stands behind this run when the newest is first. */
  readonly before?: number | undefined;
  readonly newestFirst?: boolean | undefined;
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
};

export type StateCount = {readonly state: string; readonly status: string; readonly count: number};

export class RunTable {
  readonly #db: Connection;
  readonly #keys: readonly string[];
  readonly #changes: () => Changes;
  readonly #columns: string;
  readonly #get: Statement<[number], unknown[]>;

  constructor(db: Connection, keys: readonly string[], changes: () => Changes) {
    this.#db = db;
    this.#keys = keys;
    this.#changes = changes;
    const names = keys.map((key) => `"${key}"`);
    this.#columns = [
      'id',
      'runname',
      'state',
      'status',
      'owner',
      'event_time',
      'comment',
      'fail_count',
      'pass_count',
      'contour',
      ...names,
    ].join(', ');
    this.#get = db.prepare<[number], unknown[]>(`SELECT ${this.#columns} FROM runs WHERE id = ?`).raw();
  }

  /** Inserts the run when it is new, revives it when it was deleted, leaves it otherwise (homehost.md 15.9). */
  register(
    run: RegisterRun,
    nowS: number,
  ): {readonly runId: number; readonly created: boolean; readonly revived: boolean} {
    const where = ['runname', ...this.#keys.map((key) => `"${key}"`)]
      .map((column) => `${column} = ?`)
      .join(' AND ');
    const known = prepared<unknown[], {id: number; state: string}>(
      this.#db,
      `SELECT id, state FROM runs WHERE ${where}`,
    ).get(run.runName, ...run.target);
    if (known !== undefined) {
      if (known.state === 'deleted') {
        prepared(this.#db, 'UPDATE runs SET state = ?, status = ?, event_time = ? WHERE id = ?').run(
          run.state,
          run.status,
          nowS,
          known.id,
        );
        this.#changes().runs.add(known.id);
      }
      return {runId: known.id, created: false, revived: known.state === 'deleted'};
    }
    const columns = [
      'runname',
      'state',
      'status',
      'owner',
      'event_time',
      'contour',
      ...this.#keys.map((key) => `"${key}"`),
    ];
    const result = prepared(
      this.#db,
      `INSERT INTO runs (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
    ).run(run.runName, run.state, run.status, run.owner, nowS, run.contour, ...run.target);
    const runId = Number(result.lastInsertRowid);
    this.#changes().runs.add(runId);
    return {runId, created: true, revived: false};
  }

  get(runId: number): RunRow | undefined {
    const row = this.#get.get(runId);
    return row === undefined ? undefined : this.#toRow(row);
  }

  /** Runs that are not deleted, oldest first unless something else is asked for. */
  find(selection: RunSelection): readonly RunRow[] {
    const where = this.#selected(selection);
    const order = selection.newestFirst === true ? 'event_time DESC, id DESC' : 'event_time, id';
    return prepared<unknown[], unknown[]>(
      this.#db,
      `SELECT ${this.#columns} FROM runs WHERE ${where.sql} ORDER BY ${order} LIMIT ? OFFSET ?`,
    )
      .raw()
      .all(...where.values, selection.limit ?? -1, selection.offset ?? 0)
      .map((row) => this.#toRow(row));
  }

  count(selection: RunSelection): number {
    const where = this.#selected(selection);
    const sql = `SELECT count(*) FROM runs WHERE ${where.sql}`;
    return (
      prepared<unknown[], number>(this.#db, sql)
        .pluck()
        .get(...where.values) ?? 0
    );
  }

  /** Distinct targets of runs that are not deleted, in order, behind `after`. */
  targets(after: readonly string[] | undefined, limit: number): readonly (readonly string[])[] {
    if (this.#keys.length === 0) {
      return [];
    }
    const values = this.#keys.map((key) => `ifnull("${key}", '')`).join(', ');
    const behind = after === undefined ? '' : `AND (${values}) > (${after.map(() => '?').join(', ')})`;
    return prepared<unknown[], string[]>(
      this.#db,
      `SELECT DISTINCT ${values} FROM runs WHERE state <> 'deleted' ${behind} ORDER BY ${values} LIMIT ?`,
    )
      .raw()
      .all(...(after ?? []), limit);
  }

  #selected(selection: RunSelection): Condition {
    const {runPatt, targetPatt, keyPatts, sinceS, runSinceS, before} = selection;
    const parts = targetPatt?.split('/');
    const conditions: (Condition | undefined)[] = [
      {sql: "state <> 'deleted'", values: []},
      matchColumn('runname', runPatt),
      ...this.#keys.flatMap((key, index) => [
        parts === undefined ? undefined : matchColumn(`"${key}"`, parts[index] ?? ''),
        matchColumnAny(`"${key}"`, keyPatts?.get(key)),
      ]),
      sinceS === undefined
        ? undefined
        : {
            sql: `(last_update >= ? OR id IN (SELECT run_id FROM tests WHERE last_update >= ?))`,
            values: [String(sinceS), String(sinceS)],
          },
      runSinceS === undefined ? undefined : {sql: 'last_update >= ?', values: [String(runSinceS)]},
      before === undefined
        ? undefined
        : {
            sql: '(event_time, id) < (SELECT event_time, id FROM runs WHERE id = ?)',
            values: [String(before)],
          },
    ];
    return all(conditions);
  }

  setStatus(runId: number, status: string, comment?: string): void {
    if (comment === undefined) {
      prepared(this.#db, 'UPDATE runs SET status = ? WHERE id = ?').run(status, runId);
    } else {
      prepared(this.#db, 'UPDATE runs SET status = ?, comment = ? WHERE id = ?').run(status, comment, runId);
    }
    this.#changes().runs.add(runId);
  }

  setState(runId: number, state: string): void {
    prepared(this.#db, 'UPDATE runs SET state = ? WHERE id = ?').run(state, runId);
    this.#changes().runs.add(runId);
  }

  setComment(runId: number, comment: string): void {
    prepared(this.#db, 'UPDATE runs SET comment = ? WHERE id = ?').run(comment, runId);
    this.#changes().runs.add(runId);
  }

  /** The run counts as begun now. */
  touch(runId: number, nowS: number): void {
    prepared(this.#db, 'UPDATE runs SET event_time = ? WHERE id = ?').run(nowS, runId);
    this.#changes().runs.add(runId);
  }

  /** Deletes steps and measured values of all tests of a run, and says how many there were. */
  deleteRecords(runId: number): {readonly steps: number; readonly data: number} {
    const deleted = (table: 'test_steps' | 'test_data') =>
      prepared(this.#db, `DELETE FROM ${table} WHERE test_id IN (SELECT id FROM tests WHERE run_id = ?)`).run(
        runId,
      ).changes;
    return {steps: deleted('test_steps'), data: deleted('test_data')};
  }

  /** Marks the run deleted once nothing of it is left. */
  delete(runId: number): void {
    prepared(this.#db, "UPDATE runs SET state = 'deleted', comment = '' WHERE id = ?").run(runId);
    prepared(this.#db, 'DELETE FROM run_stats WHERE run_id = ?').run(runId);
    this.#changes().runs.add(runId);
  }

  /** Counts by state and status, without parent rows: what a user calls "the tests" of a run. */
  counts(runId: number): readonly StateCount[] {
    return prepared<[number, number], StateCount>(
      this.#db,
      `SELECT state, status, count(*) AS count FROM tests AS t WHERE run_id = ? AND state <> 'DELETED'
           AND NOT (item_path = '' AND testname IN (SELECT testname FROM tests WHERE run_id = ? AND item_path <> ''))
         GROUP BY state, status ORDER BY state, status`,
    ).all(runId, runId);
  }

  /** The counts as `refreshStats` left them. */
  storedStats(runId: number): readonly StateCount[] {
    return prepared<[number], StateCount>(
      this.#db,
      'SELECT state, status, count FROM run_stats WHERE run_id = ? ORDER BY state, status',
    ).all(runId);
  }

  /** Replaces the stored statistics of a run by its present counts, and its pass and fail counters with them. */
  refreshStats(runId: number): readonly StateCount[] {
    const counts = this.counts(runId);
    prepared(this.#db, 'DELETE FROM run_stats WHERE run_id = ?').run(runId);
    const insert = prepared(
      this.#db,
      'INSERT INTO run_stats (run_id, state, status, count) VALUES (?, ?, ?, ?)',
    );
    for (const {state, status, count} of counts) {
      insert.run(runId, state, status, count);
    }
    const sum = (wanted: string) =>
      counts
        .filter(({state, status}) => state === 'COMPLETED' && status === wanted)
        .reduce((total, {count}) => total + count, 0);
    prepared(this.#db, 'UPDATE runs SET pass_count = ?, fail_count = ? WHERE id = ?').run(
      sum('PASS'),
      sum('FAIL'),
      runId,
    );
    this.#changes().runs.add(runId);
    return counts;
  }

  #toRow(row: readonly unknown[]): RunRow {
    const [id, runName, state, status, owner, eventTime, comment, failCount, passCount, contour, ...target] =
      row;
    return {
      id: Number(id),
      target: target.map((value) => String(value ?? '')),
      runName: String(runName),
      state: String(state),
      status: String(status),
      owner: String(owner),
      eventTime: Number(eventTime),
      comment: String(comment ?? ''),
      failCount: Number(failCount ?? 0),
      passCount: Number(passCount ?? 0),
      contour: String(contour ?? ''),
    };
  }
}

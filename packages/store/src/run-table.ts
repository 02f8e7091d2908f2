/** Rows of `runs`. */
import type {Statement} from 'better-sqlite3';
import type {Connection} from './connection.ts';
import {all, type Condition, matchColumn} from './selectors.ts';
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

  /** Runs that are not deleted, oldest first, by name pattern and a pattern for each key of the target. */
  find(selection: {
    readonly runPatt: string;
    readonly targetPatt?: string | undefined;
    readonly sinceS?: number | undefined;
  }): readonly RunRow[] {
    const parts = selection.targetPatt?.split('/');
    const conditions: (Condition | undefined)[] = [
      {sql: "state <> 'deleted'", values: []},
      matchColumn('runname', selection.runPatt),
      ...(parts === undefined
        ? []
        : this.#keys.map((key, index) => matchColumn(`"${key}"`, parts[index] ?? ''))),
      selection.sinceS === undefined
        ? undefined
        : {
            sql: `(last_update >= ? OR id IN (SELECT run_id FROM tests WHERE last_update >= ?))`,
            values: [String(selection.sinceS), String(selection.sinceS)],
          },
    ];
    const where = all(conditions);
    return prepared<unknown[], unknown[]>(
      this.#db,
      `SELECT ${this.#columns} FROM runs WHERE ${where.sql} ORDER BY event_time, id`,
    )
      .raw()
      .all(...where.values)
      .map((row) => this.#toRow(row));
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

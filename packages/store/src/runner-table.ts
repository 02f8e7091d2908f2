/** Rows of `runners`, one for each driver, mirrored in `tasks_queue` for old reporting scripts. */
import type {Connection} from './connection.ts';
import {all} from './selectors.ts';
import {prepared} from './statement-cache.ts';
import type {Changes} from './store.ts';

export type RunnerRow = {
  readonly id: number;
  readonly uuid: string;
  readonly action: string;
  readonly state: string;
  readonly owner: string;
  readonly host: string;
  readonly pid: number;
  readonly target: string;
  readonly runName: string;
  readonly testPatt: string;
  readonly runId: number | null;
  /** JSON: what was submitted. */
  readonly options: string;
  /** JSON: the plan once it is there, else ''. */
  readonly plan: string;
  readonly exitCode: number | null;
  readonly creationTime: number;
  readonly endTime: number;
};

/** Target, run name and state are taken as they are; `testPatt` is a LIKE pattern for that of the driver (spec runs.md 18). */
export type RunnerSelection = {
  readonly target?: string | undefined;
  readonly runName?: string | undefined;
  readonly testPatt?: string | undefined;
  readonly state?: string | undefined;
  /** Only drivers that are older than this one. */
  readonly before?: number | undefined;
  readonly limit?: number | undefined;
};

const defaultLimit = 1000;

const columns = `id, uuid, action, state, owner, host, pid, target, run_name AS runName, testpatt AS testPatt, run_id AS runId,
  options, plan, exit_code AS exitCode, creation_time AS creationTime, end_time AS endTime`;

export class RunnerTable {
  readonly #db: Connection;
  readonly #changes: () => Changes;

  constructor(db: Connection, changes: () => Changes) {
    this.#db = db;
    this.#changes = changes;
  }

  add(
    runner: Pick<
      RunnerRow,
      'uuid' | 'action' | 'owner' | 'host' | 'pid' | 'target' | 'runName' | 'testPatt' | 'options'
    >,
    nowS: number,
  ): number {
    const {uuid, action, owner, host, pid, target, runName, testPatt, options} = runner;
    const result = prepared(
      this.#db,
      `INSERT INTO runners (uuid, action, owner, host, pid, target, run_name, testpatt, options, creation_time)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ).run(uuid, action, owner, host, pid, target, runName, testPatt, options, nowS);
    const id = Number(result.lastInsertRowid);
    prepared(
      this.#db,
      `INSERT INTO tasks_queue (action, owner, state, target, name, testpatt, keylock, params, creation_time, execution_time)
         VALUES ('run-tests', ?, 'running', ?, ?, ?, ?, ?, ?, ?)`,
    ).run(owner, target, runName, testPatt, uuid, `${host} ${pid}`, nowS, nowS);
    this.#changes().runners.add(id);
    return id;
  }

  byUuid(uuid: string): RunnerRow | undefined {
    return prepared<[string], RunnerRow>(this.#db, `SELECT ${columns} FROM runners WHERE uuid = ?`).get(uuid);
  }

  get(id: number): RunnerRow | undefined {
    return prepared<[number], RunnerRow>(this.#db, `SELECT ${columns} FROM runners WHERE id = ?`).get(id);
  }

  /** Drivers that have not ended, oldest first. */
  live(): readonly RunnerRow[] {
    return prepared<[], RunnerRow>(
      this.#db,
      `SELECT ${columns} FROM runners WHERE state = 'running' ORDER BY id`,
    ).all();
  }

  /** How many drivers of a run have not ended. */
  liveOf(runId: number): number {
    return (
      prepared<[number], number>(
        this.#db,
        "SELECT count(*) FROM runners WHERE run_id = ? AND state = 'running'",
      )
        .pluck()
        .get(runId) ?? 0
    );
  }

  /** Newest first. */
  list(selection: RunnerSelection = {}): readonly RunnerRow[] {
    const {target, runName, testPatt, state, before, limit} = selection;
    const where = all(
      (
        [
          ['target = ?', target],
          ['run_name = ?', runName],
          ['testpatt LIKE ?', testPatt],
          ['state = ?', state],
          ['id < ?', before],
        ] as const
      ).map(([sql, value]) => (value === undefined ? undefined : {sql, values: [String(value)]})),
    );
    return prepared<unknown[], RunnerRow>(
      this.#db,
      `SELECT ${columns} FROM runners WHERE ${where.sql} ORDER BY id DESC LIMIT ?`,
    ).all(...where.values, limit ?? defaultLimit);
  }

  /** The newest driver of exactly this run. */
  last(target: string, runName: string): RunnerRow | undefined {
    return prepared<[string, string], RunnerRow>(
      this.#db,
      `SELECT ${columns} FROM runners WHERE target = ? AND run_name = ? ORDER BY id DESC LIMIT 1`,
    ).get(target, runName);
  }

  setRun(id: number, runId: number): void {
    prepared(this.#db, 'UPDATE runners SET run_id = ? WHERE id = ?').run(runId, id);
    this.#changes().runners.add(id);
  }

  setPlan(id: number, plan: string, testPatt: string): void {
    prepared(this.#db, 'UPDATE runners SET plan = ?, testpatt = ? WHERE id = ?').run(plan, testPatt, id);
    this.#changes().runners.add(id);
  }

  end(id: number, state: 'done' | 'killed', exitCode: number, nowS: number): void {
    prepared(
      this.#db,
      "UPDATE runners SET state = ?, exit_code = ?, end_time = ?, plan = '' WHERE id = ?",
    ).run(state, exitCode, nowS, id);
    prepared(
      this.#db,
      'UPDATE tasks_queue SET state = ? WHERE keylock = (SELECT uuid FROM runners WHERE id = ?)',
    ).run(state, id);
    this.#changes().runners.add(id);
  }
}

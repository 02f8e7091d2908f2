/** Rows of `jobs`: what is to be done, is being done and was done for users (spec mtutil.md 14). */
import type {JobState} from '@megatest/model';
import type {Connection} from './connection.ts';
import {all, matchColumn, matchList} from './selectors.ts';
import {prepared} from './statement-cache.ts';
import type {Changes} from './store.ts';

export type JobRow = {
  readonly id: number;
  readonly uuid: string;
  readonly parentUuid: string;
  readonly action: string;
  readonly state: JobState;
  readonly owner: string;
  readonly source: string;
  /** From which it was added. */
  readonly host: string;
  readonly target: string;
  readonly runName: string;
  readonly testPatt: string;
  readonly runId: number | null;
  readonly testId: number | null;
  /** JSON. */
  readonly params: string;
  readonly priority: number;
  readonly notBefore: number;
  readonly lockKey: string;
  /** `user@host` of the manager that has it, `daemon`, or ''. */
  readonly claimedBy: string;
  readonly claimToken: string;
  readonly leaseUntil: number;
  readonly attempts: number;
  readonly maxAttempts: number;
  readonly exitCode: number | null;
  readonly message: string;
  readonly logPath: string;
  readonly creationTime: number;
  readonly startTime: number;
  readonly endTime: number;
};

export type NewJob = Pick<
  JobRow,
  | 'uuid'
  | 'parentUuid'
  | 'action'
  | 'owner'
  | 'source'
  | 'host'
  | 'target'
  | 'runName'
  | 'testPatt'
  | 'params'
  | 'priority'
  | 'notBefore'
  | 'maxAttempts'
>;

export type JobUpdate = Partial<
  Pick<
    JobRow,
    | 'state'
    | 'priority'
    | 'runId'
    | 'claimedBy'
    | 'claimToken'
    | 'leaseUntil'
    | 'attempts'
    | 'maxAttempts'
    | 'exitCode'
    | 'message'
    | 'logPath'
    | 'startTime'
    | 'endTime'
  >
>;

export type JobSelection = {
  /** Comma lists. */
  readonly state?: string | undefined;
  readonly action?: string | undefined;
  /** Patterns. */
  readonly target?: string | undefined;
  readonly runName?: string | undefined;
  readonly owner?: string | undefined;
  /** Added at this time or later. */
  readonly sinceS?: number | undefined;
  readonly limit: number;
  /** Only older ones than this. */
  readonly beforeId?: number | undefined;
};

export type OpenJobState = Exclude<JobState, 'done' | 'failed' | 'killed' | 'cancelled'>;

const openStates = "'queued', 'waiting', 'claimed', 'running'";

const columnOf: Readonly<Record<keyof JobUpdate, string>> = {
  state: 'state',
  priority: 'priority',
  runId: 'run_id',
  claimedBy: 'claimed_by',
  claimToken: 'claim_token',
  leaseUntil: 'lease_until',
  attempts: 'attempts',
  maxAttempts: 'max_attempts',
  exitCode: 'exit_code',
  message: 'message',
  logPath: 'log_path',
  startTime: 'start_time',
  endTime: 'end_time',
};

const columns = `id, uuid, parent_uuid AS parentUuid, action, state, owner, source, host, target, run_name AS runName,
  testpatt AS testPatt, run_id AS runId, test_id AS testId, params, priority, not_before AS notBefore, lock_key AS lockKey,
  claimed_by AS claimedBy, claim_token AS claimToken, lease_until AS leaseUntil, attempts, max_attempts AS maxAttempts,
  exit_code AS exitCode, message, log_path AS logPath, creation_time AS creationTime, start_time AS startTime, end_time AS endTime`;

/** Rows of the scheduler's own queue, if there are any, are none of users. */
const ofUsers = "action <> 'launch-test'";

export class JobTable {
  readonly #db: Connection;
  readonly #changes: () => Changes;

  constructor(db: Connection, changes: () => Changes) {
    this.#db = db;
    this.#changes = changes;
  }

  add(job: NewJob, nowS: number): number {
    const {uuid, parentUuid, action, owner, source, host, target, runName, testPatt} = job;
    const {params, priority, notBefore, maxAttempts} = job;
    const lockKey = `${target}/${runName}`;
    const result = prepared(
      this.#db,
      `INSERT INTO jobs (uuid, parent_uuid, action, state, owner, source, host, target, run_name, testpatt, params, priority,
         not_before, lock_key, max_attempts, creation_time)
       VALUES (?, ?, ?, 'queued', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ).run(
      ...[uuid, parentUuid, action, owner, source, host, target, runName, testPatt, params],
      ...[priority, notBefore, lockKey, maxAttempts, nowS],
    );
    const id = Number(result.lastInsertRowid);
    this.#changes().jobs.add(id);
    return id;
  }

  get(id: number): JobRow | undefined {
    return prepared<[number], JobRow>(this.#db, `SELECT ${columns} FROM jobs WHERE id = ?`).get(id);
  }

  byUuid(uuid: string): JobRow | undefined {
    return prepared<[string], JobRow>(this.#db, `SELECT ${columns} FROM jobs WHERE uuid = ?`).get(uuid);
  }

  /** What has not ended, in the order in which it is to be begun. */
  open(): readonly JobRow[] {
    return prepared<[], JobRow>(
      this.#db,
      `SELECT ${columns} FROM jobs WHERE state IN (${openStates}) AND ${ofUsers}
       ORDER BY priority DESC, creation_time, id`,
    ).all();
  }

  /** How many that have not ended are in each state. */
  openCounts(): Readonly<Record<OpenJobState, number>> {
    const rows = prepared<[], {state: OpenJobState; count: number}>(
      this.#db,
      `SELECT state, count(*) AS count FROM jobs WHERE state IN (${openStates}) AND ${ofUsers} GROUP BY state`,
    ).all();
    const counts = {queued: 0, waiting: 0, claimed: 0, running: 0};
    for (const {state, count} of rows) {
      counts[state] = count;
    }
    return counts;
  }

  /** Newest first. */
  list(selection: JobSelection): readonly JobRow[] {
    const {state, action, target, runName, owner, sinceS, limit, beforeId} = selection;
    const {sql, values} = all([
      matchList('state', state?.split(',')),
      matchList('action', action?.split(',')),
      target === undefined ? undefined : matchColumn('target', target),
      runName === undefined ? undefined : matchColumn('run_name', runName),
      owner === undefined ? undefined : matchColumn('owner', owner),
    ]);
    return prepared<unknown[], JobRow>(
      this.#db,
      `SELECT ${columns} FROM jobs WHERE ${ofUsers} AND ${sql} AND creation_time >= ? AND id < ? ORDER BY id DESC LIMIT ?`,
    ).all(...values, sinceS ?? 0, beforeId ?? Number.MAX_SAFE_INTEGER, limit);
  }

  /** The newest job that runs tests of exactly this run. */
  lastRun(target: string, runName: string): JobRow | undefined {
    return prepared<[string, string], JobRow>(
      this.#db,
      `SELECT ${columns} FROM jobs WHERE target = ? AND run_name = ? AND (action = 'run' OR action LIKE 'rerun%')
       ORDER BY id DESC LIMIT 1`,
    ).get(target, runName);
  }

  update(id: number, change: JobUpdate): void {
    const names = (Object.keys(change) as (keyof JobUpdate)[]).filter((name) => change[name] !== undefined);
    prepared(
      this.#db,
      `UPDATE jobs SET ${names.map((name) => `${columnOf[name]} = ?`).join(', ')} WHERE id = ?`,
    ).run(...names.map((name) => change[name]), id);
    this.#changes().jobs.add(id);
  }

  /** Forgets what ended well before `doneBeforeS`, or not well before `failedBeforeS`. */
  prune(doneBeforeS: number, failedBeforeS: number): void {
    prepared(
      this.#db,
      `DELETE FROM jobs WHERE ${ofUsers} AND ((state IN ('done', 'cancelled') AND end_time < ?)
         OR (state IN ('failed', 'killed') AND end_time < ?))`,
    ).run(doneBeforeS, failedBeforeS);
  }
}

/**
 * Questions that go through many runs: what the pages of the dashboard show of a whole area. They take as long as there are rows, so
 * they are asked in a thread of their own, of a connection that only reads.
 */
import {createHash} from 'node:crypto';
import {isOutcome, isRunning} from '@megatest/model';
import type {Connection} from './connection.ts';
import type {DataAnswer} from './other-database.ts';
import type {RunRow, RunTable, StateCount} from './run-table.ts';
import {all, type Condition, matchColumnAny, matchTests} from './selectors.ts';
import {prepared} from './statement-cache.ts';
import {type TestSelection, testCondition} from './test-selection.ts';

export type NetCount = {readonly runId: number; readonly netState: string; readonly count: number};

/** A result of a test in one of the runs. */
export type PastOutcome = {
  readonly runId: number;
  readonly runName: string;
  readonly target: readonly string[];
  readonly testId: number;
  readonly state: string;
  readonly status: string;
  /** Unix seconds. */
  readonly eventTime: number;
  /** Seconds. */
  readonly runDuration: number;
};

export type HistorySelection = {
  readonly testName: string;
  /** `undefined`: the test and its items. */
  readonly itemPath?: string | undefined;
  readonly targetPatt?: string | undefined;
  /** Outcomes of each. */
  readonly outcomes: number;
  /** Items that are listed. */
  readonly items: number;
};

export type VariableSelection = {
  readonly testPatt?: string | undefined;
  /** Comma lists of patterns. */
  readonly category?: string | undefined;
  readonly variable?: string | undefined;
  readonly runs: number;
  readonly limit: number;
};

export type AffectedSelection = Pick<TestSelection, 'testPatt' | 'states' | 'statuses'> & {
  readonly target: string;
  readonly runPatt: string;
  /** Those of locked runs are none of them. */
  readonly unlockedOnly: boolean;
  /** Runs alone are concerned, with whatever tests they have. */
  readonly wholeRuns: boolean;
};

/** What a change of many tests, or of runs, concerns just now. */
export type Affected = {
  readonly runs: number;
  readonly tests: number;
  readonly running: number;
  /** At most 10 names. */
  readonly sample: readonly string[];
  /** The same while the same runs and tests are concerned, and as many of them are running. */
  readonly digest: string;
};

export type TestStateCount = StateCount & {readonly testName: string};

/** Runs that are looked through, newest first: what is older says little of today. */
const mostRuns = 1000;
/** Behind these, who has all that is wanted of what he has found looks for nothing else. */
const runsForAll = 100;
const runsTogether = 100;
/** Of a sample. */
const mostNames = 10;

type Found = Omit<PastOutcome, 'runId' | 'runName' | 'target'> & {readonly key: string};

const columns = 'id AS testId, state, status, event_time AS eventTime, run_duration AS runDuration';

export class Overviews {
  readonly #db: Connection;
  readonly #runs: RunTable;

  constructor(db: Connection, runs: RunTable) {
    this.#db = db;
    this.#runs = runs;
  }

  /** Tests of every run by status when COMPLETED, else by state, the rows of parents too (spec dashboard.md A5). */
  netCounts(): readonly NetCount[] {
    return prepared<[], NetCount>(
      this.#db,
      `SELECT run_id AS runId, CASE state WHEN 'COMPLETED' THEN status ELSE state END AS netState, count(*) AS count
         FROM tests WHERE state <> 'DELETED' AND run_id IN (SELECT id FROM runs WHERE state <> 'deleted')
         GROUP BY run_id, netState`,
    ).all();
  }

  /** The newest run of every target, by target. */
  newestOfTargets(keys: readonly string[]): readonly RunRow[] {
    const values = keys.map((key) => `ifnull("${key}", '')`).join(', ') || "''";
    const ids = prepared<[], number>(
      this.#db,
      `SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY ${values} ORDER BY event_time DESC, id DESC) AS place
         FROM runs WHERE state <> 'deleted') WHERE place = 1`,
    )
      .pluck()
      .all();
    return ids.flatMap((id) => this.#runs.get(id) ?? []).sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  }

  /** The last outcomes of a test and its items, by item path, each with the oldest first. */
  history(selection: HistorySelection): ReadonlyMap<string, readonly PastOutcome[]> {
    const {testName, itemPath, targetPatt, outcomes, items} = selection;
    const ofItem = itemPath === undefined ? '' : 'AND item_path = ?';
    const statement = prepared<unknown[], Found>(
      this.#db,
      `SELECT ${columns}, item_path AS key FROM tests WHERE run_id = ? AND testname = ? ${ofItem} ORDER BY item_path`,
    );
    const words = [testName, ...(itemPath === undefined ? [] : [itemPath])];
    return this.#collect(targetPatt, outcomes, itemPath === undefined ? items : 1, (runId) =>
      statement.iterate(runId, ...words),
    );
  }

  /** The last outcomes of every test, its items rolled up, by test name, each with the oldest first. */
  catalogue(outcomes: number): ReadonlyMap<string, readonly PastOutcome[]> {
    const statement = prepared<[number], Found>(
      this.#db,
      `SELECT ${columns}, testname AS key FROM tests WHERE run_id = ? AND item_path = ''`,
    );
    return this.#collect(undefined, outcomes, Number.POSITIVE_INFINITY, (runId) => statement.iterate(runId));
  }

  /** Tests of a run with their items, counted by test, state and status. */
  countsByTest(runId: number): readonly TestStateCount[] {
    return prepared<[number], TestStateCount>(
      this.#db,
      `SELECT testname AS testName, state, status, count(*) AS count FROM tests WHERE run_id = ? AND state <> 'DELETED'
         GROUP BY testname, state, status ORDER BY testname, state, status`,
    ).all(runId);
  }

  affected(selection: AffectedSelection): Affected {
    const {target, runPatt, unlockedOnly, wholeRuns, ...ofTests} = selection;
    const runs = this.#runs
      .find({targetPatt: target, runPatt})
      .filter(({state}) => !unlockedOnly || state !== 'locked');
    const digest = createHash('sha256');
    const sample: string[] = [];
    let tests = 0;
    let running = 0;
    for (const run of runs) {
      const runText = [...run.target, run.runName].join('/');
      digest.update(`run ${run.id}\n`);
      if (wholeRuns) {
        sample.push(...(sample.length < mostNames ? [runText] : []));
        continue;
      }
      const where = testCondition({...ofTests, runIds: [run.id]});
      const prefix = runs.length > 1 ? `${runText} ` : '';
      sample.push(...this.#names(where, mostNames - sample.length).map((name) => prefix + name));
      const rows = this.#db
        .prepare<unknown[], [number, string]>(`SELECT id, state FROM tests WHERE ${where.sql} ORDER BY id`)
        .raw();
      for (const [id, state] of rows.iterate(...where.values)) {
        tests += 1;
        running += isRunning(state) ? 1 : 0;
        digest.update(`${id}\n`);
      }
    }
    digest.update(`running ${running}`);
    return {runs: runs.length, tests, running, sample, digest: digest.digest('hex')};
  }

  #names(where: Condition, limit: number): readonly string[] {
    return this.#db
      .prepare<unknown[], string>(
        `SELECT testname || iif(item_path = '', '', '/' || item_path) FROM tests WHERE ${where.sql} ORDER BY id LIMIT ?`,
      )
      .pluck()
      .all(...where.values, limit);
  }

  /** A variable in the newest runs that have it, newest first: with what was expected, and where it was measured. */
  variables({testPatt, category, variable, runs, limit}: VariableSelection): DataAnswer {
    const ids = this.#runs.find({runPatt: '%', newestFirst: true, limit: runs}).map(({id}) => id);
    const where = all([
      {sql: `t.run_id IN (${ids.join(', ')}) AND t.state <> 'DELETED' AND d.status <> 'DELETED'`, values: []},
      matchTests(testPatt),
      matchColumnAny('d.category', category),
      matchColumnAny('d.variable', variable),
    ]);
    const statement = prepared<unknown[], (string | number | null)[]>(
      this.#db,
      `SELECT r.id AS runId, r.runname AS runName, r.event_time AS eventTime, t.id AS testId, t.testname AS testName,
           t.item_path AS itemPath, d.category, d.variable, d.value, d.expected, d.tol, d.units, d.status
         FROM tests AS t JOIN runs AS r ON r.id = t.run_id JOIN test_data AS d ON d.test_id = t.id
         WHERE ${where.sql} ORDER BY r.event_time DESC, r.id DESC, t.testname, t.item_path, d.id LIMIT ?`,
    ).raw();
    const rows = statement.all(...where.values, limit + 1);
    return {
      kind: 'rows',
      columns: statement.columns().map(({name}) => name),
      rows: rows.slice(0, limit),
      isTruncated: rows.length > limit,
    };
  }

  /** Which of these directories belong to a test. */
  recordedDirectories(directories: readonly string[]): readonly string[] {
    const places = directories.map(() => '?').join(', ');
    return prepared<unknown[], string>(
      this.#db,
      `SELECT shortdir FROM tests WHERE shortdir IN (${places}) AND state <> 'DELETED'
         UNION SELECT rundir FROM tests WHERE rundir IN (${places}) AND state <> 'DELETED'`,
    )
      .pluck()
      .all(...directories, ...directories);
  }

  #collect(
    targetPatt: string | undefined,
    outcomes: number,
    mostKeys: number,
    testsOf: (runId: number) => Iterable<Found>,
  ): ReadonlyMap<string, readonly PastOutcome[]> {
    const found = new Map<string, PastOutcome[]>();
    let full = 0;
    let looked = 0;
    for (const {id: runId, runName, target} of this.#newestFirst(targetPatt)) {
      for (const {key, ...test} of testsOf(runId)) {
        const list = found.get(key) ?? [];
        const isWanted = list.length < outcomes && (list.length > 0 || found.size < mostKeys);
        if (isWanted && isOutcome(test.state)) {
          list.push({runId, runName, target, ...test});
          found.set(key, list);
          full += list.length === outcomes ? 1 : 0;
        }
      }
      looked += 1;
      if (full >= mostKeys || (full === found.size && looked >= runsForAll)) {
        break;
      }
    }
    for (const list of found.values()) {
      list.reverse();
    }
    return found;
  }

  *#newestFirst(targetPatt: string | undefined): Iterable<RunRow> {
    let before: number | undefined;
    for (let left = mostRuns; left > 0; left -= runsTogether) {
      const page = this.#runs.find({
        runPatt: '%',
        targetPatt,
        newestFirst: true,
        before,
        limit: runsTogether,
      });
      yield* page;
      before = page.at(-1)?.id;
      if (page.length < runsTogether) {
        return;
      }
    }
  }
}

function nameOf({target}: RunRow): string {
  return target.join('/');
}

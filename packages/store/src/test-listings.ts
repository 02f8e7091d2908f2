/** Questions about tests that only read: listings in any order and in pages, and what is known of a test in other runs. */
import type {Connection} from './connection.ts';
import {type PageRequest, type RowPage, readPage} from './page.ts';
import {all, matchColumnAny, matchList, matchTests} from './selectors.ts';
import {prepared} from './statement-cache.ts';
import {
  columnAliases,
  NUMBER_COLUMNS,
  propertyOf,
  TEST_COLUMNS,
  TEST_FIELDS,
  type TestRow,
} from './test-row.ts';
import {type TestSelection, testCondition} from './test-selection.ts';

/** How a listing looks: by id and with all properties of a row unless something else is said. */
export type TestListing = PageRequest & {
  /** Names of `TEST_FIELDS`. */
  readonly fields?: readonly string[] | undefined;
  /** A name of `TEST_ORDERS`. */
  readonly sortBy?: string | undefined;
  readonly isDescending?: boolean | undefined;
};

/** An item of a test, as its summary shows it (spec homehost.md 4.7). */
export type ItemSummary = Pick<
  TestRow,
  'id' | 'itemPath' | 'state' | 'status' | 'runDuration' | 'finalLogf' | 'comment'
>;

export type Neighbour = {readonly testId: number; readonly itemPath: string};

/** When a host was looked at last, and what its load was: -1 and 0 when nothing is known. */
export type LoadSample = {readonly load: number; readonly timeS: number};

/**
 * Names of `TEST_FIELDS`, and those that the original had for an order. `rundir` means its length: what lies deeper comes later. A test
 * name is followed by the item path.
 */
export const TEST_ORDERS: readonly string[] = [
  ...TEST_FIELDS.keys(),
  'testname',
  'statestatus',
  'event_time',
];

const numbers: ReadonlySet<string> = new Set([...NUMBER_COLUMNS, 'pass_count', 'fail_count', 'last_update']);
const rowColumns = TEST_COLUMNS.map(
  (column) => `t.${column}${columnAliases[column] === undefined ? '' : ` AS ${columnAliases[column]}`}`,
).join(', ');
const rowFields: readonly string[] = TEST_COLUMNS.map(propertyOf);
const summaryFields = ['id', 'itemPath', 'state', 'status', 'runDuration', 'finalLogf', 'comment'] as const;
/** Samples of a host that are older than so many rows of all hosts say nothing of its present load. */
const recentSamples = 20_000;

export class TestListings {
  readonly #db: Connection;

  constructor(db: Connection) {
    this.#db = db;
  }

  list(selection: TestSelection, listing: TestListing): RowPage<TestRow> {
    return readPage(
      this.#db,
      {
        fields: fieldsOf(listing.fields ?? rowFields),
        from: 'tests',
        where: testCondition(selection),
        orderBy: orderOf(listing.sortBy),
        isDescending: listing.isDescending ?? false,
      },
      listing,
    );
  }

  /** One test, with these properties only. */
  get(testId: number, fields: readonly string[]): TestRow | undefined {
    const where = {sql: 'id = ?', values: [testId]};
    const query = {fields: fieldsOf(fields), from: 'tests', where, orderBy: ['id']};
    return readPage<TestRow>(this.#db, query, {limit: 1}).rows[0];
  }

  /** The row of a test and those of its items, without what is DELETED. */
  statesOf(
    runId: number,
    testName: string,
  ): readonly {readonly itemPath: string; readonly state: string; readonly status: string}[] {
    return prepared<[number, string], {itemPath: string; state: string; status: string}>(
      this.#db,
      "SELECT item_path AS itemPath, state, status FROM tests WHERE run_id = ? AND testname = ? AND state <> 'DELETED'",
    ).all(runId, testName);
  }

  /** Items of a test that are not DELETED. */
  itemCount(runId: number, testName: string): number {
    return (
      prepared<[number, string], number>(
        this.#db,
        "SELECT count(*) FROM tests WHERE run_id = ? AND testname = ? AND item_path <> '' AND state <> 'DELETED'",
      )
        .pluck()
        .get(runId, testName) ?? 0
    );
  }

  /** The items of a test before and behind one of them; of the whole test only the first one is behind it. */
  neighbours({runId, testName, itemPath}: Pick<TestRow, 'runId' | 'testName' | 'itemPath'>): {
    readonly previous: Neighbour | null;
    readonly next: Neighbour | null;
  } {
    const find = (comparison: '<' | '>', order: 'DESC' | 'ASC') =>
      prepared<unknown[], Neighbour>(
        this.#db,
        `SELECT id AS testId, item_path AS itemPath FROM tests WHERE run_id = ? AND testname = ? AND item_path ${comparison} ?
           AND item_path <> '' AND state <> 'DELETED' ORDER BY item_path ${order} LIMIT 1`,
      ).get(runId, testName, itemPath) ?? null;
    return {previous: find('<', 'DESC'), next: find('>', 'ASC')};
  }

  items(runId: number, testName: string, page: PageRequest): RowPage<ItemSummary> {
    return readPage(
      this.#db,
      {
        fields: fieldsOf(summaryFields),
        from: 'tests',
        where: {
          sql: "run_id = ? AND testname = ? AND item_path <> '' AND state <> 'DELETED'",
          values: [runId, testName],
        },
        orderBy: ['id'],
      },
      page,
    );
  }

  /** Directories of tests, those of the newest run first, and in a run those of the test that began last (spec cli.md 13). */
  paths(
    selection: {
      readonly runIds: readonly number[];
      readonly testPatt?: string | undefined;
      readonly statePatt?: string | undefined;
      readonly statusPatt?: string | undefined;
    },
    page: PageRequest,
  ): RowPage<string> {
    const {runIds, testPatt, statePatt, statusPatt} = selection;
    const where = all([
      {sql: `t.run_id IN (${runIds.map(Number).join(', ')})`, values: []},
      {sql: "t.state <> 'DELETED'", values: []},
      matchTests(testPatt),
      matchColumnAny('t.state', statePatt),
      matchColumnAny('t.status', statusPatt),
    ]);
    const {rows, next} = readPage<{readonly rundir: string}>(
      this.#db,
      {
        fields: [['rundir', 't.rundir']],
        from: 'tests AS t JOIN runs AS r ON r.id = t.run_id',
        where,
        orderBy: ['coalesce(r.event_time, 0)', 'r.id', 'coalesce(t.event_time, 0)', 't.id'],
        isDescending: true,
      },
      page,
    );
    return {rows: rows.map(({rundir}) => rundir), ...(next === undefined ? {} : {next})};
  }

  /** The same test or item in the newest other run of the target that has it. */
  previous(runId: number, testName: string, itemPath: string): TestRow | undefined {
    return prepared<unknown[], TestRow>(
      this.#db,
      `SELECT ${rowColumns} ${this.#ofOtherRuns('t.testname = ? AND t.item_path = ?')} ORDER BY r.id DESC LIMIT 1`,
    ).get(runId, testName, itemPath);
  }

  /** Of every test and item that the pattern `testName/itemPath` means: the one in the newest other run of the target that has it. */
  allPrevious(runId: number, testName: string, itemPath: string, limit: number): readonly TestRow[] {
    const {sql, values} = matchTests(`${testName}/${itemPath}`) ?? {sql: '1', values: []};
    return prepared<unknown[], TestRow>(
      this.#db,
      `SELECT ${rowColumns} FROM tests AS t JOIN
         (SELECT t.testname AS testname, t.item_path AS item_path, max(t.run_id) AS run_id ${this.#ofOtherRuns(sql)}
          GROUP BY t.testname, t.item_path) AS newest
         ON t.run_id = newest.run_id AND t.testname = newest.testname AND t.item_path = newest.item_path
         ORDER BY t.testname, t.item_path LIMIT ?`,
    ).all(runId, ...values, limit);
  }

  #ofOtherRuns(condition: string): string {
    const keys = prepared<[], string>(this.#db, 'SELECT fieldname FROM keys ORDER BY id').pluck().all();
    const sameTarget = keys.map((key) => `r."${key}" = me."${key}"`).join(' AND ') || '1';
    return `FROM tests AS t JOIN runs AS r ON r.id = t.run_id JOIN runs AS me ON me.id = ?
      WHERE r.id <> me.id AND r.state <> 'deleted' AND ${sameTarget} AND t.state <> 'DELETED' AND ${condition}`;
  }

  /** The newest sample of each host, by its name without a domain. */
  hostLoads(hosts: readonly string[]): ReadonlyMap<string, LoadSample> {
    const wanted = matchList('host', [...new Set(hosts)]);
    if (wanted === undefined) {
      return new Map();
    }
    const rows = prepared<unknown[], LoadSample & {readonly host: string}>(
      this.#db,
      `SELECT host, cpuload AS load, max(update_time) AS timeS FROM
         (SELECT CASE instr(t.host, '.') WHEN 0 THEN t.host ELSE substr(t.host, 1, instr(t.host, '.') - 1) END AS host,
            s.cpuload AS cpuload, s.update_time AS update_time
          FROM (SELECT * FROM test_rundat ORDER BY id DESC LIMIT ${recentSamples}) AS s JOIN tests AS t ON t.id = s.test_id
          WHERE s.cpuload >= 0)
         WHERE ${wanted.sql} GROUP BY host`,
    ).all(...wanted.values);
    return new Map(rows.map(({host, load, timeS}) => [host, {load, timeS}]));
  }
}

function fieldsOf(names: readonly string[]): readonly (readonly [string, string])[] {
  return names.map((name) => [name, columnOf(name)]);
}

/** No other name ever becomes part of a statement. */
function columnOf(name: string): string {
  const column = TEST_FIELDS.get(name);
  if (column === undefined) {
    throw new Error(`tests have no field ${name}`);
  }
  return column;
}

function orderOf(sortBy: string | undefined): readonly string[] {
  switch (sortBy) {
    case undefined:
    case 'id':
      return ['id'];
    case 'rundir':
      return ["length(coalesce(rundir, ''))", 'id'];
    case 'testName':
    case 'testname':
      return [keyOf('testname'), keyOf('item_path'), 'id'];
    case 'statestatus':
      return [keyOf('state'), keyOf('status'), 'id'];
    case 'event_time':
      return [keyOf('event_time'), 'id'];
    default:
      return [keyOf(columnOf(sortBy)), 'id'];
  }
}

/** Other tools may store nothing or bytes: a key is neither. */
function keyOf(column: string): string {
  return numbers.has(column) ? `coalesce(${column} + 0, 0)` : `coalesce(CAST(${column} AS TEXT), '')`;
}

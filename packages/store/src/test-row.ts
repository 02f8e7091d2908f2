/** What a row of `tests` looks like: to whoever reads it, to what decides by it, and to what changes it. */

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

export type TestColumn = (typeof TEST_COLUMNS)[number];

export const columnAliases: Readonly<Record<string, string>> = {
  run_id: 'runId',
  testname: 'testName',
  event_time: 'eventTime',
  item_path: 'itemPath',
  run_duration: 'runDuration',
  final_logf: 'finalLogf',
};

/** The property of a row that has the value of a column. */
export function propertyOf(column: TestColumn): keyof TestRow {
  return (columnAliases[column] ?? column) as keyof TestRow;
}

/** Columns of numbers; the others are texts. */
export const NUMBER_COLUMNS: readonly TestColumn[] = [
  'id',
  'run_id',
  'event_time',
  'cpuload',
  'diskfree',
  'run_duration',
  'attemptnum',
  'archived',
];
const texts = TEST_COLUMNS.filter((column) => !NUMBER_COLUMNS.includes(column)).map(propertyOf);

/** A row that can be shown: other tools may store nothing, a number or bytes where a text belongs. */
export function showable(row: TestRow): TestRow {
  const odd = texts.filter((name) => typeof row[name] !== 'string');
  return odd.length === 0
    ? row
    : {...row, ...Object.fromEntries(odd.map((name) => [name, String(row[name] ?? '')]))};
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

/** What decisions look at: a row without what is only shown. */
export type TestCore = {
  readonly id: number;
  readonly runId: number;
  readonly testName: string;
  readonly itemPath: string;
  readonly state: string;
  readonly status: string;
  readonly launchId: string;
  readonly rundir: string;
  readonly shortdir: string;
  /** Unix seconds. */
  readonly lastUpdate: number;
};

/** Columns of `tests` with their values. */
export type ColumnValues = readonly (readonly [column: string, value: string | number])[];

/** The columns of an update with their values; what is `undefined` is left as it is. */
export function columnsOf(values: TestUpdate): ColumnValues {
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

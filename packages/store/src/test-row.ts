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

/** What can be asked for beyond a row: columns by property. */
const furtherColumns = {passCount: 'pass_count', failCount: 'fail_count', lastUpdate: 'last_update'} as const;

/** What a listing can show and be sorted by: properties of rows, with their columns. */
export const TEST_FIELDS: ReadonlyMap<string, string> = new Map([
  ...TEST_COLUMNS.map((column): [string, string] => [propertyOf(column), column]),
  ...Object.entries(furtherColumns),
]);

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

/** The columns that may be set by themselves, by their property. */
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
  archived: 'archived',
} as const;

type Value<Name> = Name extends keyof TestCore ? TestCore[Name] : string | number;

export type TestUpdate = {readonly [Name in keyof typeof updatable]?: Value<Name> | undefined};

/** Every column that is written after a row was made, by the property that holds its value. */
export const WRITTEN_COLUMNS = {
  state: 'state',
  status: 'status',
  launchId: 'launch_id',
  ...updatable,
  lastUpdate: 'last_update',
} as const;

export type WrittenName = keyof typeof WRITTEN_COLUMNS;

/** New values of a row; what is `undefined` is left as it is. */
export type TestChange = {readonly [Name in WrittenName]?: Value<Name> | undefined};

/** `first` and what `second` says beyond or against it. */
export function merged(first: TestChange, second: TestChange): TestChange {
  const both: Partial<Record<WrittenName, unknown>> = {...first};
  for (const name of Object.keys(second) as WrittenName[]) {
    if (second[name] !== undefined) {
      both[name] = second[name];
    }
  }
  return both as TestChange;
}

/** What decisions look at and results tell: a row without what is only shown. */
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
  readonly host: string;
  readonly comment: string;
  /** Unix seconds. */
  readonly eventTime: number;
  /** Seconds. */
  readonly runDuration: number;
  /** Unix seconds. */
  readonly lastUpdate: number;
};

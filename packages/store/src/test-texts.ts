/**
 * Tests as JSON texts that SQLite makes itself: for a listing of a million tests, making a JavaScript object of every row and a text
 * of every object takes several times as long.
 */
import type {Connection} from './connection.ts';
import {NUMBER_COLUMNS, type TestColumn} from './test-row.ts';
import {selectedTests, type TestSelection} from './test-selection.ts';

/** How the JSON object of one test looks. */
export type TestText = {
  /** Names in the object, in order, and the columns of their values. */
  readonly fields: readonly (readonly [name: string, column: TestColumn])[];
  /** The object in another one, under its id: `{"12":{...}}`. */
  readonly isUnderId: boolean;
  /** The value of a field as it is in the object, for all that is neither a text nor a whole number. */
  readonly shown: (stored: unknown) => unknown;
};

/** A row that SQLite would write otherwise than JavaScript is given to this function. */
const unusual = 'mt_unusual_test';
/** Beyond these JavaScript rounds. */
const largest = Number.MAX_SAFE_INTEGER;
/** Numbers that may have a fraction. */
const fractional: readonly TestColumn[] = ['cpuload'];

/** One text for each test, by id, made while they are read; the next call comes when all of the one before have been read. */
export function* testTexts(
  db: Connection,
  {fields, isUnderId, shown}: TestText,
  selection: TestSelection,
): Generator<string> {
  db.function(unusual, {varargs: true}, (id: unknown, ...values: unknown[]) =>
    testText({fields, isUnderId, shown}, id, values),
  );
  const columns = fields.map(([, column]) => column);
  const object = `json_object(${fields.map(([name, column]) => `${literal(name)}, ${written(column)}`).join(', ')})`;
  const text = isUnderId ? `json_object('' || id, ${object})` : object;
  const areUsual = columns.length === 0 ? '1' : columns.map(isUsual).join(' AND ');
  const others = `${unusual}(${['id', ...columns].join(', ')})`;
  const {sql, values} = selectedTests(selection);
  yield* db
    .prepare<unknown[], string>(`SELECT CASE WHEN ${areUsual} THEN ${text} ELSE ${others} END FROM ${sql}`)
    .pluck()
    .iterate(...values);
}

/** The same text from values that were read already. */
export function testText(
  {fields, isUnderId, shown}: TestText,
  id: unknown,
  values: readonly unknown[],
): string {
  const object = Object.fromEntries(fields.map(([name], index) => [name, shown(values[index])]));
  return JSON.stringify(isUnderId ? {[String(id)]: object} : object);
}

/**
 * By comparisons, which take a third of the time of `typeof`: numbers come before texts, and texts before blobs. The `+` keeps SQLite
 * from taking a text for a number in a column that was declared otherwise.
 */
function isUsual(column: TestColumn): string {
  if (!NUMBER_COLUMNS.includes(column)) {
    return `(+${column} >= '' AND +${column} < x'')`;
  }
  const isExact = `+${column} BETWEEN -${largest} AND ${largest}`;
  const isWhole = `+${column} = (${column} | 0)`;
  // Up to 15 digits there is but one shortest way to write a number, which both find.
  const isShort = `(abs(${column}) BETWEEN 0.001 AND 1e12 AND length(json_quote(${column})) <= 16)`;
  return `(${isExact} AND ${fractional.includes(column) ? `(${isWhole} OR ${isShort})` : isWhole})`;
}

/** A whole number without the point that SQLite puts behind it when it is stored as one with a fraction. */
function written(column: TestColumn): string {
  const whole = `${column} | 0`;
  if (fractional.includes(column)) {
    return `CASE WHEN ${column} = (${whole}) THEN ${whole} ELSE ${column} END`;
  }
  return NUMBER_COLUMNS.includes(column) ? whole : column;
}

function literal(name: string): string {
  return `'${name.replaceAll("'", "''")}'`;
}

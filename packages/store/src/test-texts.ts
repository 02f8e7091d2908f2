/**
 * Tests as JSON texts that SQLite makes itself: for a listing of a million tests, making a JavaScript object of every row and a text
 * of every object takes several times as long.
 */
import type {Connection} from './connection.ts';
import type {TEST_COLUMNS} from './test-row.ts';
import {selectedTests, type TestSelection} from './test-selection.ts';

export type TestColumn = (typeof TEST_COLUMNS)[number];

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
/** Numbers with a fraction; the others are whole numbers by their declaration. */
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

/** Up to 15 digits there is but one shortest way to write a number, which both find. */
function isUsual(column: TestColumn): string {
  const isText = `typeof(${column}) = 'text'`;
  const isWhole = `typeof(${column}) = 'integer' AND ${column} BETWEEN -${largest} AND ${largest}`;
  const isShort = `typeof(${column}) = 'real' AND (${column} = 0 OR abs(${column}) BETWEEN 0.001 AND 1e12) AND length(json_quote(${column})) <= 16`;
  return `(${isText} OR ${isWhole}${fractional.includes(column) ? ` OR ${isShort}` : ''})`;
}

/** SQLite writes 1.0 where JavaScript writes 1. */
function written(column: TestColumn): string {
  return fractional.includes(column)
    ? `CASE WHEN ${column} = CAST(${column} AS INTEGER) AND typeof(${column}) = 'real' THEN CAST(${column} AS INTEGER) ELSE ${column} END`
    : column;
}

function literal(name: string): string {
  return `'${name.replaceAll("'", "''")}'`;
}

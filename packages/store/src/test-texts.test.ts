import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import fc from 'fast-check';
import {afterEach, beforeEach, expect, it} from 'vitest';
import {openWorking} from './connection.ts';
import {ensureSchema} from './schema.ts';
import {Store} from './store.ts';
import {propertyOf, TEST_COLUMNS} from './test-row.ts';
import {type TestText, testText, testTexts} from './test-texts.ts';

let directory = '';
let store: Store;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'megatest-texts-'));
  const db = openWorking(join(directory, 'm.db'));
  ensureSchema(db, [{name: 'OS', type: 'TEXT'}], 'M');
  store = new Store(db);
});
afterEach(() => {
  store.db.close();
  rmSync(directory, {recursive: true});
});

const whole: TestText = {
  fields: TEST_COLUMNS.map((column) => [propertyOf(column), column]),
  isUnderId: false,
  shown: (stored) => stored,
};
const listed: TestText = {
  fields: TEST_COLUMNS.map((column) => [column, column]),
  isUnderId: true,
  shown: (stored) => (typeof stored === 'number' ? stored : String(stored ?? '')),
};
const free = TEST_COLUMNS.filter(
  (column) => !['id', 'run_id', 'testname', 'item_path', 'state'].includes(column),
);

/** A new test with these values in its free columns, as any tool may have stored them. */
function insert(values: readonly unknown[]): void {
  const {lastInsertRowid} = store.db
    .prepare(
      "INSERT INTO tests (run_id, testname, item_path, state) VALUES (1, 'a', hex(randomblob(8)), 'COMPLETED')",
    )
    .run();
  free.forEach((column, index) => {
    // A column may refuse an empty value: it keeps the one it has.
    store.db
      .prepare(`UPDATE OR IGNORE tests SET ${column} = ? WHERE id = ?`)
      .run(values[index], lastInsertRowid);
  });
}

/** What JavaScript makes of the rows. */
function fromRows(text: TestText): readonly string[] {
  return store.tests.list({runIds: [1]}).map((row) =>
    testText(
      text,
      row.id,
      text.fields.map(([, column]) => row[propertyOf(column)]),
    ),
  );
}

const anything = fc.oneof(
  fc.string({unit: 'grapheme'}),
  fc.string({unit: 'binary'}),
  fc.constantFrom(
    '"',
    '\\',
    '\b\f\n\r\t',
    '\0',
    '\u001f\u007f\u2028',
    "it's",
    'null',
    '{"a":1}',
    '0.10',
    '1e3',
  ),
  fc.integer(),
  fc.bigInt({min: -(2n ** 63n), max: 2n ** 63n - 1n}),
  fc.double(),
  fc.integer({min: -100_000, max: 100_000}).map((n) => n / 100),
  fc.integer({min: 0, max: 2 ** 24}).map((n) => n / 2 ** 16),
  fc.uint8Array({maxLength: 5}).map((bytes) => Buffer.from(bytes)),
  fc.constant(null),
);

it('SQLite makes the very text that JavaScript makes, whatever is stored', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(anything, {minLength: free.length, maxLength: free.length}), {maxLength: 5}),
      (rows) => {
        store.db.exec('DELETE FROM tests');
        rows.forEach(insert);
        for (const text of [whole, listed]) {
          expect([...testTexts(store.db, text, {runIds: [1]})]).toEqual(fromRows(text));
        }
      },
    ),
    {numRuns: 300},
  );
});

it('what SQLite can write is not given to JavaScript', () => {
  insert(free.map((column) => (column === 'cpuload' ? 0.53 : 7)));
  const text: TestText = {
    ...listed,
    shown: () => {
      throw new Error('not needed');
    },
  };
  expect([...testTexts(store.db, text, {runIds: [1]})]).toHaveLength(1);
});

it('only the selected tests have a text, in the order of their ids', () => {
  insert(free.map(() => 1));
  insert(free.map(() => 2));
  store.db.exec("UPDATE tests SET state = 'DELETED' WHERE id = 1");
  const text: TestText = {fields: [['name', 'testname']], isUnderId: true, shown: String};
  expect([...testTexts(store.db, text, {runIds: [1]})]).toEqual(['{"2":{"name":"a"}}']);
  expect([...testTexts(store.db, text, {runIds: [2]})]).toEqual([]);
});

import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import fc from 'fast-check';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {openWorking} from './connection.ts';
import {BadCursor} from './page.ts';
import {ensureSchema} from './schema.ts';
import {Store} from './store.ts';
import {TEST_ORDERS, type TestListing} from './test-listings.ts';

let directory = '';
let store: Store;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'megatest-listings-'));
  const db = openWorking(join(directory, 'm.db'));
  ensureSchema(db, [{name: 'OS', type: 'TEXT'}], 'M');
  store = new Store(db);
});
afterEach(() => {
  store.db.close();
  rmSync(directory, {recursive: true});
});

const all = {runIds: null, includeDeleted: true};

function pages(listing: Omit<TestListing, 'cursor'>): readonly number[] {
  const ids: number[] = [];
  for (let cursor: string | undefined = ''; cursor !== undefined; ) {
    const page = store.listings.list(all, {...listing, cursor});
    ids.push(...page.rows.map(({id}) => id));
    cursor = page.next;
  }
  return ids;
}

describe('pages of a listing', () => {
  it('hold every row once, in the order of the whole, whatever any tool has stored', () => {
    // As other tools may store it: nothing, bytes, texts in columns of numbers.
    const odd = fc.oneof(
      fc.constantFrom(null, '', 'a', 'A', '10', 9, 2.5, 0.1 + 0.2, -1),
      fc.uint8Array({maxLength: 3}).map((bytes) => Buffer.from(bytes)),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(odd, odd, odd, odd), {maxLength: 12}),
        fc.constantFrom(...TEST_ORDERS),
        fc.boolean(),
        fc.integer({min: 1, max: 5}),
        (values, sortBy, isDescending, limit) => {
          store.db.exec('DELETE FROM tests');
          const insert = store.db.prepare(
            `INSERT INTO tests (run_id, testname, item_path, state, status, rundir, cpuload) VALUES (1, 't', hex(randomblob(8)), ?, ?, ?, ?)`,
          );
          for (const row of values) {
            insert.run(...row);
          }
          const whole = store.listings.list(all, {sortBy, isDescending, limit: 100}).rows.map(({id}) => id);
          expect(new Set(whole).size).toBe(values.length);
          expect(pages({sortBy, isDescending, limit})).toEqual(whole);
        },
      ),
    );
  });

  it('miss nothing and repeat nothing when rows come and go between them', () => {
    const names = ['a', 'b', 'c', 'd', 'e'].map((testName) => ({testName, itemPath: ''}));
    store.tests.register(1, names, 1);
    const first = store.listings.list(all, {sortBy: 'testName', limit: 2, fields: ['testName']});
    store.db.exec("DELETE FROM tests WHERE testname = 'b'");
    store.tests.register(1, [{testName: 'aa', itemPath: ''}], 1);
    const rest = store.listings.list(all, {
      sortBy: 'testName',
      limit: 9,
      fields: ['testName'],
      cursor: first.next,
    });
    expect(rest).toEqual({rows: [{testName: 'c'}, {testName: 'd'}, {testName: 'e'}]});
  });

  it.each(['x', '[', '{}', '[]', '[1,2]', '[null]'])('do not begin at %s', (cursor) => {
    expect(() => store.listings.list(all, {limit: 1, cursor})).toThrow(BadCursor);
  });
});

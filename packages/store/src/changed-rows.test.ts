import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, it} from 'vitest';
import {CHANGE_TABLES, type ChangePlace, changedRows} from './changed-rows.ts';
import {type Connection, openWorking} from './connection.ts';
import {ensureSchema} from './schema.ts';

let directory = '';
let db: Connection;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'megatest-changed-'));
  db = openWorking(join(directory, 'm.db'));
  ensureSchema(db, [{name: 'OS', type: 'TEXT'}], 'M');
});

afterEach(() => {
  db.close();
  rmSync(directory, {recursive: true});
});

function add(id: number, lastUpdateS: number): void {
  db.prepare('INSERT INTO tests (id, testname, item_path, run_id, last_update) VALUES (?, ?, ?, 1, ?)').run(
    id,
    `t${id}`,
    '',
    lastUpdateS,
  );
}

function ids(after: {readonly sinceS: number} | ChangePlace, limit = 100): readonly number[] {
  return changedRows(db, 'tests', after, limit).map(({id}) => id);
}

it('rows of the second itself are not newer than it, and what changed last comes last', () => {
  add(1, 102);
  add(2, 100);
  add(3, 101);
  expect(ids({sinceS: 100})).toEqual([3, 1]);
  expect(ids({sinceS: 99.5})).toEqual([2, 3, 1]);
  expect(ids({sinceS: 102})).toEqual([]);
  for (const table of CHANGE_TABLES) {
    expect(changedRows(db, table, {sinceS: 1e12}, 10)).toEqual([]);
  }
});

it('pages of many rows of one second follow each other, and a row that changes meanwhile comes again', () => {
  for (let id = 1; id <= 7; id += 1) {
    add(id, id < 6 ? 100 : 101);
  }
  const seen: number[] = [];
  let after: {readonly sinceS: number} | ChangePlace = {sinceS: 50};
  for (let page = changedRows(db, 'tests', after, 2); page.length > 0; ) {
    seen.push(...page.map(({id}) => id));
    after = page.at(-1) ?? after;
    if (seen.length === 4) {
      db.exec('UPDATE tests SET last_update = 103 WHERE id IN (1, 6)');
    }
    page = changedRows(db, 'tests', after, 2);
  }
  expect(seen).toEqual([1, 2, 3, 4, 5, 7, 1, 6]);
});

import Database from 'better-sqlite3';
import {expect, it} from 'vitest';
import {matchTests} from './selectors.ts';

const db = new Database(':memory:');
db.exec('CREATE TABLE tests (testname TEXT, item_path TEXT)');
const insert = db.prepare('INSERT INTO tests VALUES (?, ?)');
for (const [test, item] of [
  ['add', ''],
  ['add', '1'],
  ['add', '2'],
  ['sub', ''],
  ['Sub', '1'],
]) {
  insert.run(test, item);
}

function matching(testPatt: string): string {
  const {sql, values} = matchTests(testPatt) ?? {sql: '1', values: []};
  return db
    .prepare<unknown[], string>(`SELECT testname || '/' || item_path FROM tests WHERE ${sql} ORDER BY rowid`)
    .pluck()
    .all(...values)
    .join(' ');
}

it.each([
  ['', 'add/ add/1 add/2 sub/ Sub/1'],
  ['%', 'add/ add/1 add/2 sub/ Sub/1'],
  ['add', 'add/ add/1 add/2'],
  ['add/', 'add/'],
  ['add/1,sub', 'add/1 sub/'],
  ['su%', 'sub/ Sub/1'],
  ['[as]*/2,none,none', 'add/2'],
  ['none,other,third', ''],
])('the pattern "%s" selects %s', (testPatt, expected) => {
  expect(matching(testPatt)).toBe(expected);
});

it('a list may be as long as a request can be', () => {
  const many = Array.from({length: 10_000}, (_, index) => `t${index}/1`);
  expect(matching([...many, 'add/2'].join(','))).toBe('add/2');
});

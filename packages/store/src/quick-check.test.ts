import {copyFileSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, it} from 'vitest';
import {openArea} from './connection.ts';
import {quickCheck} from './quick-check.ts';

let directory = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'megatest-check-'));
});

afterEach(() => {
  rmSync(directory, {recursive: true});
});

it('a file whose writer was killed in the middle of a transaction is as it was before it', () => {
  const live = join(directory, 'live.db');
  const db = openArea(live);
  db.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)');
  const insert = db.prepare("INSERT INTO t (text) VALUES (printf('%.500c', 'a'))");
  for (let row = 0; row < 200; row += 1) {
    insert.run();
  }
  // With a small cache, pages of an open transaction are in the file, and those before it in the journal: as a kill leaves them.
  db.pragma('cache_size = 2');
  db.exec("BEGIN; UPDATE t SET text = 'half'; ");
  const killed = join(directory, 'killed.db');
  for (const suffix of ['', '-journal']) {
    copyFileSync(live + suffix, killed + suffix);
  }
  db.exec('ROLLBACK');
  db.close();
  expect(statSync(`${killed}-journal`).size).toBeGreaterThan(0);
  expect(quickCheck(killed)).toBeUndefined();
  expect(existsSync(`${killed}-journal`)).toBe(false);
  const again = openArea(killed, {readonly: true});
  expect(again.prepare("SELECT count(*) FROM t WHERE text <> 'half'").pluck().get()).toBe(200);
  again.close();
});

it('what is no database, or is not there, is not sound', () => {
  const file = join(directory, 'text');
  writeFileSync(file, 'nothing of a database'.repeat(100));
  expect(quickCheck(file)).toContain('not a database');
  expect(quickCheck(join(directory, 'none'))).toBeDefined();
  expect(existsSync(join(directory, 'none'))).toBe(false);
});

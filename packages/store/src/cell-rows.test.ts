import Database from 'better-sqlite3';
import {afterEach, beforeEach, expect, it} from 'vitest';
import {type CellPlace, cellPage, cellsById} from './cell-rows.ts';
import type {Connection} from './connection.ts';
import {ensureSchema} from './schema.ts';

let db: Connection;
beforeEach(() => {
  db = new Database(':memory:');
  ensureSchema(db, [], 'M');
});
afterEach(() => {
  db.close();
});

it('pages of a run are together all of its rows, whatever their names are', () => {
  const insert = db.prepare('INSERT INTO tests (run_id, testname, item_path) VALUES (?, ?, CAST(? AS TEXT))');
  for (const item of ['', 'a', 'b', Buffer.from([0xff]), Buffer.from([0xfe, 0x41]), 'c/1', "'"]) {
    insert.run(1, 'one', item);
    insert.run(2, 'one', item);
  }
  insert.run(1, 'ONE', '');
  const seen: number[] = [];
  for (let after: CellPlace | undefined, isFirst = true; isFirst || after !== undefined; isFirst = false) {
    const page = cellPage(db, 1, after, 3);
    seen.push(...page.rows.map(({id}) => id));
    after = page.next;
  }
  const all = db.prepare<[], number>('SELECT id FROM tests WHERE run_id = 1 ORDER BY id').pluck().all();
  expect(seen.sort((left, right) => left - right)).toEqual(all);
});

it('a page is read by the index', () => {
  const place: CellPlace = [Buffer.from('a'), Buffer.from('b')];
  const statements: string[] = [];
  const traced = new Database(':memory:', {verbose: (sql) => statements.push(String(sql))});
  ensureSchema(traced, [], 'M');
  cellPage(traced, 1, place, 10);
  const page = statements.find((sql) => sql.startsWith('SELECT id, run_id')) ?? '';
  const plan = traced.prepare<[], {detail: string}>(`EXPLAIN QUERY PLAN ${page}`).all();
  expect(plan[0]?.detail).toMatch(/SEARCH tests USING INDEX \w+ \(run_id=\? AND \(testname,item_path\)>/);
  traced.close();
});

it('rows that other tools left half empty can be shown', () => {
  db.exec(
    "INSERT INTO tests (id, run_id, testname, item_path, status, event_time) VALUES (7, 1, NULL, NULL, NULL, 'x')",
  );
  expect(cellsById(db, [7, 8])).toEqual([
    {
      id: 7,
      runId: 1,
      testName: '',
      itemPath: '',
      state: 'NOT_STARTED',
      status: '',
      eventTime: 0,
      runDuration: 0,
    },
  ]);
});

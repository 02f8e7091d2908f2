import {join} from 'node:path';
import Database from 'better-sqlite3';
import {describe, expect, it} from 'vitest';
import type {Connection} from './connection.ts';
import {columnsOf, ensureSchema, SCHEMA_VERSION} from './schema.ts';

const keys = [
  {name: 'OS', type: 'TEXT'},
  {name: 'REL', type: 'TEXT'},
];
const dumpFile = join(import.meta.dirname, '../schema.sql');

function dump(db: Connection): string {
  return `${db
    .prepare<[], string>(
      'SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type DESC, tbl_name, name',
    )
    .pluck()
    .all()
    .map((sql) => `${sql};`)
    .join('\n')}\n`;
}

/** Some tables as the original made them: no version, no stamps, other triggers. */
function makeOriginal(): Connection {
  const db = new Database(':memory:');
  db.exec(`
    CREATE TABLE keys (id INTEGER PRIMARY KEY, fieldname TEXT, fieldtype TEXT, CONSTRAINT keyconstraint UNIQUE (fieldname));
    CREATE TABLE runs (id INTEGER PRIMARY KEY, OS TEXT, REL TEXT, runname TEXT DEFAULT 'norun', state TEXT DEFAULT '', status TEXT DEFAULT '',
      owner TEXT DEFAULT '', event_time TIMESTAMP DEFAULT (strftime('%s','now')), comment TEXT DEFAULT '', fail_count INTEGER DEFAULT 0,
      pass_count INTEGER DEFAULT 0, CONSTRAINT runsconstraint UNIQUE (runname, OS, REL));
    CREATE TABLE test_steps (id INTEGER PRIMARY KEY, test_id INTEGER, stepname TEXT, state TEXT DEFAULT 'NOT_STARTED', status TEXT DEFAULT 'n/a',
      event_time TIMESTAMP, comment TEXT DEFAULT '', logfile TEXT DEFAULT '', last_update INTEGER DEFAULT (strftime('%s','now')),
      CONSTRAINT test_steps_constraint UNIQUE (test_id, stepname, state));
    CREATE TRIGGER update_test_steps_trigger AFTER UPDATE ON test_steps FOR EACH ROW
      BEGIN UPDATE test_steps SET last_update = (strftime('%s','now')) WHERE id = old.id; END;
    CREATE TABLE tests (id INTEGER PRIMARY KEY, run_id INTEGER DEFAULT -1, testname TEXT DEFAULT 'noname', host TEXT DEFAULT 'n/a',
      cpuload REAL DEFAULT -1, diskfree INTEGER DEFAULT -1, uname TEXT DEFAULT 'n/a', rundir TEXT DEFAULT '/tmp/badname',
      shortdir TEXT DEFAULT '/tmp/badname', item_path TEXT DEFAULT '', state TEXT DEFAULT 'NOT_STARTED', status TEXT DEFAULT 'FAIL',
      attemptnum INTEGER DEFAULT 0, final_logf TEXT DEFAULT 'logs/final.log', logdat TEXT DEFAULT '', run_duration INTEGER DEFAULT 0,
      comment TEXT DEFAULT '', event_time TIMESTAMP DEFAULT (strftime('%s','now')), fail_count INTEGER DEFAULT 0,
      pass_count INTEGER DEFAULT 0, archived INTEGER DEFAULT 0, CONSTRAINT testsconstraint UNIQUE (run_id, testname, item_path));
    CREATE TABLE test_rundat (id INTEGER PRIMARY KEY, test_id INTEGER, update_time TIMESTAMP, cpuload INTEGER DEFAULT -1,
      diskfree INTEGER DEFAULT -1, diskusage INTGER DEFAULT -1, run_duration INTEGER DEFAULT 0);
    INSERT INTO keys (fieldname, fieldtype) VALUES ('OS', 'TEXT'), ('REL', 'TEXT');
    INSERT INTO runs (id, OS, REL, runname) VALUES (3, 'linux', 'v1', 'nightly');
    INSERT INTO tests (id, run_id, testname, state, status) VALUES (12, 3, 'build', 'COMPLETED', 'PASS');`);
  return db;
}

describe('the schema', () => {
  it('is what packages/store/schema.sql says (vitest -u writes it anew)', async () => {
    const db = new Database(':memory:');
    ensureSchema(db, keys, 'M');
    await expect(dump(db)).toMatchFileSnapshot(dumpFile);
  });

  it('made twice is made once', () => {
    const db = new Database(':memory:');
    ensureSchema(db, keys, 'M');
    const first = dump(db);
    ensureSchema(db, keys, 'M');
    expect(dump(db)).toBe(first);
  });

  it('homehost.md 13, case 27: a file of the original keeps its rows and ids, and gets what is missing', () => {
    const db = makeOriginal();
    ensureSchema(db, keys, 'M');
    expect(db.pragma('user_version', {simple: true})).toBe(SCHEMA_VERSION);
    expect(db.prepare('SELECT id, OS, REL, runname, contour FROM runs').get()).toEqual({
      id: 3,
      OS: 'linux',
      REL: 'v1',
      runname: 'nightly',
      contour: '',
    });
    expect(db.prepare('SELECT id, state, status, launch_id FROM tests').get()).toEqual({
      id: 12,
      state: 'COMPLETED',
      status: 'PASS',
      launch_id: '',
    });
    expect(columnsOf(db, 'runs')).toContain('last_update');
    expect(columnsOf(db, 'test_rundat')).toEqual(
      expect.arrayContaining(['cpu_user', 'cpu_system', 'memory_peak', 'read_bytes', 'written_bytes']),
    );
    expect(dump(db)).not.toContain('update_test_steps_trigger');
    const before = db.prepare<[], number>('SELECT last_update FROM tests').pluck().get();
    expect(before).toBeGreaterThan(0);
  });

  it('homehost.md 13, case 28: a file of a newer program is refused and left as it is', () => {
    const db = new Database(':memory:');
    db.exec(`CREATE TABLE strange (x); PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
    const before = dump(db);
    expect(() => ensureSchema(db, keys, 'M')).toThrow('database was written by a newer version');
    expect(dump(db)).toBe(before);
  });

  it('a new key becomes a column that the unique constraint covers; runs keep their ids', () => {
    const db = new Database(':memory:');
    ensureSchema(db, keys.slice(0, 1), 'M');
    db.exec("INSERT INTO runs (id, OS, runname) VALUES (5, 'linux', 'r')");
    ensureSchema(db, keys, 'M');
    expect(db.prepare('SELECT id, OS, REL, runname FROM runs').all()).toEqual([
      {id: 5, OS: 'linux', REL: 'x', runname: 'r'},
    ]);
    db.exec("INSERT INTO runs (OS, REL, runname) VALUES ('linux', 'v2', 'r')");
    expect(() => db.exec("INSERT INTO runs (OS, REL, runname) VALUES ('linux', 'v2', 'r')")).toThrow(
      'UNIQUE',
    );
    db.exec('DELETE FROM runs WHERE id = 5');
    expect(db.prepare("SELECT row_id FROM sync_deletes WHERE tbl = 'runs'").pluck().all()).toEqual([5]);
  });

  it('the update trigger stamps a change, and leaves a stamp that the sync writes', () => {
    const db = new Database(':memory:');
    ensureSchema(db, keys, 'M');
    db.exec('INSERT INTO tests (id, last_update) VALUES (1, 10)');
    db.exec("UPDATE tests SET state = 'RUNNING', last_update = 20 WHERE id = 1");
    const stamp = db.prepare<[], number>('SELECT last_update FROM tests').pluck();
    expect(stamp.get()).toBe(20);
    db.exec("UPDATE tests SET state = 'COMPLETED' WHERE id = 1");
    expect(stamp.get()).toBeGreaterThan(20);
  });
});

import {spawn, spawnSync} from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import Database from 'better-sqlite3';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {type Connection, openWorking} from './connection.ts';
import {mergeAreaIntoWorking} from './merge.ts';
import {reconcile} from './reconcile.ts';
import {Store} from './store.ts';
import {type FlushReport, type FlushRequest, flush, refreshCache} from './sync.ts';

const keys = [{name: 'OS', type: 'TEXT'}];
const run = {target: ['a'], runName: 'r', state: 'new', status: 'n/a', owner: 'ana', contour: ''};
let directory = '';
let working = '';
let area = '';
let cache = '';
const open: Connection[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'megatest-sync-'));
  working = join(directory, 'm.db');
  area = join(directory, 'megatest.db');
  cache = join(directory, 'c/c.db');
});

afterEach(() => {
  for (const db of open.splice(0)) {
    db.close();
  }
  rmSync(directory, {recursive: true});
});

function start(nowS = 1000) {
  return reconcile({working, area, keys, nowS});
}

function openM(): Store {
  const db = openWorking(working);
  open.push(db);
  return new Store(db);
}

function flushAt(nowS: number, more: Partial<FlushRequest> = {}): FlushReport {
  const report = flush({working, area, owner: 'me', nowS, marginS: 10, ...more});
  if (report.kind === 'flushed') {
    const db = openWorking(working);
    new Store(db).setMeta('SYNC_STAMP', String(report.stamp));
    new Store(db).setMeta('SYNC_SEQ', String(report.seq));
    db.close();
  }
  return report;
}

function inside<T>(path: string, use: (db: Connection) => T): T {
  const db = new Database(path);
  try {
    return use(db);
  } finally {
    db.close();
  }
}

const testIds = (path: string) =>
  inside(path, (db) => db.prepare<[], number>('SELECT id FROM tests ORDER BY id').pluck().all());
const meta = (path: string, name: string) =>
  inside(path, (db) =>
    db.prepare<[string], string>('SELECT val FROM metadat WHERE var = ?').pluck().get(name),
  );

/** A test row with a stamp of the test's choice, as a write at that second would have left it. */
function put(store: Store, id: number, lastUpdate: number, state = 'RUNNING'): void {
  store.db
    .prepare(
      'INSERT OR REPLACE INTO tests (id, run_id, testname, item_path, state, last_update) VALUES (?, 1, ?, ?, ?, ?)',
    )
    .run(id, 't', String(id), state, lastUpdate);
}

const stateOf = (path: string, id: number) =>
  inside(path, (db) => db.prepare<[number], string>('SELECT state FROM tests WHERE id = ?').pluck().get(id));

describe('which rows a flush takes', () => {
  it('homehost.md 15.5: what is newer than the stamp less the margin, and what was deleted since', () => {
    start();
    const store = openM();
    flushAt(1000);
    inside(area, (db) =>
      db.exec(
        "INSERT INTO tests (id, run_id, testname, item_path, last_update) VALUES (7, 1, 't', '7', 900)",
      ),
    );
    utimesSync(area, 1000, 1000);
    put(store, 1, 985);
    put(store, 2, 990);
    put(store, 3, 1003);
    store.db.exec("INSERT INTO sync_deletes (tbl, row_id, last_update) VALUES ('tests', 7, 995)");
    expect(flushAt(1004)).toMatchObject({kind: 'flushed', stamp: 1004, seq: 2});
    expect(testIds(area)).toEqual([2, 3]);
    expect(Math.floor(statSync(area).mtimeMs / 1000)).toBe(1004);
    // L is 994 now: row 3 goes again, harmlessly.
    expect(flushAt(1005)).toMatchObject({kind: 'flushed', rows: 0});
  });

  it('homehost.md 15.5: a file server whose clock is behind makes more rows go', () => {
    start();
    const store = openM();
    flushAt(1000);
    utimesSync(area, 940, 940);
    put(store, 1, 985);
    put(store, 2, 990);
    flushAt(1004);
    expect(testIds(area)).toEqual([1, 2]);
  });

  it('homehost.md 15.6: a late commit is not lost, and would be without the margin', () => {
    for (const [marginS, expected] of [
      [10, [1]],
      [0, []],
    ] as const) {
      for (const name of readdirSync(directory)) {
        rmSync(join(directory, name), {recursive: true});
      }
      start();
      const store = openM();
      flushAt(1005, {marginS});
      put(store, 1, 1003);
      flushAt(1008, {marginS});
      expect(testIds(area)).toEqual(expected);
      store.db.close();
    }
  });

  it('homehost.md 15.7: a clock that steps back a little keeps the stamp', () => {
    start();
    const store = openM();
    flushAt(2000);
    put(store, 1, 1991);
    expect(flushAt(1991)).toMatchObject({kind: 'flushed', stamp: 2000});
    expect(testIds(area)).toEqual([1]);
  });

  it('homehost.md 15.7: one that steps back far compares everything, and every cache too, once', () => {
    start();
    const store = openM();
    flushAt(2000);
    refreshCache(area, cache, {marginS: 10});
    const before = meta(area, 'DB_EPOCH');
    put(store, 1, 1500);
    expect(flushAt(1900)).toMatchObject({kind: 'flushed', stamp: 1900});
    expect(testIds(area)).toEqual([1]);
    const after = meta(area, 'DB_EPOCH');
    expect(after).toBe(`${before?.split('.')[0]}.1`);
    refreshCache(area, cache, {marginS: 10});
    expect(testIds(cache)).toEqual([1]);
    flushAt(1901);
    expect(meta(area, 'DB_EPOCH')).toBe(after);
    store.db.close();
    start();
    expect(meta(area, 'DB_EPOCH')).toBe(after);
    expect(meta(working, 'DB_EPOCH')).toBe(after);
  });

  it('homehost.md 15.8: a re-used id survives the tombstone of its predecessor', () => {
    start();
    const store = openM();
    flushAt(2999);
    put(store, 55, 2998, 'COMPLETED');
    flushAt(2999);
    store.db.exec('DELETE FROM tests WHERE id = 55');
    store.db.exec('UPDATE sync_deletes SET last_update = 3000');
    put(store, 55, 3001, 'NOT_STARTED');
    flushAt(3005);
    expect(stateOf(area, 55)).toBe('NOT_STARTED');
    flushAt(3008);
    expect(stateOf(area, 55)).toBe('NOT_STARTED');
  });

  it('a stored time in the future of T makes nothing be missed', () => {
    start();
    const store = openM();
    flushAt(1000);
    utimesSync(area, 9_000_000, 9_000_000);
    put(store, 1, 995);
    flushAt(1003);
    expect(testIds(area)).toEqual([1]);
  });
});

describe('T that is not as the last flush left it', () => {
  it('and belongs to another daemon is not written', () => {
    start();
    flushAt(1000);
    expect(flushAt(1001, {owner: 'other'})).toEqual({kind: 'lostLease', owner: 'me'});
  });

  it('and is missing is made again of M, with everything', () => {
    start();
    const store = openM();
    put(store, 1, 500);
    flushAt(1000);
    rmSync(area);
    expect(flushAt(1001)).toMatchObject({kind: 'flushed', madeAnew: true});
    expect(testIds(area)).toEqual([1]);
  });

  it('and was restored from a backup is not overwritten until somebody says so', () => {
    start();
    const store = openM();
    flushAt(1000);
    copyFileSync(area, join(directory, 'backup'));
    put(store, 1, 1002);
    flushAt(1003);
    copyFileSync(join(directory, 'backup'), area);
    expect(flushAt(1006)).toEqual({kind: 'restored', seq: 1, expectedSeq: 2});
    expect(testIds(area)).toEqual([]);
    store.db.close();
    expect(start(1007)).toMatchObject({action: 'restored'});
    expect(flushAt(1008)).toMatchObject({kind: 'restored'});
    expect(flushAt(1009, {isFull: true})).toMatchObject({kind: 'flushed', seq: 3});
    expect(testIds(area)).toEqual([1]);
  });

  it('and is another database is not written', () => {
    start();
    flushAt(1000);
    inside(area, (db) => db.exec("UPDATE metadat SET val = 'strange.0' WHERE var = 'DB_EPOCH'"));
    expect(flushAt(1001)).toEqual({kind: 'foreign', epoch: 'strange.0'});
  });

  it('because somebody edited it is merged: the edit counts, and what T lost comes back', () => {
    start();
    const store = openM();
    put(store, 1, 1000);
    put(store, 2, 1000);
    put(store, 3, 1000);
    const first = flushAt(1000);
    const lastIdentity = first.kind === 'flushed' ? first.identity : undefined;
    inside(area, (db) => {
      db.exec("UPDATE tests SET state = 'COMPLETED', last_update = 1500 WHERE id = 1");
      db.exec('DELETE FROM tests WHERE id = 3');
    });
    put(store, 2, 1000, 'KILLREQ');
    const second = flushAt(1503, {lastIdentity});
    expect(second).toMatchObject({kind: 'flushed', merged: {taken: 1}});
    for (const path of [working, area]) {
      expect([1, 2, 3].map((id) => stateOf(path, id))).toEqual(['COMPLETED', 'KILLREQ', 'RUNNING']);
    }
  });

  it('because somebody edited it in the second of the flush is told by its own count of changes', () => {
    start();
    const store = openM();
    put(store, 1, 1000);
    const first = flushAt(1000);
    const lastIdentity = first.kind === 'flushed' ? first.identity : undefined;
    const {mtime, size} = statSync(area);
    inside(area, (db) => db.exec("UPDATE tests SET state = 'COMPLETED', last_update = 1500 WHERE id = 1"));
    utimesSync(area, mtime, mtime);
    expect(statSync(area).size).toBe(size);
    expect(flushAt(1503, {lastIdentity})).toMatchObject({merged: {taken: 1, testIds: [1]}});
    expect(stateOf(working, 1)).toBe('COMPLETED');
  });

  it('rows of one second: an edit after the flush counts, one that may be the flush itself does not', () => {
    start();
    const store = openM();
    put(store, 1, 1000);
    put(store, 2, 1000);
    const first = flushAt(1000);
    const lastIdentity = first.kind === 'flushed' ? first.identity : undefined;
    inside(area, (db) => db.exec("UPDATE tests SET state = 'COMPLETED', last_update = 1500 WHERE id = 1"));
    put(store, 1, 1500, 'KILLREQ');
    put(store, 2, 1000, 'KILLREQ');
    expect(flushAt(1503, {lastIdentity})).toMatchObject({merged: {testIds: [1]}});
    expect([1, 2].map((id) => stateOf(working, id))).toEqual(['COMPLETED', 'KILLREQ']);
  });

  it('M that is not the file of the daemon any more is not flushed, and not made by looking', () => {
    start();
    expect(flushAt(1001, {workingInode: 1})).toEqual({kind: 'workingGone'});
    rmSync(working);
    expect(flush({working, area, owner: 'me', nowS: 1002, marginS: 10})).toEqual({kind: 'workingGone'});
    expect(existsSync(working)).toBe(false);
  });
});

describe('a homehost that was elsewhere meanwhile', () => {
  /** M of the first host, M of a second one that goes on with the same T. */
  function twoHosts(): {readonly second: string; readonly flushSecond: (nowS: number) => void} {
    start();
    const store = openM();
    store.runs.register(run, 1000);
    put(store, 1, 1000);
    put(store, 2, 1000);
    flushAt(1000);
    const second = join(directory, 'second.db');
    reconcile({working: second, area, keys, nowS: 1100});
    return {
      second,
      flushSecond: (nowS) => {
        const report = flush({working: second, area, owner: 'me', nowS, marginS: 10});
        expect(report.kind).toBe('flushed');
      },
    };
  }

  it('its rows are taken, rows of both sides go by the later time, and what loses is written down', () => {
    const {second, flushSecond} = twoHosts();
    const store = openM();
    put(store, 1, 1050, 'KILLREQ');
    put(store, 2, 1300, 'COMPLETED');
    const there = openWorking(second);
    put(new Store(there), 1, 1200, 'COMPLETED');
    put(new Store(there), 2, 1200, 'KILLED');
    put(new Store(there), 9, 1200, 'LAUNCHED');
    there.close();
    flushSecond(1201);
    store.db.close();
    const outcome = start(1400);
    expect(outcome.action).toBe('merged');
    expect([1, 2, 9].map((id) => stateOf(working, id))).toEqual(['COMPLETED', 'COMPLETED', 'LAUNCHED']);
    expect(outcome.messages.join()).toContain('2 rows lost');
    expect(readdirSync(join(directory, 'logs'))).toEqual(['merge-1400.jsonl']);
    flushAt(1401);
    expect([1, 2, 9].map((id) => stateOf(area, id))).toEqual(['COMPLETED', 'COMPLETED', 'LAUNCHED']);
  });

  it('runs that both made under one id are both kept, with their tests', () => {
    const {second, flushSecond} = twoHosts();
    const store = openM();
    const own = store.runs.register({...run, runName: 'here'}, 1050).runId;
    store.tests.register(own, [{testName: 'x', itemPath: ''}], 1050);
    const there = openWorking(second);
    const theirs = new Store(there).runs.register({...run, runName: 'there'}, 1200).runId;
    new Store(there).tests.register(theirs, [{testName: 'y', itemPath: ''}], 1200);
    there.close();
    expect(theirs).toBe(own);
    flushSecond(1201);
    store.db.close();
    start(1400);
    flushAt(1401);
    const rows = (path: string) =>
      inside(path, (db) =>
        db
          .prepare(
            'SELECT runname, testname FROM runs JOIN tests ON run_id = runs.id WHERE runname <> ? ORDER BY 1',
          )
          .raw()
          .all('r'),
      );
    for (const path of [working, area]) {
      expect(rows(path)).toEqual([
        ['here', 'x'],
        ['there', 'y'],
      ]);
    }
  });

  it('a run that both made is one run, under the id of T', () => {
    const {second, flushSecond} = twoHosts();
    const store = openM();
    store.runs.register({...run, runName: 'first'}, 1050);
    const own = store.runs.register({...run, runName: 'same'}, 1050).runId;
    store.tests.register(own, [{testName: 'x', itemPath: ''}], 1050);
    const there = openWorking(second);
    const theirs = new Store(there).runs.register({...run, runName: 'same'}, 1200).runId;
    there.close();
    expect(theirs).not.toBe(own);
    flushSecond(1201);
    store.db.close();
    start(1400);
    const again = openM();
    const found = again.runs.find({runPatt: 'same'});
    expect(found.map(({id}) => id)).toEqual([theirs]);
    expect(again.tests.list({runIds: [theirs]}).map(({testName}) => testName)).toEqual(['x']);
    expect(again.runs.find({runPatt: 'first'})).toHaveLength(1);
  });

  it('a daemon that died between the flush and its mark is no other homehost', () => {
    start();
    const store = openM();
    put(store, 1, 1000, 'RUNNING');
    expect(flush({working, area, owner: 'me', nowS: 1000, marginS: 10}).kind).toBe('flushed');
    // In the same second, not flushed any more.
    put(store, 1, 1000, 'COMPLETED');
    store.db.close();
    expect(start(1001).action).toBe('kept');
    flushAt(1002);
    expect(stateOf(area, 1)).toBe('COMPLETED');
  });

  it('deletions of T are taken too', () => {
    start();
    const store = openM();
    put(store, 1, 1000);
    flushAt(1000);
    inside(area, (db) => {
      db.exec('DELETE FROM tests WHERE id = 1');
      db.exec("INSERT INTO sync_deletes (tbl, row_id, last_update) VALUES ('tests', 1, 1100)");
    });
    mergeAreaIntoWorking({working, area, sinceS: 990, nowS: 1200});
    expect(testIds(working)).toEqual([]);
  });
});

describe('files that are damaged', () => {
  it('M: what T has is taken, what only M had is saved row by row', () => {
    start();
    const store = openM();
    put(store, 1, 1000, 'RUNNING');
    flushAt(1000);
    put(store, 1, 1003, 'COMPLETED');
    put(store, 2, 1003, 'COMPLETED');
    store.db.pragma('wal_checkpoint(TRUNCATE)');
    // An index that does not agree with its table: the check fails, the rows can be read.
    const root =
      store.db
        .prepare<[], number>("SELECT rootpage FROM sqlite_master WHERE name = 'tests_state'")
        .pluck()
        .get() ?? 0;
    const size = Number(store.db.pragma('page_size', {simple: true}));
    store.db.close();
    overwrite(working, (root - 1) * size, size);
    const {messages} = start(1010);
    expect(messages.join('\n')).toContain('is damaged');
    expect(existsSync(`${working}.corrupt-1010`)).toBe(true);
    expect([1, 2].map((id) => stateOf(working, id))).toEqual(['COMPLETED', 'COMPLETED']);
  });

  it('T: it is set aside and made again of M', () => {
    start();
    const store = openM();
    put(store, 1, 1000);
    flushAt(1000);
    store.db.close();
    writeFileSync(area, 'no database at all');
    expect(start(1010)).toMatchObject({action: 'madeT'});
    expect(testIds(area)).toEqual([1]);
    expect(existsSync(join(directory, 'old/megatest.db.corrupt-1010'))).toBe(true);
  });

  it('both, and nothing can be read: nothing is made over it', () => {
    writeFileSync(area, 'no database at all');
    expect(() => start(1010)).toThrow('nothing can be read');
    expect(existsSync(area)).toBe(false);
    expect(existsSync(working)).toBe(false);
    expect(existsSync(join(directory, 'old/megatest.db.corrupt-1010'))).toBe(true);
  });

  it('C: is deleted and made again', () => {
    start();
    const store = openM();
    put(store, 1, 1000);
    flushAt(1000);
    refreshCache(area, cache, {marginS: 10});
    writeFileSync(cache, 'no database at all');
    expect(refreshCache(area, cache, {marginS: 10, isBarrier: true}).seq).toBe(1);
    expect(testIds(cache)).toEqual([1]);
  });

  it('T cannot be read: C stays as it is, and says so', () => {
    start();
    const store = openM();
    put(store, 1, 1000);
    flushAt(1000);
    refreshCache(area, cache, {marginS: 10});
    writeFileSync(area, 'half a page');
    const outcome = refreshCache(area, cache, {marginS: 10});
    expect(outcome).toMatchObject({seq: 1, rows: 0});
    expect(outcome.staleBecause).toContain('not a database');
    expect(testIds(cache)).toEqual([1]);
  });

  it('a log that was left without its M is not played into the next one', () => {
    start();
    const store = openM();
    put(store, 1, 1000);
    flushAt(1000);
    put(store, 2, 1001);
    copyFileSync(`${working}-wal`, join(directory, 'wal'));
    store.db.close();
    rmSync(working);
    copyFileSync(join(directory, 'wal'), `${working}-wal`);
    expect(start(1010).messages.join()).toContain('the log that was left is kept');
    expect(testIds(working)).toEqual([1]);
  });
});

function overwrite(path: string, offset: number, length: number): void {
  const fd = openSync(path, 'r+');
  writeSync(fd, Buffer.alloc(length, 0x5a), 0, length, offset);
  closeSync(fd);
}

describe('readers of T and C', () => {
  it('case 23: a disk whose times have no fractions hides no flush from the cache', () => {
    start();
    const store = openM();
    put(store, 1, 1000);
    flushAt(1000);
    utimesSync(area, 1000, 1000);
    refreshCache(area, cache, {marginS: 10});
    put(store, 1, 1001, 'COMPLETED');
    flushAt(1001);
    // As a disk that counts in steps of two seconds has it.
    utimesSync(area, 1000, 1000);
    refreshCache(area, cache, {marginS: 10});
    expect(stateOf(cache, 1)).toBe('COMPLETED');
  });

  it('case 25: who reads T during flushes sees each of them whole', async () => {
    start();
    const store = openM();
    const rows = 300;
    const setAll = (state: string, nowS: number) =>
      store.db.transaction(() => {
        for (let id = 1; id <= rows; id += 1) {
          put(store, id, nowS, state);
        }
      })();
    setAll('0', 1000);
    flushAt(1000);
    const reader = spawn(process.execPath, [
      '-e',
      `const db = new (require('better-sqlite3'))(${JSON.stringify(area)}, {readonly: true, timeout: 10000});
       const read = db.prepare('SELECT count(*) AS rows, count(DISTINCT state) AS states, min(state) AS state FROM tests');
       const look = () => { process.stdout.write(JSON.stringify(read.get()) + '\\n'); setImmediate(look); };
       process.stdin.on('end', () => process.exit()).resume();
       look();`,
    ]);
    const seen: {rows: number; states: number; state: string}[] = [];
    let wake = () => {};
    createInterface(reader.stdout).on('line', (line) => {
      seen.push(JSON.parse(line) as (typeof seen)[number]);
      wake();
    });
    const untilSeen = async (state: string) => {
      while (seen.at(-1)?.state !== state) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    };
    await untilSeen('0');
    for (let round = 1; round <= 9; round += 1) {
      setAll(String(round), 1000 + round);
      expect(flushAt(1000 + round)).toMatchObject({kind: 'flushed', rows});
      await untilSeen(String(round));
    }
    const gone = new Promise((resolve) => reader.once('exit', resolve));
    reader.stdin.end();
    await gone;
    expect(seen.filter((one) => one.rows !== rows || one.states !== 1)).toEqual([]);
  });

  it('case 26: a process that is killed while it brings C up to date leaves C as it was, and its pieces are removed', () => {
    start();
    const store = openM();
    put(store, 1, 1000);
    flushAt(1000);
    refreshCache(area, cache, {marginS: 10});
    const killed = spawnSync(process.execPath, [
      '-e',
      `const db = new (require('better-sqlite3'))(${JSON.stringify(cache)});
       db.pragma('cache_size = 1');
       db.exec("BEGIN; UPDATE tests SET comment = hex(randomblob(200000)), state = 'TORN'");
       process.kill(process.pid, 'SIGKILL');`,
    ]);
    expect(killed.signal).toBe('SIGKILL');
    expect(refreshCache(area, cache, {marginS: 10, isBarrier: true}).staleBecause).toBeUndefined();
    expect(stateOf(cache, 1)).toBe('RUNNING');

    const [old, young] = [`${cache}.new.1`, `${cache}.new.2`];
    writeFileSync(old, 'half');
    writeFileSync(young, 'half');
    utimesSync(old, Date.now() / 1000 - 7200, Date.now() / 1000 - 7200);
    rmSync(cache);
    refreshCache(area, cache, {marginS: 10});
    expect([existsSync(old), existsSync(young)]).toEqual([false, true]);
    expect(stateOf(cache, 1)).toBe('RUNNING');
  });
});

describe('the margin', () => {
  /** Spec homehost.md 5.5: random rows, write transactions of up to `longestS`, a flush every 3 s, caches now and then. */
  function losesRows(seed: number, marginS: number, longestS: number): boolean {
    let state = seed;
    const random = (below: number) => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
      return Math.floor((state / 2_147_483_648) * below);
    };
    type Row = {readonly value: number; readonly stamp: number};
    const [m, t, c] = [new Map<number, Row>(), new Map<number, Row>(), new Map<number, Row>()];
    const pending: {readonly id: number; readonly row: Row; readonly commitS: number}[] = [];
    let [stampT, stampC] = [0, 0];
    const copy = (from: Map<number, Row>, to: Map<number, Row>, since: number) => {
      for (const [id, row] of from) {
        if (row.stamp >= since) {
          to.set(id, row);
        }
      }
    };
    for (let nowS = 100; nowS < 220; nowS += 1) {
      if (nowS < 200 && random(2) === 0) {
        const id = random(50);
        if (!pending.some((one) => one.id === id)) {
          pending.push({id, row: {value: nowS, stamp: nowS}, commitS: nowS + random(longestS + 1)});
        }
      }
      for (const one of pending.filter(({commitS}) => commitS <= nowS)) {
        m.set(one.id, one.row);
        pending.splice(pending.indexOf(one), 1);
      }
      if (nowS % 3 === 0) {
        copy(m, t, stampT - marginS);
        stampT = nowS;
      }
      if (random(5) === 0 || nowS === 219) {
        copy(t, c, stampC - marginS);
        stampC = stampT;
      }
    }
    const isBehind = (copyOf: Map<number, Row>) =>
      [...m].some(([id, row]) => copyOf.get(id)?.value !== row.value);
    return isBehind(t) || isBehind(c);
  }

  it.each([
    [0, 4, true],
    [5, 8, true],
    [5, 4, false],
    [10, 8, false],
  ])('of %i s with write transactions of up to %i s loses rows: %s', (marginS, longestS, expected) => {
    const lost = Array.from({length: 300}, (_, seed) => losesRows(seed + 1, marginS, longestS));
    expect(lost.includes(true)).toBe(expected);
  });
});

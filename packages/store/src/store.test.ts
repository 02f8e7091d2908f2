import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import fc from 'fast-check';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {openArea, openWorking} from './connection.ts';
import {GroupCommitter} from './group-committer.ts';
import {reconcile} from './reconcile.ts';
import {ensureSchema} from './schema.ts';
import {Store} from './store.ts';
import {flush, refreshCache} from './sync.ts';

const keys = [
  {name: 'OS', type: 'TEXT'},
  {name: 'REL', type: 'TEXT'},
];
let directory = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'megatest-store-'));
});

afterEach(() => {
  rmSync(directory, {recursive: true});
});

function openStore(): Store {
  const db = openWorking(join(directory, 'm.db'));
  ensureSchema(db, keys, 'M');
  return new Store(db);
}

const run = {target: ['a', 'b'], runName: 'r1', state: 'new', status: 'n/a', owner: 'ana', contour: ''};

describe('runs', () => {
  it('homehost.md 15.9: registering is idempotent and revives a deleted run under its id', () => {
    const store = openStore();
    expect(store.runs.register(run, 10)).toEqual({runId: 1, created: true, revived: false});
    store.runs.delete(1);
    expect(store.runs.register({...run, owner: 'bob'}, 20)).toEqual({
      runId: 1,
      created: false,
      revived: true,
    });
    expect(store.runs.get(1)).toMatchObject({state: 'new', eventTime: 20, owner: 'ana'});
    expect(store.runs.register(run, 30)).toEqual({runId: 1, created: false, revived: false});
    expect(store.runs.register({...run, runName: 'r2'}, 30)).toEqual({
      runId: 2,
      created: true,
      revived: false,
    });
    store.db.close();
  });

  it('homehost.md 15.12: refreshed statistics hold only pairs that occur', () => {
    const store = openStore();
    const {runId} = store.runs.register(run, 1);
    const ids = store.tests.register(
      runId,
      ['x', 'y', 'z'].map((testName) => ({testName, itemPath: ''})),
      1,
    );
    store.tests.setState(ids[0]?.testId ?? 0, {state: 'RUNNING'}, 1);
    store.runs.refreshStats(runId);
    for (const {testId} of ids) {
      store.tests.setState(testId, {state: 'COMPLETED', status: 'PASS'}, 2);
    }
    expect(store.runs.refreshStats(runId)).toEqual([{state: 'COMPLETED', status: 'PASS', count: 3}]);
    store.db.close();
  });
});

describe('roll-up in the store', () => {
  const states = ['NOT_STARTED', 'LAUNCHED', 'RUNNING', 'COMPLETED', 'KILLED'];
  const statuses = ['n/a', 'PASS', 'FAIL', 'WARN', 'PREQ_FAIL', 'KILLED'];

  it('the counters give what a recount gives, after any history and with or without a warm cache', () => {
    const step = fc.tuple(fc.nat(4), fc.constantFrom(...states), fc.constantFrom(...statuses), fc.boolean());
    fc.assert(
      fc.property(fc.array(step, {maxLength: 30}), (steps) => {
        rmSync(join(directory, 'm.db'), {force: true});
        rmSync(join(directory, 'm.db-wal'), {force: true});
        const store = openStore();
        const {runId} = store.runs.register(run, 1);
        store.db.exec('BEGIN');
        const items = ['', 'a', 'b', 'c', 'd', 'e'].map((itemPath) => ({testName: 't', itemPath}));
        const ids = store.tests.register(runId, items, 1).map(({testId}) => testId);
        for (const [index, state, status, forgets] of steps) {
          if (forgets) {
            store.invalidate();
          }
          const warm = store.tests.setState(ids[index + 1] ?? 0, {state, status}, 2)?.top;
          store.invalidate();
          const cold = store.tests.setState(ids[index + 1] ?? 0, {state, status}, 2)?.top;
          expect(warm).toEqual(cold);
        }
        store.db.exec('COMMIT');
        store.db.close();
      }),
      {numRuns: 30},
    );
  });
});

describe('steps', () => {
  it('homehost.md 15.11: a repeated start is listed last and its old id leaves a tombstone', () => {
    const store = openStore();
    const set = (state: string, status: string) =>
      store.steps.set({
        testId: 40,
        stepName: 'compile',
        state,
        status,
        eventTime: 1,
        comment: '',
        logfile: '',
      });
    set('start', 'n/a');
    set('end', '0');
    set('start', 'n/a');
    expect(store.steps.list([40]).map(({id, state}) => [id, state])).toEqual([
      [2, 'end'],
      [3, 'start'],
    ]);
    expect(
      store.db.prepare("SELECT row_id FROM sync_deletes WHERE tbl = 'test_steps'").pluck().all(),
    ).toEqual([1]);
    store.db.close();
  });
});

describe('group commit', () => {
  it('one failing write undoes nothing of its neighbours', async () => {
    const store = openStore();
    const committer = new GroupCommitter(store.db);
    const outcomes = await Promise.allSettled([
      committer.write(() => store.runs.register(run, 1).runId),
      committer.write(() => {
        store.runs.register({...run, runName: 'lost'}, 1);
        throw new Error('refused');
      }),
      committer.write(() => store.runs.register({...run, runName: 'r2'}, 1).runId),
    ]);
    expect(outcomes.map((outcome) => outcome.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(store.runs.find({runPatt: '%'}).map(({runName}) => runName)).toEqual(['r1', 'r2']);
    store.db.close();
  });

  it('one that fails alone undoes itself, and what it asked for meanwhile is written', async () => {
    const store = openStore();
    const committer = new GroupCommitter(store.db, {onRollback: () => store.invalidate()});
    let next: Promise<number> | undefined;
    const failing = committer.write(() => {
      store.runs.register({...run, runName: 'lost'}, 1);
      next = committer.write(() => store.runs.register(run, 1).runId);
      throw new Error('refused');
    });
    await expect(failing).rejects.toThrow('refused');
    await next;
    expect(store.runs.find({runPatt: '%'}).map(({runName}) => runName)).toEqual(['r1']);
    store.db.close();
  });

  it('one that was asked for meanwhile and fails undoes nothing of it', async () => {
    const store = openStore();
    const committer = new GroupCommitter(store.db, {onRollback: () => store.invalidate()});
    let next: Promise<void> | undefined;
    await committer.write(() => {
      store.runs.register(run, 1);
      next = committer.write(() => {
        store.runs.register({...run, runName: 'lost'}, 1);
        throw new Error('refused');
      });
    });
    await expect(next).rejects.toThrow('refused');
    expect(store.runs.find({runPatt: '%'}).map(({runName}) => runName)).toEqual(['r1']);
    store.db.close();
  });

  it('waits for another process that holds the lock, and lets others be answered meanwhile', async () => {
    const store = openStore();
    store.db.pragma('busy_timeout = 0');
    const other = openWorking(join(directory, 'm.db'));
    other.exec('BEGIN IMMEDIATE');
    const committer = new GroupCommitter(store.db);
    const written = committer.write(() => store.runs.register(run, 1).runId);
    // What is answered while the write waits: a turn of the event loop after its first try.
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    expect(store.runs.find({runPatt: '%'})).toEqual([]);
    other.exec('COMMIT');
    expect(await written).toBe(1);
    other.close();
    store.db.close();
  });

  it('tells who waits that the database is busy when the lock is held for too long', async () => {
    const store = openStore();
    store.db.pragma('busy_timeout = 0');
    const other = openWorking(join(directory, 'm.db'));
    other.exec('BEGIN IMMEDIATE');
    const committer = new GroupCommitter(store.db, {busyLimitMs: 50});
    await expect(committer.write(() => store.runs.register(run, 1))).rejects.toMatchObject({
      code: 'SQLITE_BUSY',
    });
    other.exec('COMMIT');
    expect(await committer.write(() => store.runs.register(run, 1).runId)).toBe(1);
    other.close();
    store.db.close();
  });

  it('counts what makes a copy of the file old: writes and what follows from them, not marks', async () => {
    const store = openStore();
    let follows = false;
    const committer = new GroupCommitter(store.db, {
      beforeCommit: () => {
        if (follows) {
          store.setMeta('FOLLOWED', '1');
        }
      },
    });
    const mark = () => store.setMeta('SYNC_SEQ', '1');
    const marked = committer.write(mark, {isMark: true});
    expect(committer.writes).toBe(0);
    await marked;
    expect(committer.writes).toBe(0);
    await Promise.all([
      committer.write(mark, {isMark: true}),
      committer.write(() => store.setMeta('NAME', '1')),
    ]);
    expect(committer.writes).toBe(1);
    follows = true;
    await committer.write(mark, {isMark: true});
    expect(committer.writes).toBe(2);
    store.db.close();
  });
});

describe('M to T to C', () => {
  const paths = () => ({
    working: join(directory, 'm.db'),
    area: join(directory, 't.db'),
    cache: join(directory, 'c/c.db'),
  });
  const dump = (path: string) => {
    const db = openArea(path, {readonly: true});
    const rows = [
      'runs',
      'tests',
      'test_steps',
      'test_data',
      'run_stats',
      'keys',
      'test_meta',
      'tasks_queue',
      'runners',
    ].map((table) => db.prepare(`SELECT * FROM ${table} ORDER BY id`).all());
    db.close();
    return rows;
  };

  it('a flush and a refresh make all three equal, deletions included, whatever happened in M', () => {
    const {working, area, cache} = paths();
    reconcile({working, area, keys, nowS: 1000});
    const db = openWorking(working);
    const store = new Store(db);
    const {runId} = store.runs.register(run, 1000);
    const ids = store.tests.register(
      runId,
      ['', 'a', 'b'].map((itemPath) => ({testName: 't', itemPath})),
      1000,
    );
    const id = ids[1]?.testId ?? 0;
    const sync = () => {
      const report = flush({working, area, owner: 'me', nowS: Date.now() / 1000, marginS: 10});
      expect(report.kind).toBe('flushed');
      if (report.kind === 'flushed') {
        store.setMeta('SYNC_SEQ', String(report.seq));
      }
      refreshCache(area, cache, {marginS: 10});
      expect(dump(area)).toEqual(dump(working));
      expect(dump(cache)).toEqual(dump(working));
    };
    sync();
    store.tests.setState(id, {state: 'RUNNING'}, 1001);
    store.steps.set({
      testId: id,
      stepName: 's',
      state: 'start',
      status: '-',
      eventTime: 1,
      comment: '',
      logfile: '',
    });
    sync();
    store.steps.set({
      testId: id,
      stepName: 's',
      state: 'start',
      status: '-',
      eventTime: 2,
      comment: '',
      logfile: '',
    });
    store.data.add(id, [
      {
        category: 'c',
        variable: 'v',
        value: 1,
        expected: 1,
        tol: 0,
        units: '',
        comment: '',
        status: 'pass',
        type: '',
      },
    ]);
    store.runs.refreshStats(runId);
    sync();
    store.tests.delete([id]);
    store.runs.delete(runId);
    sync();
    db.close();
  });

  it('a cache whose T did not change is not even read', () => {
    const {working, area, cache} = paths();
    reconcile({working, area, keys, nowS: 1000});
    refreshCache(area, cache, {marginS: 10});
    expect(refreshCache(area, cache, {marginS: 10}).rows).toBe(0);
  });

  it('homehost.md 5.6: what is missing is made of what is there', () => {
    const {working, area} = paths();
    expect(reconcile({working, area, keys, nowS: 1}).action).toBe('created');
    const db = openWorking(working);
    new Store(db).runs.register(run, 1);
    db.close();
    rmSync(area);
    expect(reconcile({working, area, keys, nowS: 2}).action).toBe('madeT');
    for (const suffix of ['', '-wal', '-shm']) {
      rmSync(working + suffix, {force: true});
    }
    expect(reconcile({working, area, keys, nowS: 3}).action).toBe('filledFromT');
    const again = openWorking(working);
    expect(new Store(again).runs.find({runPatt: 'r1'})).toHaveLength(1);
    again.close();
    expect(reconcile({working, area, keys, nowS: 4}).action).toBe('kept');
  });
});

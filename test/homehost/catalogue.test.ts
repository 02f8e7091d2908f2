/** Spec homehost.md 9.4 to 9.8: calls of the catalogue that no command makes, as a script or another tool would make them. */
import {RPC_CODES} from '@megatest/rpc';
import Database from 'better-sqlite3';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {LoneArea} from './lone-area.ts';
import {RawClient} from './raw-client.ts';

let lone: LoneArea;
let operator: RawClient;
let viewer: RawClient;
let asked = 0;

/** Runs 1 and 2 of one target have the test `good`, which has passed. */
beforeAll(async () => {
  lone = await LoneArea.make();
  await lone.runOnce('s');
  operator = await RawClient.connect(lone.path);
  await operator.login('op');
  viewer = await RawClient.connect(lone.path);
  await viewer.login('view', 'ro');
});

afterAll(async () => {
  await operator[Symbol.asyncDispose]();
  await viewer[Symbol.asyncDispose]();
  await lone[Symbol.asyncDispose]();
});

async function call<T = unknown>(method: string, params: unknown = {}): Promise<T> {
  asked += 1;
  const reply = await operator.ask(`op:${asked}`, method, params);
  if (reply?.error !== undefined) {
    throw new Error(`${method}: ${reply.error.message}`);
  }
  return reply?.result as T;
}

async function refused(method: string, params: unknown, name: keyof typeof RPC_CODES, client = operator) {
  asked += 1;
  const reply = await client.ask(`${client === operator ? 'op' : 'view'}:${asked}`, method, params);
  expect(reply?.error).toMatchObject({code: RPC_CODES[name]});
}

/** Rows made for one case: ids of `name` and of its items. */
async function register(name: string, items: readonly string[] = []): Promise<readonly number[]> {
  const tests = ['', ...items].map((itemPath) => ({testName: name, itemPath}));
  const made = await call<readonly {testId: number}[]>('tests.register', {runId: 1, tests});
  return made.map(({testId}) => testId);
}

async function state(testId: number): Promise<string> {
  const row = await call<{state: string; status: string}>('tests.get', {test: {testId}});
  return `${row.state}/${row.status}`;
}

describe('rows of tests', () => {
  it('registering makes what is missing and tells the ids of all', async () => {
    const tests = [
      {testName: 'good', itemPath: ''},
      {testName: 'new', itemPath: ''},
      {testName: 'new', itemPath: 'a/1'},
    ];
    const made = await call<readonly {testId: number}[]>('tests.register', {runId: 1, tests});
    expect(made).toMatchObject([
      {testId: 1, created: false, state: 'COMPLETED', status: 'PASS'},
      {created: true, state: 'NOT_STARTED', status: 'n/a'},
      {created: true},
    ]);
    expect(await call('tests.register', {runId: 1, tests})).toMatchObject(
      made.map(({testId}) => ({testId, created: false})),
    );
    expect(await call('tests.id', {runId: 1, testName: 'new', itemPath: 'a/1'})).toBe(made[2]?.testId);
    expect(await call('tests.id', {runId: 1, testName: 'new', itemPath: 'b'})).toBeNull();
    await refused('tests.register', {runId: 99, tests}, 'notFound');
    await refused('tests.register', {runId: 1, tests: [{testName: 'a/b', itemPath: ''}]}, 'invalidParams');
    await refused('tests.register', {runId: 1, tests}, 'notAllowed', viewer);
  });

  it('are told many at once, and only the fields asked for', async () => {
    expect(await call('tests.getMany', {testIds: [2, 999_999, 1]})).toMatchObject([{id: 2}, null, {id: 1}]);
    expect(await call('tests.get', {test: {testId: 1}, fields: ['state', 'passCount']})).toEqual({
      state: 'COMPLETED',
      passCount: 0,
    });
    expect(await call('tests.get', {test: {testId: 999_999}, fields: ['state']})).toBeNull();
    await refused('tests.get', {test: {testId: 1}, fields: ['state FROM tests; --']}, 'invalidParams');
    await refused('tests.getMany', {testIds: Array(1001).fill(1)}, 'invalidParams');
  });

  it('are counted and summed up by item', async () => {
    const [, a = 0, b = 0] = await register('sum', ['a', 'b']);
    expect(await call('tests.itemCount', {runId: 1, testName: 'sum'})).toBe(2);
    await call('tests.delete', {testIds: [a]});
    expect(await call('tests.itemCount', {runId: 1, testName: 'sum'})).toBe(1);
    expect(await call('tests.itemsSummary', {runId: 1, testName: 'sum'})).toEqual({
      rows: [
        {
          id: b,
          itemPath: 'b',
          state: 'NOT_STARTED',
          status: 'n/a',
          runDuration: 0,
          finalLogf: 'logs/final.log',
          comment: '',
        },
      ],
    });
  });

  it('of other runs of the target are found, and their directories, those of the newest run first', async () => {
    const good = {runId: 1, testName: 'good', itemPath: ''};
    expect(await call('tests.previous', good)).toMatchObject({runId: 2, testName: 'good'});
    expect(await call('tests.previous', {...good, all: true})).toMatchObject([{runId: 2}]);
    expect(await call('tests.previous', {...good, testName: '%', all: true})).toMatchObject([{runId: 2}]);
    expect(await call('tests.previous', {...good, testName: 'none', all: true})).toEqual([]);
    const {rows} = await call<{rows: readonly string[]}>('tests.paths', {
      target: '%',
      runPatt: '%',
      testPatt: 'good',
      statePatt: 'COMPLETED,KILLED',
    });
    expect(rows.map((path) => path.split('/').slice(-2))).toEqual([
      ['s', 'good'],
      ['r', 'good'],
    ]);
    const none = {target: '%', runPatt: '%', statusPatt: 'WARN'};
    expect(await call('tests.paths', none)).toEqual({rows: []});
  });
});

describe('listings', () => {
  type Listed = {readonly rows: readonly {readonly itemPath: string}[]; readonly next?: string};

  it('come in pages of any order, which together are the whole', async () => {
    await register('page', ['c', 'a', 'e', 'b', 'd']);
    const request = {
      runId: 1,
      testPatt: 'page/%',
      sortBy: 'testname',
      sortOrder: 'desc',
      fields: ['itemPath'],
    };
    const seen: string[] = [];
    for (let cursor: string | undefined = ''; cursor !== undefined; ) {
      const page: Listed = await call('tests.list', {...request, limit: 2, cursor});
      expect(page.rows.length).toBeLessThanOrEqual(2);
      seen.push(...page.rows.map(({itemPath}) => itemPath));
      cursor = page.next;
    }
    expect(seen).toEqual(['e', 'd', 'c', 'b', 'a', '']);
    expect(await call('tests.list', request)).toEqual(seen.map((itemPath) => ({itemPath})));
    for (const cursor of ['x', '{}', '[1]', '[[1],2,3]']) {
      await refused('tests.list', {...request, cursor}, 'invalidValue');
    }
    await refused('tests.list', {runId: 1, runIds: [1]}, 'invalidValue');
  });

  it('leave out what is deleted, unless asked for it or for what has changed since', async () => {
    const [id = 0] = await register('gone');
    await call('tests.delete', {testIds: [id]});
    const gone = {runIds: null, testPatt: 'gone'};
    expect(await call('tests.list', gone)).toEqual([]);
    expect(await call('tests.list', {...gone, includeDeleted: true})).toMatchObject([{id, state: 'DELETED'}]);
    expect(await call('tests.list', {...gone, since: 0})).toMatchObject([{id}]);
    expect(await call('tests.list', {...gone, since: 4_000_000_000})).toEqual([]);
  });

  it('of a dashboard choose what has ended by its status and the rest by its state', async () => {
    const [, a = 0, , c = 0] = await register('both', ['a', 'b', 'c']);
    await call('tests.setState', {test: {testId: a}, state: 'COMPLETED', status: 'FAIL', rollup: false});
    await call('tests.setState', {test: {testId: c}, state: 'KILLED', status: 'n/a', rollup: false});
    const request = {runId: 1, testPatt: 'both/%,good', states: ['KILLED', 'COMPLETED'], statuses: ['FAIL']};
    const ids = async (more: object) =>
      (await call<readonly {id: number}[]>('tests.list', {...request, ...more})).map(({id}) => id);
    expect(await ids({})).toEqual([a]);
    expect(await ids({mode: 'dashboard'})).toEqual([a, c]);
    expect(await ids({mode: 'dashboard', exclude: true, testPatt: 'good,both/c'})).toEqual([1]);
  });
});

describe('changes of tests', () => {
  it('reach the parent row unless that is not wanted, and its counts stay right', async () => {
    const [parent = 0, a = 0, b = 0] = await register('up', ['a', 'b']);
    await call('tests.setState', {test: {testId: a}, state: 'COMPLETED', status: 'PASS'});
    const quiet = {test: {testId: b}, state: 'COMPLETED', status: 'FAIL', rollup: false};
    expect(await call('tests.setState', quiet)).toMatchObject({test: {testId: b}, top: null});
    expect(await state(parent)).not.toBe('COMPLETED/FAIL');
    expect(await call('tests.setState', {test: {testId: a}, status: 'WARN'})).toMatchObject({
      top: {testId: parent, state: 'COMPLETED', status: 'FAIL'},
    });
  });

  it('are made to many: by name with the items, or as listed, all or none', async () => {
    const [x = 0, x1 = 0, x2 = 0] = await register('many', ['1', '2']);
    await call('tests.setState', {test: {testId: x2}, state: 'COMPLETED', status: 'WARN'});
    const byName = {runId: 1, names: ['many'], fromState: 'NOT_STARTED', fromStatus: 'n/a', state: 'STUCK'};
    await call('tests.setState', {test: {testId: x}, state: 'NOT_STARTED', status: 'n/a'});
    expect(await call('tests.setStateBatch', byName)).toEqual({changed: 2});
    expect(await state(x1)).toBe('STUCK/n/a');
    expect(await state(x2)).toBe('COMPLETED/WARN');
    const tests = [{testId: x1}, {runId: 1, testName: 'many', itemPath: '2'}];
    const listed = {tests, state: 'COMPLETED', status: 'WAIVED', comment: 'for both'};
    expect(await call('tests.setStateBatch', listed)).toEqual({changed: 2});
    expect(await state(x2)).toBe('COMPLETED/WAIVED');
    await refused(
      'tests.setStateBatch',
      {...listed, status: 'FAIL', tests: [...tests, {testId: 999_999}]},
      'notFound',
    );
    expect(await state(x1)).toBe('COMPLETED/WAIVED');
    await refused('tests.setStateBatch', {state: 'COMPLETED'}, 'invalidValue');
    await refused('tests.setStateBatch', {...listed, ...byName}, 'invalidValue');
  });

  it('are refused to tests of a locked run', async () => {
    const [id = 0] = await register('kept');
    await call('runs.setLock', {runId: 1, locked: true, user: 'ana'});
    try {
      await refused('tests.delete', {testIds: [id]}, 'conflict');
      await refused('tests.setStateBatch', {tests: [{testId: id}], state: 'KILLED'}, 'conflict');
      await refused('tests.setStateBatch', {runId: 1, names: ['kept'], state: 'KILLED'}, 'conflict');
    } finally {
      await call('runs.setLock', {runId: 1, locked: false, user: 'ana'});
    }
  });

  it('a running test is not deleted, nor any other with it; what was deleted long ago is taken out', async () => {
    const [rest = 0, busy = 0] = [...(await register('rest')), ...(await register('busy'))];
    await call('steps.set', {testId: rest, stepName: 'one', state: 'start', status: 'n/a'});
    await call('tests.setState', {test: {testId: busy}, state: 'RUNNING'});
    await refused('tests.delete', {testIds: [rest, busy]}, 'conflict');
    expect(await state(rest)).toBe('NOT_STARTED/n/a');
    await call('tests.setState', {test: {testId: busy}, state: 'COMPLETED', status: 'PASS'});
    expect(await call('tests.delete', {testIds: [rest, busy]})).toEqual({deleted: 2});
    expect(await call('steps.list', {testIds: [rest]})).toEqual([]);
    expect(await call('tests.purge')).toEqual({purged: 0});
    expect(await state(rest)).toBe('DELETED/n/a');
    const db = new Database(lone.working, {timeout: 10_000});
    db.prepare('UPDATE tests SET last_update = 1 WHERE id IN (?, ?)').run(rest, busy);
    db.close();
    expect(await call('tests.purge', {olderThanS: 1_000_000})).toEqual({purged: 2});
    expect(await call('tests.getMany', {testIds: [rest, busy]})).toEqual([null, null]);
  });
});

describe('records of a test', () => {
  it('a step that is reported late has the time at which it happened', async () => {
    const [testId = 0] = await register('late');
    const step = {testId, state: 'start', status: 'n/a'};
    await call('steps.set', {...step, stepName: 'old', ageS: 1000});
    await call('steps.set', {...step, stepName: 'now'});
    const steps = await call<readonly {eventTime: number}[]>('steps.list', {testIds: [testId]});
    expect(await call('steps.list', {testIds: [testId], cursor: ''})).toEqual({rows: steps});
    const [old = 0, now = 0] = steps.map(({eventTime}) => eventTime);
    expect(now - old).toBeGreaterThanOrEqual(1000);
    expect(now - old).toBeLessThan(1060);
  });

  it('values come as lines or as rows, are listed in pages, and give the test its status', async () => {
    const [testId = 0] = await register('values');
    const csv = 'pw,vdd,1.2,1.9,<\npw, vss, 1,2,x,"a, b",,ok\n\nio,n,5\n';
    await call('testData.add', {testId, csv});
    const all = await call<readonly object[]>('testData.list', {testIds: [testId]});
    expect(all).toMatchObject([
      {category: 'io', variable: 'n', value: 5, status: 'n/a'},
      {category: 'pw', variable: 'vdd', value: 1.2, expected: 1.9, tol: '<', status: 'pass'},
      {category: 'pw', variable: 'vss', units: 'a, b', status: 'ok'},
    ]);
    expect(await call('testData.list', {testIds: [testId], cursor: ''})).toEqual({rows: all});
    expect(await state(testId)).toBe('NOT_STARTED/n/a');
    expect(await call('testData.rollup', {testId})).toEqual({status: 'PASS'});
    expect(await call('tests.get', {test: {testId}, fields: ['status', 'passCount']})).toEqual({
      status: 'PASS',
      passCount: 1,
    });
    await refused('testData.add', {testId}, 'invalidValue');
    await refused('testData.add', {testId, csv, rows: []}, 'invalidValue');
    await refused('testData.rollup', {testId: 999_999}, 'notFound');
  });

  it('a comment that is too long is cut, which the log tells', async () => {
    const [testId = 0] = await register('talker');
    const long = `x${'é'.repeat(40_000)}`;
    await call('tests.setState', {test: {testId}, comment: long});
    await call('steps.set', {testId, stepName: 'talk', state: 'end', status: '0', comment: long});
    const {comment} = await call<{comment: string}>('tests.get', {test: {testId}});
    expect(comment).toBe(`x${'é'.repeat(32_767)}`);
    expect(await call('steps.list', {testIds: [testId]})).toMatchObject([{comment}]);
    expect(lone.log()).toContain(
      `WARNING: the comment of test ${testId} of nobody@nowhere is too long and was cut`,
    );
  });
});

describe('what testconfigs say', () => {
  it('is recorded where it has changed, and listed by test and by tag', async () => {
    const tests = [
      {testName: 'm1', author: 'ana', tags: 'fast,__proto__'},
      {testName: 'm2', jobgroup: 'db', tags: 'fast, slow'},
    ];
    expect(await call('testMeta.upsert', {tests})).toEqual(['m1', 'm2']);
    expect(await call('testMeta.upsert', {tests: [tests[0], {testName: 'm2', owner: 'bob'}]})).toEqual([
      'm2',
    ]);
    const tags = await call<object>('testMeta.tags');
    expect(Object.entries(tags).sort()).toEqual([
      [' slow', ['m2']],
      ['__proto__', ['m1']],
      ['fast', ['m1', 'm2']],
    ]);
    const {rows} = await call<{rows: readonly object[]}>('testMeta.list');
    expect(rows).toMatchObject([
      {testName: 'good'},
      {testName: 'm1', author: 'ana', jobgroup: 'default'},
      {testName: 'm2', owner: 'bob', jobgroup: 'db'},
    ]);
  });
});

describe('archives', () => {
  it('disks and blocks are known by their paths, and tests by their block', async () => {
    const disk = {name: 'main', path: '/archive'};
    const diskId = await call('archive.registerDisk', {...disk, df: 10});
    expect(await call('archive.registerDisk', {...disk, df: 5})).toBe(diskId);
    const blockId = await call('archive.registerBlock', {diskId, path: '/archive/b1'});
    expect(await call('archive.registerBlock', {diskId, path: '/archive/b1', du: 7})).toBe(blockId);
    expect(await call('archive.block', {blockId})).toMatchObject({
      id: blockId,
      archiveDiskId: diskId,
      diskPath: '/archive/b1',
      lastDu: 7,
    });
    expect(await call('archive.block', {blockId: 999})).toBeNull();
    expect(await call('archive.setBlock', {testIds: [1], blockId})).toEqual({changed: 1});
    expect(await call('tests.get', {test: {testId: 1}, fields: ['archived']})).toEqual({archived: blockId});
    await refused('archive.registerBlock', {diskId: 999, path: '/x'}, 'notFound');
    await refused('archive.setBlock', {testIds: [1], blockId: 999}, 'notFound');
    await refused('archive.setBlock', {testIds: [1, 999_999], blockId: 0}, 'notFound');
    expect(await call('tests.get', {test: {testId: 1}, fields: ['archived']})).toEqual({archived: blockId});
  });
});

describe('the scheduler', () => {
  it('says what a test would wait for', async () => {
    await register('up1', ['a', 'b']);
    const item = (itemPath: string, status: string) =>
      call('tests.setState', {test: {runId: 1, testName: 'up1', itemPath}, state: 'COMPLETED', status});
    await item('a', 'PASS');
    await item('b', 'FAIL');
    const query = {testName: 'down', itemPath: 'a', waitons: ['up1', 'good'], mode: 'itemwait'};
    const queries = [
      query,
      {...query, itemPath: 'b'},
      {...query, itemPath: 'to-a', itemmaps: [{testPattern: 'up1', map: 'to- '}]},
      {...query, itemPath: '', waitons: ['good', 'nowhere'], mode: ''},
      {...query, waitons: [], mode: 'exclusive'},
    ];
    expect(await call('sched.prereqs', {runId: 1, queries})).toEqual([
      {verdict: 'go', unmet: [], isExcluded: false},
      {
        verdict: 'fail',
        unmet: [{testName: 'up1', itemPath: 'b', state: 'COMPLETED', status: 'FAIL', verdict: 'fail'}],
        isExcluded: false,
      },
      {verdict: 'go', unmet: [], isExcluded: false},
      {
        verdict: 'discard',
        unmet: [{testName: 'nowhere', itemPath: '', state: null, status: null, verdict: 'discard'}],
        isExcluded: false,
      },
      {verdict: 'go', unmet: [], isExcluded: false},
    ]);
    await refused('sched.prereqs', {runId: 1, queries: [{...query, mode: 'sometimes'}]}, 'invalidValue');
    const broken = [{testPattern: '%', map: '( x'}];
    await refused('sched.prereqs', {runId: 1, queries: [{...query, itemmaps: broken}]}, 'invalidValue');
    await refused('sched.prereqs', {runId: 1, queries: [{...query, itemmaps: broken}]}, 'notAllowed', viewer);
    await refused('sched.prereqs', {runId: 99, queries}, 'notFound');
  });

  it('counts what is active: in the area, in a run, and of a job group', async () => {
    await call('testMeta.upsert', {tests: [{testName: 'taker', jobgroup: 'db'}]});
    const [testId = 0] = await register('taker');
    const groups = {jobgroups: ['db', 'constructor']};
    const none = {all: 0, run: 0, byJobgroup: {db: 0, constructor: 0}};
    expect(await call('sched.counts', {runId: 1, ...groups})).toEqual(none);
    await call('tests.setState', {test: {testId}, state: 'RUNNING'});
    const one = {...none, all: 1, byJobgroup: {db: 1, constructor: 0}};
    expect(await call('sched.counts', {runId: 1, ...groups})).toEqual({...one, run: 1});
    expect(await call('sched.counts', {runId: 2, ...groups})).toEqual(one);
    const same = {testName: 'taker', itemPath: '', waitons: [], mode: 'exclusive'};
    expect(await call('sched.prereqs', {runId: 2, queries: [same]})).toMatchObject([{isExcluded: true}]);
    await call('tests.setState', {test: {testId}, state: 'COMPLETED', status: 'PASS'});
    expect(await call('sched.counts', {runId: 1, ...groups})).toEqual(none);
  });

  it('knows the latest load of a host, whatever its domain', async () => {
    const [testId = 0] = await register('sampled');
    await call('tests.update', {test: {testId}, set: {host: 'alpha.site.org'}});
    const db = new Database(lone.working, {timeout: 10_000});
    const add = db.prepare('INSERT INTO test_rundat (test_id, update_time, cpuload) VALUES (?, ?, ?)');
    add.run(testId, 1000, 0.5);
    add.run(testId, 1015, 2.25);
    // The account of a test that has ended has no load.
    add.run(testId, 1030, -1);
    db.close();
    expect(await call('hosts.load', {hosts: ['alpha', 'alpha.elsewhere', 'nowhere']})).toEqual([
      {host: 'alpha', load: 2.25, time: 1015},
      {host: 'alpha.elsewhere', load: 2.25, time: 1015},
      {host: 'nowhere', load: -1, time: 0},
    ]);
  });

  it('still knows the job group of what is active after the daemon has died', async () => {
    await register('survivor');
    await call('testMeta.upsert', {tests: [{testName: 'survivor', jobgroup: 'db'}]});
    await call('tests.setState', {test: {runId: 1, testName: 'survivor', itemPath: ''}, state: 'RUNNING'});
    await lone.kill();
    expect(await lone.rpc('sched.counts', {runId: 1, jobgroups: ['db']})).toEqual({
      all: 1,
      run: 1,
      byJobgroup: {db: 1},
    });
  });
});

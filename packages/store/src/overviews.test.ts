import Database from 'better-sqlite3';
import {beforeAll, describe, expect, it} from 'vitest';
import {ensureSchema} from './schema.ts';
import {Store} from './store.ts';

let store: Store;

function put(
  target: string,
  runName: string,
  eventTime: number,
  tests: readonly (readonly [name: string, item: string, state: string, status: string])[],
): number {
  const run = {target: [target], runName, state: 'new', status: 'n/a', owner: 'ana', contour: ''};
  const {runId} = store.runs.register(run, eventTime);
  for (const [testName, itemPath, state, status] of tests) {
    store.db
      .prepare(
        'INSERT INTO tests (run_id, testname, item_path, state, status, event_time, rundir, shortdir) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      )
      .run(runId, testName, itemPath, state, status, eventTime, `/lt/${runName}`, `/disk/${runName}`);
  }
  return runId;
}

beforeAll(() => {
  const db = new Database(':memory:');
  ensureSchema(db, [{name: 'OS', type: 'TEXT'}], 'M');
  store = new Store(db);
  put('x', 'n1', 10, [
    ['a', '', 'COMPLETED', 'PASS'],
    ['b', '', 'COMPLETED', 'PASS'],
    ['c', '', 'COMPLETED', 'FAIL'],
  ]);
  put('y', 'n1', 20, [
    ['a', '', 'COMPLETED', 'FAIL'],
    ['a', 'i', 'COMPLETED', 'FAIL'],
    ['b', '', 'ARCHIVED', 'PASS'],
  ]);
  put('x', 'n2', 30, [
    ['a', '', 'RUNNING', 'n/a'],
    ['b', '', 'DELETED', 'n/a'],
  ]);
  store.runs.delete(put('x', 'gone', 40, [['a', '', 'COMPLETED', 'PASS']]));
});

function runsOf(
  outcomes: ReadonlyMap<string, readonly {readonly runName: string; readonly target: readonly string[]}[]>,
) {
  return [...outcomes].map(([key, list]) => [key, list.map(({target, runName}) => `${target}/${runName}`)]);
}

describe('over all runs that are not deleted', () => {
  it('tests are counted by status, else by state (dashboard.md E9)', () => {
    expect(store.overviews.netCounts()).toEqual([
      {runId: 1, netState: 'FAIL', count: 1},
      {runId: 1, netState: 'PASS', count: 2},
      {runId: 2, netState: 'ARCHIVED', count: 1},
      {runId: 2, netState: 'FAIL', count: 2},
      {runId: 3, netState: 'RUNNING', count: 1},
    ]);
  });

  it('the newest of each target is known', () => {
    expect(store.overviews.newestOfTargets(store.keys).map(({id}) => id)).toEqual([3, 2]);
  });

  it('a test has its outcomes with the oldest first, of a target or of all, of an item or of all', () => {
    const {overviews} = store;
    const selection = {testName: 'a', outcomes: 20, items: 10};
    expect(runsOf(overviews.history(selection))).toEqual([
      ['', ['x/n1', 'y/n1']],
      ['i', ['y/n1']],
    ]);
    expect(runsOf(overviews.history({...selection, outcomes: 1, itemPath: ''}))).toEqual([['', ['y/n1']]]);
    expect(runsOf(overviews.history({...selection, targetPatt: 'x'}))).toEqual([['', ['x/n1']]]);
    expect(runsOf(overviews.history({...selection, items: 1}))).toEqual([['', ['x/n1', 'y/n1']]]);
  });

  it('every test has its last outcomes, its items rolled up', () => {
    expect(runsOf(store.overviews.catalogue(20))).toEqual([
      ['a', ['x/n1', 'y/n1']],
      ['b', ['x/n1', 'y/n1']],
      ['c', ['x/n1']],
    ]);
  });

  it('a directory of a test is known by both of its paths, and no other is', () => {
    expect(store.overviews.recordedDirectories(['/disk/n1', '/lt/n1', '/disk', '/disk/n1/x'])).toEqual([
      '/disk/n1',
      '/lt/n1',
    ]);
  });
});

describe('what a change concerns', () => {
  const all = {target: '%', runPatt: '%', testPatt: '%', unlockedOnly: true, wholeRuns: false};
  const affected = (more: Partial<typeof all> & {readonly states?: readonly string[]}) =>
    store.overviews.affected({...all, ...more});

  it('are tests of runs with their names, or runs alone', () => {
    expect(affected({target: 'x', runPatt: 'n1'})).toMatchObject({
      ...{runs: 1, tests: 3, running: 0},
      sample: ['a', 'b', 'c'],
    });
    expect(affected({testPatt: 'a/i,b'})).toMatchObject({
      ...{runs: 3, tests: 3, running: 0},
      sample: ['x/n1 b', 'y/n1 a/i', 'y/n1 b'],
    });
    expect(affected({wholeRuns: true})).toMatchObject({
      ...{runs: 3, tests: 0},
      sample: ['x/n1', 'y/n1', 'x/n2'],
    });
    expect(affected({states: ['RUNNING']})).toMatchObject({tests: 1, running: 1, sample: ['x/n2 a']});
  });

  it('are no tests of locked runs, and the digest tells when they are others, or one has ended', () => {
    const before = affected({}).digest;
    expect(affected({}).digest).toBe(before);
    store.runs.setState(1, 'locked');
    expect(affected({runPatt: 'n1'})).toMatchObject({runs: 1, tests: 3});
    expect(affected({runPatt: 'n1', unlockedOnly: false})).toMatchObject({runs: 2, tests: 6});
    expect(affected({}).digest).not.toBe(before);
    store.runs.setState(1, 'new');
    expect(affected({}).digest).toBe(before);
    store.db.prepare("UPDATE tests SET state = 'COMPLETED' WHERE state = 'RUNNING'").run();
    expect(affected({}).digest).not.toBe(before);
  });
});

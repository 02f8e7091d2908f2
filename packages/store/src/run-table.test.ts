import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {openWorking} from './connection.ts';
import type {RunSelection} from './run-table.ts';
import {ensureSchema} from './schema.ts';
import {Store} from './store.ts';

const keys = [
  {name: 'OS', type: 'TEXT'},
  {name: 'REL', type: 'TEXT'},
];
let directory = '';
let store: Store;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'megatest-runs-'));
  const db = openWorking(join(directory, 'm.db'));
  ensureSchema(db, keys, 'M');
  store = new Store(db);
});

afterEach(() => {
  store.db.close();
  rmSync(directory, {recursive: true});
});

function register(runName: string, target: string, atS: number): number {
  const run = {target: target.split('/'), runName, state: 'new', status: 'n/a', owner: 'ana', contour: ''};
  return store.runs.register(run, atS).runId;
}

describe('runs are found', () => {
  beforeEach(() => {
    register('ww1', 'linux/1.0', 30);
    register('ww2', 'linux/2.0', 10);
    register('ww3', 'mac/1.0', 20);
    register('ww4', 'mac/2.0', 20);
    store.runs.delete(register('ww5', 'beos/1.0', 40));
    store.db.exec('UPDATE runs SET last_update = id * 100');
  });

  it.each<readonly [string, Partial<RunSelection>, string]>([
    ['oldest first', {}, 'ww2 ww3 ww4 ww1'],
    ['newest first', {newestFirst: true}, 'ww1 ww4 ww3 ww2'],
    ['a number of them', {limit: 2}, 'ww2 ww3'],
    ['behind others', {limit: 2, offset: 1}, 'ww3 ww4'],
    ['behind others to the end', {offset: 3}, 'ww1'],
    ['behind a run of the same time', {newestFirst: true, before: 4}, 'ww3 ww2'],
    ['behind a run', {newestFirst: true, before: 4, limit: 1}, 'ww3'],
    ['behind a run, oldest first', {before: 4}, 'ww2 ww3'],
    ['behind a deleted run', {newestFirst: true, before: 5, limit: 1}, 'ww1'],
    ['by a pattern of one key', {keyPatts: new Map([['OS', 'lin%']])}, 'ww2 ww1'],
    [
      'by patterns of keys',
      {
        keyPatts: new Map([
          ['OS', 'mac'],
          ['REL', '[12].?'],
        ]),
      },
      'ww3 ww4',
    ],
    ['by one of several patterns', {keyPatts: new Map([['REL', '3%,1.*']])}, 'ww3 ww1'],
    ['by target and key', {targetPatt: '%/1.0', keyPatts: new Map([['OS', 'mac']])}, 'ww3'],
    ['that have changed since', {runSinceS: 300}, 'ww3 ww4'],
    ['by name', {runPatt: 'WW1'}, ''],
  ])('%s', (_, selection, expected) => {
    const found = store.runs.find({runPatt: '%', ...selection});
    expect(found.map(({runName}) => runName).join(' ')).toBe(expected);
    if (selection.limit === undefined) {
      const {offset = 0} = selection;
      expect(store.runs.count({runPatt: '%', ...selection})).toBe(found.length + offset);
    }
  });

  it('and their targets, once each', () => {
    register('ww6', 'mac/1.0', 50);
    const all = [
      ['linux', '1.0'],
      ['linux', '2.0'],
      ['mac', '1.0'],
      ['mac', '2.0'],
    ];
    expect(store.runs.targets(undefined, 10)).toEqual(all);
    expect(store.runs.targets(['linux', '2.0'], 1)).toEqual([['mac', '1.0']]);
    expect(store.runs.targets(['mac', '2.0'], 10)).toEqual([]);
  });
});

describe('drivers are found', () => {
  beforeEach(() => {
    for (const [target, runName, testPatt] of [
      ['linux/1.0', 'r', 'a,b'],
      ['linux/1.0', 'r', 'a%'],
      ['linux/1.0', 'other', '%'],
      ['mac/1.0', 'r', 'a'],
    ] as const) {
      const driver = {uuid: `${target} ${runName} ${testPatt}`, action: 'run', owner: 'ana', host: 'mars'};
      store.runners.add({...driver, pid: 1, target, runName, testPatt, options: '{}'}, 10);
    }
    store.runners.setRun(1, 7);
    store.runners.setRun(2, 7);
    store.runners.end(2, 'done', 0, 20);
  });

  it.each([
    ['newest first', {}, [4, 3, 2, 1]],
    ['of a run', {target: 'linux/1.0', runName: 'r'}, [2, 1]],
    ['of a run that are at it', {target: 'linux/1.0', runName: 'r', state: 'running'}, [1]],
    ['no pattern for a target', {target: 'linux%'}, []],
    ['with such tests', {testPatt: 'A%'}, [4, 2, 1]],
    ['a number of them', {limit: 1, before: 3}, [2]],
  ])('%s', (_, selection, ids) => {
    expect(store.runners.list(selection).map(({id}) => id)).toEqual(ids);
  });

  it('and counted while they live', () => {
    expect([7, 8].map((runId) => store.runners.liveOf(runId))).toEqual([1, 0]);
  });
});

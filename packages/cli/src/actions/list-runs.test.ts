import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {AreaResults} from '@megatest/rpc';
import {ensureSchema, openWorking, Store, testTexts} from '@megatest/store';
import {afterEach, beforeEach, expect, it} from 'vitest';
import {type ListRequest, listRuns} from './list-runs.ts';

const everything: ListRequest = {
  runPatt: '%',
  target: undefined,
  testPatt: undefined,
  states: undefined,
  statuses: undefined,
  sinceS: undefined,
  fields: undefined,
  sort: undefined,
  format: 'json',
};
let directory = '';
let store: Store;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'megatest-list-runs-'));
  const db = openWorking(join(directory, 'm.db'));
  ensureSchema(db, [{name: 'OS', type: 'TEXT'}], 'M');
  store = new Store(db);
  for (const [target, runName] of [
    ['linux', 'r"1"'],
    ['bsd', 'empty'],
    ['linux', 'long'],
  ] as const) {
    store.runs.register(
      {target: [target], runName, state: 'new', status: 'n/a', owner: 'ana', contour: ''},
      1,
    );
  }
  store.tests.register(
    1,
    [
      {testName: 'a', itemPath: ''},
      {testName: 'b', itemPath: 'x/"y"'},
    ],
    1,
  );
  store.tests.register(
    3,
    Array.from({length: 500}, (_, index) => ({testName: 'many', itemPath: String(index)})),
    1,
  );
  store.tests.update(2, {comment: 'tab\tand "quotes"', cpuload: 0.53, diskfree: 7});
});
afterEach(() => {
  store.db.close();
  rmSync(directory, {recursive: true});
});

/** What is printed, and in how many pieces. */
async function listed(
  request: Partial<ListRequest>,
): Promise<{readonly text: string; readonly pieces: number}> {
  const results: AreaResults = {
    source: 'working',
    keys: ['OS'],
    runs: async ({runPatt}) => store.runs.find({runPatt}).map((run) => ({...run, counts: []})),
    tests: async (selection) => store.tests.list(selection),
    testTexts: async (selection, text) => testTexts(store.db, text, selection),
    steps: async (testIds) => store.steps.list(testIds),
    data: async () => [],
    usage: async () => [],
    [Symbol.dispose]: () => {},
  };
  const pieces: string[] = [];
  await listRuns(results, {...everything, ...request}, (text) => pieces.push(text));
  return {text: pieces.join(''), pieces: pieces.length};
}

it('the JSON of SQLite is that of rows, with runs of many tests, of few and of none', async () => {
  const {text, pieces} = await listed({});
  expect(text).toBe((await listed({sort: 'id'})).text);
  expect(pieces).toBeGreaterThan(4);
  const document = JSON.parse(text);
  expect(Object.keys(document)).toEqual(['linux', 'bsd']);
  expect(Object.keys(document.linux.long.data)).toHaveLength(500);
  expect(document.bsd.empty).toEqual({meta: expect.objectContaining({runname: 'empty'})});
  expect(document.linux['r"1"'].data[2]).toMatchObject({
    item_path: 'x/"y"',
    comment: 'tab\tand "quotes"',
    cpuload: 0.53,
    diskfree: 7,
  });
});

it('a field that is named twice is there once', async () => {
  const {text} = await listed({fields: 'tests:id,comment,id'});
  expect(text).toBe((await listed({fields: 'tests:id,comment,id', sort: 'id'})).text);
  expect(text).toContain('{"id":2,"comment":"tab\\tand \\"quotes\\""}');
});

it('no run is an empty document', async () => {
  expect((await listed({runPatt: 'none'})).text).toBe('{}\n');
});

/** Spec homehost.md 9.15: who shows results reads them through a real daemon, and is told what changes. */
import {type GridWindow, type Matrix, type OpenGrid, type PaletteEntry, RPC_CODES} from '@megatest/rpc';
import {afterAll, beforeAll, expect, it} from 'vitest';
import {until} from '../rig/until.ts';
import {LoneArea} from './lone-area.ts';
import {RawClient, type Reply} from './raw-client.ts';

let lone: LoneArea;
let client: RawClient;
let asked = 0;
const told: Reply[] = [];

/** Run 1 has the test `good`, which has passed. */
beforeAll(async () => {
  lone = await LoneArea.make();
  client = await RawClient.connect(lone.path, {onReply: (reply) => told.push(reply)});
  await client.login('page');
});

afterAll(async () => {
  await client[Symbol.asyncDispose]();
  await lone[Symbol.asyncDispose]();
});

async function ask<T>(method: string, params: unknown = {}, of = client): Promise<T> {
  asked += 1;
  const reply = await of.ask(`page:${asked}`, method, params);
  if (reply?.error !== undefined) {
    throw Object.assign(new Error(reply.error.message), {code: reply.error.code});
  }
  return reply?.result as T;
}

const refused = (kind: keyof typeof RPC_CODES) => ({code: RPC_CODES[kind]});

it('a grid shows each result as the feed tells it, and says when rows and columns come', async () => {
  const grid = await ask<OpenGrid>('grid.open', {filter: {keys: {OS: 'x'}, q: 'g%'}, sort: '+testname'});
  expect(grid).toMatchObject({rowCount: 1, pending: 0, runCount: 1, runs: [{runId: 1, runName: 'r'}]});
  const palette: PaletteEntry[] = [...grid.palette];
  const window = async () => {
    const shown = await ask<GridWindow>('grid.rows', {grid: grid.grid, from: 0, count: 10, cols: [0, 10]});
    if (shown.palette !== undefined) {
      palette.splice(shown.palette.from - 1, palette.length, ...shown.palette.entries);
    }
    return shown;
  };
  const {ids, codes, rows} = await window();
  expect(rows).toEqual([{label: 'good', item: '', kind: 'test', n: 0}]);
  expect(ids).toEqual([[1]]);
  expect(palette[(codes[0]?.[0] ?? 0) - 1]).toMatchObject({text: 'PASS', class: 'good'});

  await ask('subscribe', {topics: ['changes', `grid:${grid.grid}`]});
  await lone.runOnce('s');
  const params = (method: string) =>
    told.filter((reply) => reply.method === method).map((reply) => (reply as {params?: unknown}).params);
  await until(() => {
    const [last] = params('grid.changed').slice(-1) as {runs?: unknown}[];
    return last !== undefined && JSON.stringify(last).includes('"runName":"s"');
  });
  const {runs} = params('grid.changed').at(-1) as {runs: {runId: number}[]};
  expect(runs.map(({runId}) => runId)).toEqual([2, 1]);
  const later = await window();
  expect(later.codes).toEqual([[codes[0]?.[0], codes[0]?.[0]]]);
  // The feed has the same code for the same result.
  const changes = () => (params('changed') as {tests: number[][]}[]).flatMap(({tests}) => tests);
  const id = later.ids[0]?.[0] ?? 0;
  await until(() => changes().findLast(([testId]) => testId === id)?.[2] === later.codes[0]?.[0]);
  expect(await ask('grid.locate', {grid: grid.grid, testId: id})).toEqual({row: 0, col: 0});
});

it('a write is seen by the next read', async () => {
  const grid = await ask<OpenGrid>('grid.open', {filter: {statuses: ['FAIL'], show: true}});
  expect(grid).toMatchObject({rowCount: 0, rev: (await ask<{rev: number}>('subscribe', {topics: []})).rev});
  await ask('tests.setState', {test: {testId: 1}, state: 'COMPLETED', status: 'FAIL'});
  expect(await ask('grid.rows', {grid: grid.grid, from: 0, count: 1, cols: [0, 1]})).toMatchObject({
    rowCount: 1,
    rev: grid.rev + 1,
    ids: [[1]],
  });
  await ask('tests.setState', {test: {testId: 1}, state: 'COMPLETED', status: 'PASS'});
});

it('runs, their tests, two runs and a timeline can be read with one call each', async () => {
  expect(await lone.rpc('runs.tree')).toMatchObject({
    rows: [
      [['x', 'r'], 1, expect.any(Number)],
      [['x', 's'], 2, expect.any(Number)],
    ],
  });
  const matrix = (await lone.rpc('runs.matrix', {runId: 1})) as Matrix;
  expect(matrix).toMatchObject({cols: ['good'], rows: [''], cells: [[0, 0, 1, expect.any(Number)]]});
  expect(matrix.palette[(matrix.cells[0]?.[3] ?? 0) - 1]?.text).toBe('PASS');
  const compared = (await lone.rpc('runs.compare', {src: 1, dest: 2})) as Matrix;
  expect(compared.palette[(compared.cells[0]?.[3] ?? 0) - 1]).toMatchObject({
    state: 'CLEAN',
    text: 'CLEAN-PASS',
  });
  expect(await lone.rpc('timeline.get', {runIds: [1, 2]})).toMatchObject({
    groups: [
      {run: 0, testName: 'good', n: 1},
      {run: 1, testName: 'good', n: 1},
    ],
    bars: {groups: [0, 1], rows: [0, 0]},
  });
});

it('what cannot be shown is refused with the reason', async () => {
  const {grid} = await ask<OpenGrid>('grid.open');
  const window = {grid, from: 0, count: 1, cols: [0, 1]};
  await expect(ask('grid.rows', {...window, count: 501})).rejects.toMatchObject(refused('invalidParams'));
  await expect(ask('grid.rows', {...window, cols: [0, 201]})).rejects.toMatchObject(refused('invalidParams'));
  await expect(ask('grid.open', {filter: {q: 'a,[b'}})).rejects.toThrow('filter.q: [b is no pattern');
  await expect(ask('grid.open', {filter: {keys: {CPU: 'x'}}})).rejects.toMatchObject(refused('invalidValue'));
  await expect(ask('runs.matrix', {runId: 99})).rejects.toMatchObject(refused('notFound'));
  await expect(ask('grid.locate', {grid, testId: 99})).rejects.toMatchObject(refused('notFound'));
  await using other = await RawClient.connect(lone.path);
  await other.login('other', 'ro');
  await expect(ask('grid.rows', window, other)).rejects.toMatchObject(refused('notFound'));
  await expect(ask('grid.close', {grid}, other)).rejects.toMatchObject(refused('notFound'));
  for (let index = 0; index < 64; index += 1) {
    await ask('grid.open', {}, other);
  }
  await expect(ask('grid.open', {}, other)).rejects.toMatchObject(refused('tooLarge'));
  await ask('grid.close', {grid});
  await expect(ask('grid.rows', window)).rejects.toMatchObject(refused('notFound'));
});

it('the daemon leaves in order while grids are open', async () => {
  await ask('grid.open');
  await lone.area.megatest(['server', 'stop']);
  expect(lone.log()).toContain('all results are in megatest.db');
  expect(lone.log()).not.toContain('ERROR');
});

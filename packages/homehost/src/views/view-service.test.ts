import {RPC_CODES} from '@megatest/rpc';
import {afterEach, beforeEach, describe, expect, it, vi} from 'vitest';
import {ViewRig} from './view-rig.ts';
import type {ViewParams} from './view-service.ts';

let rig: ViewRig;
beforeEach(() => {
  rig = new ViewRig();
});
afterEach(() => {
  rig[Symbol.dispose]();
});

let grids = 0;
async function open(params: Omit<ViewParams['grid.open'], 'grid'> = {}) {
  grids += 1;
  return await rig.service.answer('grid.open', {sort: '+testname', ...params, grid: grids});
}

/** What is told of grids within the next second. */
async function news() {
  rig.told.splice(0);
  await vi.waitFor(() => expect(rig.told).not.toEqual([]));
  return rig.told.splice(0);
}

describe('a grid', () => {
  it('has runs as columns, newest first, and tests with their items as rows', async () => {
    const old = rig.run('linux', 'old', 10, 'unit COMPLETED FAIL', 'unit/a COMPLETED FAIL', 'unit/b', 'lint');
    const young = rig.run('linux', 'young', 20, 'unit/a', 'unit/b RUNNING n/a', 'unit RUNNING n/a', 'pack');
    const {grid, runs, runCount, rowCount, pending} = await open();
    expect(runs).toEqual([
      {runId: young, target: ['linux'], runName: 'young', eventTime: 20},
      {runId: old, target: ['linux'], runName: 'old', eventTime: 10},
    ]);
    expect({runCount, rowCount, pending}).toEqual({runCount: 2, rowCount: 5, pending: 0});
    expect(await rig.lines(grid)).toEqual([
      'lint: - PASS',
      'pack: PASS -',
      'unit: RUNNING FAIL',
      'unit/a: PASS FAIL',
      'unit/b: RUNNING PASS',
    ]);
    const window = await rig.service.answer('grid.rows', {grid, from: 3, count: 1, cols: [1, 2]});
    expect(window.rows).toEqual([{label: 'unit', item: 'a', kind: 'item', n: 2}]);
    expect(window.ids).toEqual([[rig.id(old, 'unit/a')]]);
    expect(await rig.service.answer('grid.locate', {grid, testId: rig.id(young, 'unit/b')})).toEqual({
      row: 4,
      col: 0,
    });
    const far = {grid, from: 90, count: 10, cols: [7, 9] as [number, number]};
    expect(await rig.service.answer('grid.rows', far)).toMatchObject({rows: [], ids: [], codes: []});
  });

  it('leaves out what the filter hides, and then rows and columns without a cell', async () => {
    rig.run('linux', 'a', 10, 'one COMPLETED FAIL', 'two');
    rig.run('linux', 'b', 20, 'one', 'two', 'three COMPLETED FAIL');
    rig.run('mac', 'c', 30, 'one COMPLETED FAIL');
    rig.run('linux', 'd', 40, 'one', 'two');
    const filter = {keys: {OS: 'lin%'}, q: 'one,t%', statuses: ['PASS']};
    const {grid, runs} = await open({filter});
    expect(runs.map(({runName}) => runName)).toEqual(['b', 'a']);
    expect(await rig.lines(grid)).toEqual(['one: - FAIL', 'three: FAIL -']);
    const withEmpty = await open({filter, emptyRuns: true});
    expect(withEmpty.runs.map(({runName}) => runName)).toEqual(['d', 'b', 'a']);
    const limited = await open({filter: {runName: '~c'}, runLimit: 1, runOffset: 1});
    expect([limited.runs.map(({runName}) => runName), limited.runCount]).toEqual([['b'], 3]);
    await expect(open({filter: {keys: {CPU: '%'}}})).rejects.toThrow('CPU is no key; keys are OS');
  });

  it('a run without tests that are shown takes a place of the limit, but no column', async () => {
    // Dashboard.md, E6.
    for (const time of [10, 20, 30, 40, 50]) {
      rig.run('x', `at ${time}`, time, time === 40 ? 'one COMPLETED FAIL' : 'one');
    }
    const times = async (params: Parameters<typeof open>[0]) =>
      (await open({runLimit: 3, ...params})).runs.map(({eventTime}) => eventTime);
    expect(await times({})).toEqual([50, 40, 30]);
    expect(await times({runOffset: 1})).toEqual([40, 30, 20]);
    expect(await times({filter: {statuses: ['FAIL']}})).toEqual([50, 30]);
  });

  it('shows a collapsed test as one row, also where the test itself is hidden', async () => {
    const runId = rig.run('x', 'r', 10, 'unit COMPLETED FAIL', 'unit/a', 'unit/b', 'lint');
    const one = await open({collapse: ['unit']});
    expect(await rig.lines(one.grid)).toEqual(['lint: PASS', 'unit (2): FAIL']);
    expect(
      await rig.service.answer('grid.locate', {grid: one.grid, testId: rig.id(runId, 'unit/b')}),
    ).toEqual({
      row: 1,
      col: 0,
    });
    const all = await open({collapse: {allBut: []}, filter: {statuses: ['FAIL']}});
    expect(await rig.lines(all.grid)).toEqual(['lint: PASS', 'unit (2): -']);
    const allBut = await open({collapse: {allBut: ['unit']}});
    expect(allBut.rowCount).toBe(4);
  });

  it('is sorted when it is opened, and then its rows stay where they are', async () => {
    const runId = rig.run(
      'x',
      'r',
      10,
      'a COMPLETED PASS 300',
      'b COMPLETED FAIL 100',
      'c COMPLETED WARN 200',
    );
    const names = async (grid: number) => (await rig.lines(grid)).map((line) => line.replace(/:.*/, ''));
    const byTime = await open({sort: '-event_time'});
    expect(await names(byTime.grid)).toEqual(['a', 'c', 'b']);
    const bySeverity = await open({sort: '-statestatus'});
    expect(await names(bySeverity.grid)).toEqual(['b', 'c', 'a']);
    rig.set(runId, 'a COMPLETED ABORT', 'd COMPLETED FAIL 400');
    expect(await names(bySeverity.grid)).toEqual(['b', 'd', 'c', 'a']);
    expect(await names(byTime.grid)).toEqual(['d', 'a', 'c', 'b']);
    expect(await names((await open({sort: '-statestatus'})).grid)).toEqual(['a', 'b', 'd', 'c']);
  });

  it('tells what comes and goes, and nothing when a cell only has another colour', async () => {
    const runId = rig.run('x', 'r', 10, 'one RUNNING n/a', 'two');
    const {grid} = await open();
    rig.set(runId, 'one');
    rig.set(runId, 'three RUNNING n/a');
    expect(await news()).toEqual([{grid, rowCount: 3, pending: 0}]);
    expect(await rig.lines(grid)).toEqual(['one: PASS', 'three: RUNNING', 'two: PASS']);
    rig.set(runId, 'two DELETED n/a');
    expect(await news()).toEqual([{grid, rowCount: 2, pending: 0}]);
    const next = rig.run('x', 'next', 20, 'one');
    expect(await news()).toMatchObject([{grid, rowCount: 2, runs: [{runId: next}, {runId}]}]);
    rig.store.runs.delete(next);
    rig.tell([]);
    expect(await news()).toMatchObject([{grid, rowCount: 2, runs: [{runId}]}]);
    rig.store.db.exec(`DELETE FROM tests WHERE testname = 'three'`);
    rig.tell([rig.id(runId, 'one'), 3]);
    expect(await news()).toEqual([{grid, rowCount: 1, pending: 0}]);
    await rig.service.answer('grid.close', {grid});
    await expect(rig.lines(grid)).rejects.toThrow(`grid ${grid} is not open`);
  });

  it('follows a filter of states as tests go on', async () => {
    const runId = rig.run('x', 'r', 10, 'one RUNNING n/a', 'two RUNNING n/a');
    const {grid} = await open({filter: {statuses: ['PASS']}});
    rig.set(runId, 'one');
    expect(await rig.lines(grid)).toEqual(['two: RUNNING']);
    rig.set(runId, 'two');
    expect(await rig.service.answer('grid.rows', {grid, from: 0, count: 9, cols: [0, 9]})).toMatchObject({
      rowCount: 0,
      rows: [],
    });
    rig.set(runId, 'one COMPLETED FAIL');
    expect(await rig.lines(grid)).toEqual(['one: FAIL']);
  });

  it('is right when not all of its runs find room, and when nobody knows what has changed', async () => {
    rig[Symbol.dispose]();
    rig = new ViewRig(4);
    const runIds = [10, 20, 30, 40].map((time) => rig.run('x', `r${time}`, time, 'one', `only/${time}`));
    const {grid, rowCount} = await open();
    expect(rowCount).toBe(5);
    const lines = [
      'one: PASS PASS PASS PASS',
      'only/10: - - - PASS',
      'only/20: - - PASS -',
      'only/30: - PASS - -',
      'only/40: PASS - - -',
    ];
    // What had to make room is read again.
    expect(await rig.lines(grid)).toEqual(lines);
    expect(await rig.service.answer('grid.locate', {grid, testId: rig.id(runIds[0] ?? 0, 'one')})).toEqual({
      row: 0,
      col: 3,
    });
    const [oldest = 0] = runIds;
    rig.set(oldest, 'only/10 DELETED n/a');
    await vi.waitFor(async () => expect((await rig.lines(grid)).length).toBe(4));
    rig.store.db.exec(`UPDATE tests SET state = 'DELETED' WHERE item_path = '20'`);
    rig.tellNothingIsKnown();
    await vi.waitFor(async () => {
      const {codes, pending} = await rig.service.answer('grid.rows', {grid, from: 0, count: 9, cols: [0, 1]});
      expect([codes.map((row) => rig.texts(row)), pending]).toEqual([['PASS', '-', 'PASS'], 0]);
    });
  });
});

describe('other views', () => {
  it('the tree has every run, oldest first', async () => {
    const second = rig.run('linux', 'b', 20);
    const first = rig.run('mac', 'a', 10);
    const third = rig.run('linux', 'a', 20);
    rig.store.runs.delete(rig.run('linux', 'gone', 30));
    rig.tell([]);
    const rows = [
      [['mac', 'a'], first, 10],
      [['linux', 'b'], second, 20],
      [['linux', 'a'], third, 20],
    ];
    expect(await rig.service.answer('runs.tree', {})).toEqual({rows});
    expect(await rig.service.answer('runs.tree', {cursor: `20:${second}`})).toEqual({rows: rows.slice(2)});
    await expect(rig.service.answer('runs.tree', {cursor: 'x'})).rejects.toThrow('cursor');
  });

  it('the matrix of a run has tests as columns and item paths as rows, in the order of their first appearance', async () => {
    // Dashboard.md, E8.
    const runId = rig.run('x', 'r', 10, 'build', 'unit', 'unit/a', 'unit/b', 'lint', 'lint/b', 'lint/c');
    const {cols, rows, cells} = await rig.service.answer('runs.matrix', {runId});
    expect([cols, rows]).toEqual([
      ['build', 'lint', 'unit'],
      ['', 'b', 'c', 'a'],
    ]);
    expect(cells.map(([row, col]) => `${cols[col]}/${rows[row]}`).join(' ')).toBe(
      'build/ lint/ lint/b lint/c unit/ unit/a unit/b',
    );
    expect(cells.every(([row, col, id]) => rig.id(runId, `${cols[col]}/${rows[row]}`) === id)).toBe(true);
    const filtered = await rig.service.answer('runs.matrix', {runId, filter: {q: '%/b'}});
    expect([filtered.cols, filtered.rows]).toEqual([
      ['lint', 'unit'],
      ['', 'b'],
    ]);
    await expect(rig.service.answer('runs.matrix', {runId: 99})).rejects.toMatchObject({
      code: RPC_CODES.notFound,
    });
  });

  it('two runs are compared, with and without what is clean', async () => {
    const src = rig.run('x', 'src', 10, 'a', 'b COMPLETED FAIL', 'c COMPLETED WARN', 'd', 'e RUNNING n/a');
    const dest = rig.run(
      'x',
      'dest',
      20,
      'a',
      'b',
      'c COMPLETED FAIL',
      'e COMPLETED FAIL',
      'f ARCHIVED PASS',
    );
    const all = await rig.service.answer('runs.compare', {src, dest});
    expect(all.cols.map((col, index) => `${col} ${rig.texts([all.cells[index]?.[3] ?? 0])}`)).toEqual([
      'a CLEAN-PASS',
      'b FAIL->PASS',
      'c WARN->FAIL',
      'd DIFF-MISSING',
      'e DIFF-NEW',
      'f DIFF-NEW',
    ]);
    expect(all.cells[3]?.[2]).toBe(rig.id(src, 'd'));
    expect(all.cells[4]?.[2]).toBe(rig.id(dest, 'e'));
    const counts = {CLEAN: 1, 'DIRTY-BETTER': 1, 'DIRTY-WORSE': 1, 'DIFF-MISSING': 1, 'DIFF-NEW': 2};
    expect(all.counts).toEqual(counts);
    const filter = {q: '~f', statuses: ['PASS']};
    const dirty = await rig.service.answer('runs.compare', {src, dest, hideClean: true, filter});
    // What passed in one of the runs and not in the other is shown for the other.
    expect(dirty.cols).toEqual(['b', 'c', 'e']);
  });

  it('the timeline has spans, groups and bars in the order of time', async () => {
    const [setup, pack] = ['setup COMPLETED PASS 1000 20', 'pack COMPLETED PASS 1050 10'];
    const units = ['a COMPLETED PASS 1020 30', 'b COMPLETED FAIL 1020 10', 'c COMPLETED PASS 1035 5'];
    const one = rig.run('x', 'r', 10, pack, setup, 'unit', ...units.map((unit) => `unit/${unit}`));
    const two = rig.run('x', 's', 20);
    const {runs, groups, bars} = await rig.service.answer('timeline.get', {runIds: [one, two]});
    expect(runs).toEqual([
      {runId: one, start: 1000, end: 1060, sumS: 75, most: 2},
      {runId: two, start: 0, end: 1, sumS: 0, most: 0},
    ]);
    expect(groups).toEqual([
      {run: 0, testName: 'setup', n: 1},
      {run: 0, testName: 'unit', n: 3},
      {run: 0, testName: 'pack', n: 1},
    ]);
    expect(rig.texts(bars.codes)).toBe('PASS PASS FAIL PASS PASS');
    expect(bars).toMatchObject({
      groups: [0, 1, 1, 1, 2],
      items: ['', 'a', 'b', 'c', ''],
      starts: [1000, 1020, 1020, 1035, 1050],
      durations: [20, 30, 10, 5, 10],
      rows: [0, 0, 1, 1, 0],
    });
  });

  it('what is longer than a reply comes in pages, as it was when the first was asked for', async () => {
    const items = Array.from({length: 5003}, (_, index) => `unit/${index}`);
    const runId = rig.run('x', 'r', 10, 'lint', ...items);
    const first = await rig.service.answer('runs.matrix', {runId});
    rig.set(runId, 'lint DELETED n/a');
    const second = await rig.service.answer('runs.matrix', {runId, cursor: first.next});
    expect(first.cells).toHaveLength(5000);
    expect([...first.cells, ...second.cells].map(([row, col]) => row * 2 + col)).toEqual([
      0,
      ...items.map((_, index) => (index + 1) * 2 + 1),
    ]);
    expect([...first.rows, ...second.rows]).toEqual(['', ...items.map((item) => item.slice(5))]);
    expect([...first.cols, ...second.cols]).toEqual(['lint', 'unit']);
    expect(second.next).toBeUndefined();
    const timeline = await rig.service.answer('timeline.get', {runIds: [runId]});
    const rest = await rig.service.answer('timeline.get', {runIds: [runId], cursor: timeline.next});
    expect([timeline.bars.ids.length, rest.bars.ids.length, rest.groups]).toEqual([5000, 3, []]);
    await expect(rig.service.answer('runs.matrix', {runId, cursor: timeline.next})).rejects.toThrow(
      'begin anew',
    );
  });
});

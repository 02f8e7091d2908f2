import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {noChanges} from '@megatest/store';
import {afterEach, beforeEach, describe, expect, it, vi} from 'vitest';
import {ChangeLog} from '../change-log.ts';
import {Palette} from './palette.ts';
import {Views} from './views.ts';

/** A thread that knows one test in one state, and tells in the name of its column who it is and what it was told. */
const script = `const {parentPort, threadId} = require('node:worker_threads');
let told = [];
parentPort.on('message', ({changes, call}) => {
  if (changes !== undefined) told.push(changes.ids === undefined ? 'all' : changes.ids.tests.join(' '));
  if (call === undefined) return;
  const {id, method, params} = call;
  if (params.runId === 0) throw new Error('broken');
  if (params.runId === 1) {
    const failure = {kind: 'notFound', message: 'there is no run 1', data: {what: 'run'}, code: undefined};
    parentPort.postMessage({kind: 'failure', id, failure, entries: []});
    return;
  }
  const entry = {state: 'RUNNING', status: 'n/a', text: 'RUNNING', class: 'running'};
  const answer = {cols: [String(threadId), ...told], rows: [''], cells: [[0, 0, 7, 1]]};
  parentPort.postMessage({kind: 'answer', id, answer, entries: id === 1 || told.length === 0 ? [entry] : []});
});`;

describe('the views of a daemon', () => {
  let directory: string;
  let log: ChangeLog;
  let palette: Palette;
  let views: Views;
  const warnings: string[] = [];

  beforeEach(() => {
    vi.useFakeTimers({toFake: ['setTimeout', 'clearTimeout']});
    warnings.splice(0);
    directory = mkdtempSync(join(tmpdir(), 'megatest-views-'));
    const workerPath = join(directory, 'worker.cjs');
    writeFileSync(workerPath, script);
    log = new ChangeLog(10);
    palette = new Palette();
    palette.codeOfTest('COMPLETED', 'PASS');
    const warn = (text: string) => warnings.push(text);
    views = new Views({
      workerPath,
      path: '',
      mostCells: 1,
      changeLog: log,
      palette,
      tellGrid: () => {},
      warn,
    });
  });
  afterEach(async () => {
    vi.useRealTimers();
    await views.close();
    rmSync(directory, {recursive: true});
  });

  const matrix = async (runId = 2) => await views.ask('runs.matrix', {runId});

  function commit(...tests: readonly number[]): void {
    log.add({...noChanges(), tests: new Set(tests)});
    views.committed();
  }

  it('have the codes of everybody', async () => {
    expect((await matrix()).cells).toEqual([[0, 0, 7, 2]]);
    expect(palette.entries[1]?.text).toBe('RUNNING');
  });

  it('know what was written since they were asked first, together, before an answer is made', async () => {
    commit(1);
    expect((await matrix()).cols.slice(1)).toEqual([]);
    commit(2);
    commit(3, 2);
    expect((await matrix()).cols.slice(1)).toEqual(['3 2']);
    commit(4);
    vi.advanceTimersByTime(250);
    commit(5);
    vi.advanceTimersByTime(250);
    expect((await matrix()).cols.slice(1)).toEqual(['3 2', '4', '5']);
    commit(...Array.from({length: 11}, (_, index) => index));
    expect((await matrix()).cols.at(-1)).toBe('all');
  });

  it('pass on what is refused, and have another thread when one has died', async () => {
    const [first] = (await matrix()).cols;
    await expect(matrix(1)).rejects.toMatchObject({kind: 'notFound', data: {what: 'run'}});
    await expect(Promise.all([matrix(0), matrix()])).rejects.toThrow('broken');
    expect(warnings).toEqual([expect.stringContaining('broken')]);
    expect((await matrix()).cols[0]).not.toBe(first);
  });

  it('have no thread when nobody has asked for a while, unless a grid is open', async () => {
    const [first] = (await matrix()).cols;
    await views.openGrid({grid: 1});
    vi.advanceTimersByTime(400_000);
    expect((await matrix()).cols[0]).toBe(first);
    await views.closeGrid(1);
    vi.advanceTimersByTime(110_000);
    expect((await matrix()).cols[0]).toBe(first);
    vi.advanceTimersByTime(130_000);
    expect((await matrix()).cols[0]).not.toBe(first);
  });
});

import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {openWorking} from './connection.ts';
import {GroupCommitter} from './group-committer.ts';
import {ensureSchema} from './schema.ts';
import {Store} from './store.ts';

let directory = '';
let store: Store;
let parent = 0;
let item = 0;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'megatest-writer-'));
  store = openStore();
  const {runId} = store.runs.register(
    {target: ['a'], runName: 'r1', state: 'new', status: 'n/a', owner: 'ana', contour: ''},
    1,
  );
  const paths = ['', 'i'];
  const rows = store.tests.register(
    runId,
    paths.map((itemPath) => ({testName: 't', itemPath})),
    1,
  );
  [parent = 0, item = 0] = rows.map(({testId}) => testId);
});

afterEach(() => {
  store.db.close();
  rmSync(directory, {recursive: true});
});

function openStore(): Store {
  const db = openWorking(join(directory, 'm.db'));
  ensureSchema(db, [{name: 'OS', type: 'TEXT'}], 'M');
  return new Store(db);
}

/** A committer that lets the store remember, as the homehost does. */
function makeCommitter(): GroupCommitter {
  return new GroupCommitter(store.db, {
    onBegin: () => store.tests.remember(),
    onCommit: () => store.tests.forget(),
    onRollback: () => store.invalidate(),
  });
}

/** Rows written by `change`. */
function rowsWritten(change: () => void): number {
  const total = () => store.db.prepare<[], number>('SELECT total_changes()').pluck().get() ?? 0;
  const before = total();
  change();
  return total() - before;
}

describe('changes that are made together', () => {
  it('are one write of each row, and are seen at once', async () => {
    await makeCommitter().write(() => {
      const written = rowsWritten(() =>
        store.tests.together(() => {
          store.tests.setState(item, {state: 'LAUNCHED', status: 'n/a', launchId: '1.0.x'}, 5);
          store.tests.update(item, {rundir: '/links/t/i', attemptnum: 12});
          store.tests.setState(item, {state: 'RUNNING'}, 6);
          expect(store.tests.core(item)).toMatchObject({
            state: 'RUNNING',
            launchId: '1.0.x',
            rundir: '/links/t/i',
          });
          store.tests.setState(item, {state: 'COMPLETED', status: 'PASS', set: {runDuration: 3}}, 7);
        }),
      );
      expect(written).toBe(2);
    });
    expect(store.tests.get(item)).toMatchObject({
      state: 'COMPLETED',
      status: 'PASS',
      rundir: '/links/t/i',
      attemptnum: 12,
      runDuration: 3,
      eventTime: 5,
    });
    expect(store.tests.get(parent)).toMatchObject({state: 'COMPLETED', status: 'PASS'});
  });

  it('are written before a row is read whole', async () => {
    await makeCommitter().write(() =>
      store.tests.together(() => {
        store.tests.setState(item, {state: 'RUNNING', comment: 'on its way'}, 5);
        expect(store.tests.get(item)).toMatchObject({state: 'RUNNING', comment: 'on its way'});
        expect(store.tests.find(1, 't', '')).toMatchObject({state: 'RUNNING'});
      }),
    );
  });

  it('keep the order of what sets one column: the count of the data comes after the fresh start', async () => {
    await makeCommitter().write(() =>
      store.tests.together(() => {
        store.tests.setState(item, {state: 'REMOTEHOSTSTART', set: {passCount: 0, failCount: 0}}, 5);
        store.data.add(item, [
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
        expect(store.data.rollUp(item, 'n/a')).toBe('PASS');
      }),
    );
    expect(store.db.prepare('SELECT pass_count FROM tests WHERE id = ?').pluck().get(item)).toBe(1);
  });

  it('are undone together with the write that fails', async () => {
    const committer = makeCommitter();
    const [failed, other] = await Promise.allSettled([
      committer.write(() =>
        store.tests.together(() => {
          store.tests.setState(item, {state: 'RUNNING'}, 5);
          throw new Error('refused');
        }),
      ),
      committer.write(() => store.tests.core(item)?.state),
    ]);
    expect(failed.status).toBe('rejected');
    expect(other).toEqual({status: 'fulfilled', value: 'NOT_STARTED'});
    expect(store.tests.get(item)?.state).toBe('NOT_STARTED');
  });
});

describe('what is known of a row', () => {
  it('ends with the transaction: then others may write', async () => {
    const committer = makeCommitter();
    await committer.write(() => store.tests.core(item));
    const other = openStore();
    other.tests.setState(item, {state: 'COMPLETED', status: 'FAIL'}, 5);
    other.db.close();
    expect(await committer.write(() => store.tests.core(item))).toMatchObject({
      state: 'COMPLETED',
      status: 'FAIL',
    });
  });

  it('is kept of a running test until another connection has written', async () => {
    const committer = makeCommitter();
    const reads = () => committer.write(() => store.tests.core(item));
    await committer.write(() => store.tests.setState(item, {state: 'RUNNING'}, 5));
    const kept = await reads();
    expect(await reads()).toBe(kept);
    const other = openStore();
    other.tests.setState(item, {state: 'KILLREQ'}, 6);
    other.db.close();
    expect((await reads())?.state).toBe('KILLREQ');
  });

  it('is forgotten of a running test that is written outside a transaction', async () => {
    const committer = makeCommitter();
    await committer.write(() => store.tests.setState(item, {state: 'RUNNING'}, 5));
    store.tests.setState(item, {comment: 'beside'}, 6);
    expect((await committer.write(() => store.tests.core(item)))?.comment).toBe('beside');
  });

  it('is forgotten of a running test whose last write was undone', async () => {
    const committer = makeCommitter();
    await committer.write(() => store.tests.setState(item, {state: 'RUNNING', comment: 'before'}, 5));
    const failed = committer.write(() => {
      store.tests.setState(item, {comment: 'undone'}, 6);
      throw new Error('refused');
    });
    await expect(failed).rejects.toThrow('refused');
    expect((await committer.write(() => store.tests.core(item)))?.comment).toBe('before');
  });

  it('of a new row is what its columns say', async () => {
    const runId = store.tests.core(item)?.runId ?? 0;
    const made = await makeCommitter().write(() => {
      const [row] = store.tests.register(runId, [{testName: 't', itemPath: 'j'}], 5);
      return store.tests.core(row?.testId ?? 0);
    });
    const {lastUpdate: _, ...columns} = store.tests.core(made?.id ?? 0) ?? {};
    expect(made).toMatchObject(columns);
  });

  it('does not keep an update that changes no other column from being stamped', () => {
    store.db.prepare('UPDATE tests SET last_update = 7 WHERE id = ?').run(item);
    store.tests.setState(item, {state: 'NOT_STARTED', status: 'n/a'}, 5);
    const lastUpdate = store.db.prepare('SELECT last_update FROM tests WHERE id = ?').pluck().get(item);
    expect(Math.abs(Number(lastUpdate) - Date.now() / 1000)).toBeLessThan(60);
  });
});

describe('a second execution', () => {
  it('finds nothing of the first one', () => {
    store.steps.set({
      testId: item,
      stepName: 's',
      state: 'end',
      status: '0',
      eventTime: 1,
      comment: '',
      logfile: '',
    });
    store.usage.addSample(item, 1, 0.5, 100, 3);
    store.deleteRecords(item);
    expect(store.steps.list([item])).toEqual([]);
    expect(store.db.prepare('SELECT count(*) FROM test_rundat').pluck().get()).toBe(0);
  });
});

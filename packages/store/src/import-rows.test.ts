import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {openWorking} from './connection.ts';
import {importableRows} from './database-file.ts';
import {importRows} from './import-rows.ts';
import {ensureSchema} from './schema.ts';
import {Store} from './store.ts';

let directory = '';
const open: Store[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'megatest-import-'));
});

afterEach(() => {
  for (const {db} of open.splice(0)) {
    db.close();
  }
  rmSync(directory, {recursive: true});
});

function openStore(name: string): Store {
  const db = openWorking(join(directory, name));
  ensureSchema(db, [{name: 'OS', type: 'TEXT'}], 'M');
  const store = new Store(db);
  open.push(store);
  return store;
}

/** A run of one test with a step and a comment, all stamped with `stampS`. */
function record(store: Store, runName: string, comment: string, stampS: number): void {
  const run = {target: ['a'], runName, state: 'new', status: 'n/a', owner: 'ana', contour: ''};
  const {runId} = store.runs.register(run, stampS);
  const [row] = store.tests.register(runId, [{testName: 't', itemPath: ''}], stampS);
  const testId = row?.testId ?? 0;
  store.tests.setState(testId, {state: 'COMPLETED', status: 'PASS', comment}, stampS);
  store.steps.set({
    testId,
    stepName: 's',
    state: 'end',
    status: '0',
    eventTime: stampS,
    comment: '',
    logfile: '',
  });
  for (const table of ['runs', 'tests', 'test_steps']) {
    store.db.prepare(`UPDATE ${table} SET last_update = ? WHERE last_update > 5000`).run(stampS);
  }
}

function testsOf(store: Store): unknown[] {
  return store.db
    .prepare(
      `SELECT runs.id AS run, runname, tests.id AS test, tests.comment, count(test_steps.id) AS steps
       FROM runs JOIN tests ON run_id = runs.id LEFT JOIN test_steps ON test_id = tests.id GROUP BY tests.id ORDER BY tests.id`,
    )
    .all();
}

function importAll(from: string, into: Store) {
  return importRows(into.db, [...importableRows(join(directory, from))], 4000);
}

describe('importing rows', () => {
  it('takes what is not here, under its own id', () => {
    record(openStore('other'), 'r', 'theirs', 1000);
    const store = openStore('here');
    expect(importAll('other', store)).toEqual({taken: 3, older: 0, moved: [], testIds: [1]});
    expect(testsOf(store)).toEqual([{run: 1, runname: 'r', test: 1, comment: 'theirs', steps: 1}]);
    // Stamped anew, so that the next flush takes it along.
    expect(store.db.prepare('SELECT last_update FROM tests').pluck().get()).toBe(4000);
    expect(importAll('other', store)).toMatchObject({taken: 0, older: 0, testIds: []});
  });

  it('gives another id to what is another thing here, and its children follow', () => {
    record(openStore('other'), 'theirs', 'theirs', 1000);
    const store = openStore('here');
    record(store, 'ours', 'ours', 1000);
    expect(importAll('other', store).moved).toEqual([
      {table: 'runs', from: 1, to: 2},
      {table: 'tests', from: 1, to: 2},
      {table: 'test_steps', from: 1, to: 2},
    ]);
    expect(testsOf(store)).toEqual([
      {run: 1, runname: 'ours', test: 1, comment: 'ours', steps: 1},
      {run: 2, runname: 'theirs', test: 2, comment: 'theirs', steps: 1},
    ]);
  });

  it.each([
    ['later', 2000, 'theirs'],
    ['earlier', 500, 'ours'],
    ['of the same second', 1000, 'theirs'],
  ])('of a row on both sides, theirs being %s, the later counts', (_, stampS, comment) => {
    record(openStore('other'), 'r', 'theirs', stampS);
    const store = openStore('here');
    record(store, 'r', 'ours', 1000);
    const {older} = importAll('other', store);
    expect(testsOf(store)).toMatchObject([{comment, steps: 1}]);
    expect(older > 0).toBe(comment === 'ours');
  });
});

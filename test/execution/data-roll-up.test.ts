import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {ensureSchema, openWorking, Store} from '@megatest/store';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'data-'));
});
afterEach(() => rmSync(directory, {recursive: true}));

describe('26.16 the status that follows from data', () => {
  it.each([
    ['n/a', ['pass', 'pass', 'n/a'], 'PASS'],
    ['PASS', ['pass', 'fail'], 'FAIL'],
    ['WARN', ['pass'], 'WARN'],
    ['WARN', ['FAIL'], 'FAIL'],
    ['FAIL', ['pass'], 'FAIL'],
    ['AUTO', ['n/a'], 'AUTO'],
    ['AUTO', ['Pass'], 'PASS'],
  ])('%s with %j is %s', (before, statuses, after) => {
    const db = openWorking(join(directory, 'm.db'));
    ensureSchema(db, [{name: 'P', type: 'TEXT'}], 'M');
    const store = new Store(db);
    store.runs.register(
      {target: ['x'], runName: 'r', state: 'new', status: 'n/a', owner: 'o', contour: ''},
      1,
    );
    const [test] = store.tests.register(1, [{testName: 't', itemPath: ''}], 1);
    const testId = test?.testId ?? 0;
    const rest = {category: 'c', value: 1, expected: 1, tol: 1, units: '', comment: '', type: ''};
    store.data.add(
      testId,
      statuses.map((status, index) => ({...rest, variable: `v${index}`, status})),
    );
    expect(store.data.rollUp(testId, before)).toBe(after);
    db.close();
  });
});

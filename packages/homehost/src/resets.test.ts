import {describe, expect, it} from 'vitest';
import {autoRerun, mustReset, parseAutoRerun, planResets, type ResetRow} from './resets.ts';

/** `{'t/x': 'COMPLETED/PASS'}`; the ids are the names' places. */
function rowsOf(values: Readonly<Record<string, string>>): readonly ResetRow[] {
  return Object.entries(values).map(([name, value], id) => {
    const [testName = '', itemPath = ''] = name.split(/\/(.*)/);
    const [state = '', status = ''] = value.split(/\/(.*)/);
    return {id, testName, itemPath, state, status};
  });
}

function resetNames(
  action: Parameters<typeof planResets>[0],
  values: Readonly<Record<string, string>>,
): readonly (string | undefined)[] {
  return planResets(action, rowsOf(values)).map((id) => Object.keys(values)[id]);
}

describe('21.10 resets', () => {
  it.each([
    ['INCOMPLETE', 'FAIL', 'NOT_STARTED/INCOMPLETE'],
    ['KILLED', 'KILLED', 'NOT_STARTED/KILLED'],
    ['KILLED', 'FAIL', 'unchanged'],
  ])('allow-auto-rerun INCOMPLETE KILLED/KILLED: %s/%s becomes %s', (state, status, result) => {
    const row = autoRerun(parseAutoRerun('INCOMPLETE KILLED/KILLED'), {state, status});
    expect(row === undefined ? 'unchanged' : `${row.state}/${row.status}`).toBe(result);
  });

  it.each([
    ['COMPLETED/PASS', false],
    ['COMPLETED/WARN', false],
    ['COMPLETED/WAIVED', false],
    ['COMPLETED/SKIP', false],
    ['COMPLETED/FAIL', true],
    ['COMPLETED/CHECK', true],
    ['COMPLETED/ABORT', true],
    ['UNKNOWN/x', true],
    ['INCOMPLETE/x', true],
    ['NOT_STARTED/PREQ_FAIL', true],
    ['COMPLETED/DEAD', false],
  ])('-rerun-clean on %s: %s', (value, isReset) => {
    expect(resetNames('rerun-clean', {t: value})).toEqual(isReset ? ['t'] : []);
  });
});

describe('the rows set back', () => {
  it('by rerun-clean are the failed items and then their parents', () => {
    const rows = {t: 'COMPLETED/FAIL', 't/a': 'COMPLETED/PASS', 't/b': 'COMPLETED/FAIL', u: 'COMPLETED/PASS'};
    expect(resetNames('rerun-clean', rows)).toEqual(['t/b', 't']);
  });

  it('by rerun-clean are not the parents of items that all keep their results', () => {
    const rows = {t: 'COMPLETED/DEAD', 't/a': 'COMPLETED/PASS', 't/b': 'COMPLETED/DEAD'};
    expect(resetNames('rerun-clean', rows)).toEqual([]);
  });

  it('by rerun-clean follow the lists of the area', () => {
    const lists = {states: ['STUCK'], statuses: ['DEAD']};
    expect(mustReset('rerun-clean', {state: 'COMPLETED', status: 'DEAD'}, lists)).toBe(true);
    expect(mustReset('rerun-clean', {state: 'COMPLETED', status: 'FAIL'}, lists)).toBe(false);
  });

  it('by rerun-all are all of them', () => {
    const rows = {t: 'COMPLETED/PASS', 't/a': 'COMPLETED/PASS', u: 'RUNNING/n/a'};
    expect(resetNames('rerun-all', rows)).toEqual(['t/a', 'u', 't']);
  });

  it('by rerun-failed are instances only, also killed and blocked ones', () => {
    const rows = {
      t: 'COMPLETED/CHECK',
      't/a': 'COMPLETED/PASS',
      't/b': 'NOT_STARTED/PREQ_FAIL',
      't/c': 'KILLED/KILLED',
      't/d': 'COMPLETED/STUCK/DEAD',
      't/e': 'NOT_STARTED/n/a',
      u: 'COMPLETED/DEAD',
    };
    expect(resetNames('rerun-failed', rows)).toEqual(['t/b', 't/c', 't/d', 'u']);
  });

  it('by a plain run are none', () => {
    expect(resetNames('run', {t: 'COMPLETED/FAIL'})).toEqual([]);
  });
});

describe('allow-auto-rerun', () => {
  it.each([
    ['/DEAD', 'COMPLETED', 'DEAD', 'NOT_STARTED/DEAD'],
    ['/STUCK/DEAD', 'COMPLETED', 'STUCK/DEAD', 'NOT_STARTED/STUCK/DEAD'],
    ['COMPLETED/n/a', 'COMPLETED', 'n/a', 'NOT_STARTED/n/a'],
    ['KILLED/', 'KILLED', 'FAIL', 'NOT_STARTED/KILLED'],
    ['KILLED', 'COMPLETED', 'KILLED', 'unchanged'],
    ['', 'INCOMPLETE', 'FAIL', 'unchanged'],
    ['/', 'INCOMPLETE', 'FAIL', 'unchanged'],
  ])('"%s" on %s/%s: %s', (text, state, status, result) => {
    const row = autoRerun(parseAutoRerun(text), {state, status});
    expect(row === undefined ? 'unchanged' : `${row.state}/${row.status}`).toBe(result);
  });
});

import {describe, expect, it} from 'vitest';
import {naturalCompare} from './natural-order.ts';
import {orderRows, type RowGroup, type RowSort, severity} from './row-order.ts';

/** `test` or `test(item)`, in any order, as groups. */
function groupsOf(names: readonly string[]): readonly RowGroup<string>[] {
  const tests = [...new Set(names.map((name) => name.replace(/\(.*/, '')))].sort(naturalCompare);
  return tests.map((test) => ({
    testName: test,
    top: names.find((name) => name === test),
    items: names.filter((name) => name.startsWith(`${test}(`)).sort(naturalCompare),
  }));
}

function ordered(names: readonly string[], sort: RowSort, keys: Readonly<Record<string, number>> = {}) {
  return orderRows(groupsOf(names), sort, (row) => keys[row] ?? 0)
    .flatMap(({top, items}) => [...(top === undefined ? [] : [top]), ...items])
    .join(' ');
}

describe('rows', () => {
  // Dashboard.md, E2.
  const names = ['compile', 'unit', 'unit(lin)', 'unit(mac)', 'unit-slow', 'report(a/1)', 'report(a/2)'];

  it('by name: natural, each test before its items', () => {
    expect(ordered(names, '+testname')).toBe(
      'compile report(a/1) report(a/2) unit unit(lin) unit(mac) unit-slow',
    );
    expect(ordered(['t(10)', 't(2)'], '+testname')).toBe('t(2) t(10)');
    expect(ordered(names, '-testname')).toBe(
      'unit-slow unit unit(mac) unit(lin) report(a/2) report(a/1) compile',
    );
  });

  it('by time: a test goes by its newest start, and its items follow the same direction', () => {
    // Dashboard.md, E3.
    const times = {build: 100, lint: 300, 'unit(a)': 200, 'unit(b)': 50};
    expect(ordered(Object.keys(times), '-event_time', times)).toBe('lint unit(a) unit(b) build');
    expect(ordered(Object.keys(times), '+event_time', times)).toBe('build unit(b) unit(a) lint');
  });

  it('by severity: the most severe last or first, and what is equal by name', () => {
    const of = {
      a: severity('COMPLETED', 'PASS'),
      b: severity('COMPLETED', 'FAIL'),
      c: severity('RUNNING', 'FAIL'),
    };
    const keys = {...of, d: of.a, 'e(1)': of.b, 'e(2)': of.a, e: of.c};
    expect(ordered(Object.keys(keys), '+statestatus', keys)).toBe('a d c b e e(2) e(1)');
    expect(ordered(Object.keys(keys), '-statestatus', keys)).toBe('b e e(1) e(2) c a d');
  });

  it('have the severities of what is shown of them', () => {
    const rising: readonly (readonly [string, string])[] = [
      ['COMPLETED', 'SKIP'],
      ['ARCHIVED', 'PASS'],
      ['COMPLETED', 'WAIVED'],
      ['COMPLETED', 'WARN'],
      ['NOT_STARTED', 'n/a'],
      ['LAUNCHED', 'n/a'],
      ['REMOTEHOSTSTART', 'n/a'],
      ['RUNNING', 'n/a'],
      ['KILLREQ', 'n/a'],
      ['COMPLETED', 'n/a'],
      ['COMPLETED', 'CHECK'],
      ['KILLED', 'KILLED'],
      ['STUCK', 'n/a'],
      ['INCOMPLETE', 'n/a'],
      ['COMPLETED', 'FAIL'],
      ['COMPLETED', 'ABORT'],
    ];
    const ranks = rising.map(([state, status]) => severity(state, status));
    expect(ranks).toEqual([...ranks].sort((left, right) => left - right));
    expect(new Set(ranks).size).toBe(rising.length);
    expect(severity('NOT_STARTED', 'PREQ_FAIL')).toBe(severity('COMPLETED', 'n/a'));
    expect(severity('COMPLETED', 'STUCK/DEAD')).toBe(severity('STUCK', 'n/a'));
    expect(severity('COMPLETED', 'DEAD')).toBe(severity('INCOMPLETE', 'n/a'));
  });
});

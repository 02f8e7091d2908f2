import type {PlannedTest} from '@megatest/model';
import {describe, expect, it} from 'vitest';
import {inLaunchOrder, itemsInLaunchOrder} from './launch-order.ts';

function test(testName: string, waitons: readonly string[] = [], priority = 0): PlannedTest {
  return {
    testName,
    testDir: '',
    waitons: waitons.map((name) => ({testName: name, itemMap: ''})),
    modes: ['normal'],
    priority,
    jobgroup: '',
    hasTriggers: false,
    iterated: 'no',
    items: [{itemPath: '', vars: []}],
    skip: null,
    reason: 'matches %',
    isInCycle: false,
  };
}

const names = (tests: readonly PlannedTest[]) => tests.map(({testName}) => testName);
const letters = [...'abcdefghij'].map((name) => test(name));

describe('the order of launching', () => {
  it('is: tests with waitons, higher priority, names from z to a', () => {
    const tests = [test('a', [], 5), test('b', [], 10), test('c'), test('d'), test('e', ['b'])];
    expect(names(inLaunchOrder(tests))).toEqual(['e', 'b', 'a', 'd', 'c']);
  });

  it('by the critical path starts what the longest chain waits for', () => {
    const tests = [
      test('setup'),
      test('build', ['setup']),
      test('deploy', ['build']),
      test('lint'),
      test('z'),
    ];
    const durations = new Map([
      ['setup', 5],
      ['build', 60],
      ['deploy', 30],
      ['lint', 90],
    ]);
    const order = {kind: 'critical-path', durationS: (name: string) => durations.get(name)} as const;
    // z has never run: it counts as an average test, 46 s.
    expect(names(inLaunchOrder(tests, order))).toEqual(['setup', 'lint', 'build', 'z', 'deploy']);
  });

  it('by the critical path still obeys priorities', () => {
    const order = {kind: 'critical-path', durationS: () => 1} as const;
    expect(names(inLaunchOrder([test('a'), test('b', ['a']), test('c', [], 1)], order))).toEqual([
      'c',
      'a',
      'b',
    ]);
  });

  it('shuffled is the same for the same seed, whatever the order of the plan', () => {
    const shuffled = names(inLaunchOrder(letters, {kind: 'shuffle', seed: 7}));
    expect(names(inLaunchOrder(letters.toReversed(), {kind: 'shuffle', seed: 7}))).toEqual(shuffled);
    expect(names(inLaunchOrder(letters, {kind: 'shuffle', seed: 8}))).not.toEqual(shuffled);
    expect(shuffled.toSorted()).toEqual(names(letters));
  });

  it('of items is that of their list, but for the shuffle', () => {
    const items = letters.map(({testName}) => ({itemPath: testName, vars: []}));
    expect(itemsInLaunchOrder('t', items)).toEqual(items);
    const shuffled = itemsInLaunchOrder('t', items, {kind: 'shuffle', seed: 7});
    expect(shuffled).not.toEqual(items);
    expect(itemsInLaunchOrder('u', items, {kind: 'shuffle', seed: 7})).not.toEqual(shuffled);
  });
});

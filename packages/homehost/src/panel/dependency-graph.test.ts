import type {DescribedTest} from '@megatest/rpc';
import {expect, it} from 'vitest';
import {dependencyGraph} from './dependency-graph.ts';

function test(testName: string, ...waitons: readonly (string | readonly [string, string])[]): DescribedTest {
  return {
    testName,
    testDir: `/area/tests/${testName}`,
    waitons: waitons.map((waiton) =>
      typeof waiton === 'string'
        ? {testName: waiton, itemMap: ''}
        : {testName: waiton[0], itemMap: waiton[1]},
    ),
    isDynamic: false,
    priority: 0,
    items: 0,
    meta: {},
  };
}

const tests = [
  test('setup'),
  test('build', 'setup'),
  test('regress', 'build', ['cpu', 'x y']),
  test('a', 'b'),
  test('b', 'a'),
  test('own', 'own'),
];
const area = {tests, problems: ['tests/odd/testconfig: cannot be read']};

it('has all tests, what is missing, and who waits for himself or in a circle', () => {
  const {nodes, edges, cycles, problems} = dependencyGraph(area, undefined);
  expect(problems).toEqual(area.problems);
  expect(nodes.filter(({missing}) => missing).map(({name}) => name)).toEqual(['cpu']);
  expect(nodes).toHaveLength(7);
  expect(edges).toEqual([
    ['setup', 'build', 'waiton'],
    ['build', 'regress', 'waiton'],
    ['cpu', 'regress', 'itemmap'],
    ['b', 'a', 'waiton'],
    ['a', 'b', 'waiton'],
  ]);
  expect(cycles).toEqual([['own'], expect.arrayContaining(['a', 'b'])]);
});

it('of a pattern has what matches and what that waits for, with the results of a run', () => {
  const counts = [{testName: 'setup', state: 'COMPLETED', status: 'PASS', count: 1}];
  const {nodes} = dependencyGraph(area, 'bui%', counts);
  expect(nodes.map(({name, stateCounts}) => [name, stateCounts])).toEqual([
    ['build', []],
    ['setup', [{state: 'COMPLETED', status: 'PASS', count: 1}]],
  ]);
});

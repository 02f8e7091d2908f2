import {expect, it} from 'vitest';
import {decideRetry} from './retry-decision.ts';

const rule = {count: 2, delayS: 30};

it.each([
  ['COMPLETED', 'FAIL', 0, {retry: 1, delayS: 30}],
  ['COMPLETED', 'ABORT', 1, {retry: 2, delayS: 60}],
  ['COMPLETED', 'DEAD', 0, {retry: 1, delayS: 30}],
  ['COMPLETED', 'FAIL', 2, undefined],
  ['COMPLETED', 'PASS', 0, undefined],
  ['COMPLETED', 'CHECK', 0, undefined],
  ['KILLED', 'KILLED', 0, undefined],
  ['INCOMPLETE', 'KILLED', 0, undefined],
  ['RUNNING', 'FAIL', 0, undefined],
])('%s/%s after %i retries', (state, status, retries, decision) => {
  expect(decideRetry(rule, retries, {state, status})).toEqual(decision);
});

it('without a rule a result stands', () => {
  expect(decideRetry(undefined, 0, {state: 'COMPLETED', status: 'FAIL'})).toBeUndefined();
});

import {expect, it} from 'vitest';
import {parseRetryRule, retryDelayS} from './retry-rule.ts';

it.each([
  ['3', {count: 3, delayS: 10}],
  [' 2  1m 30s ', {count: 2, delayS: 90}],
  ['0', {count: 0, delayS: 10}],
  ['1 0s', {count: 1, delayS: 0}],
  ['', undefined],
  ['-1', undefined],
  ['many', undefined],
  ['2 soon', undefined],
])('retries %s', (text, rule) => {
  expect(parseRetryRule(text)).toEqual(rule);
});

it('each retry waits twice as long as the one before, up to an hour', () => {
  const rule = {count: 20, delayS: 10};
  expect([1, 2, 3, 4, 20].map((retry) => retryDelayS(rule, retry))).toEqual([10, 20, 40, 80, 3600]);
});

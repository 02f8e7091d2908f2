import {expect, it} from 'vitest';
import {CallRate} from './call-rate.ts';

it('so many calls a second, with the time until the next one', () => {
  let nowMs = 0;
  const rate = new CallRate(2, () => nowMs);
  const tryCall = () => {
    try {
      rate.count();
      return 'called';
    } catch (error) {
      return (error as {data: unknown}).data;
    }
  };
  expect([tryCall(), tryCall(), tryCall()]).toEqual(['called', 'called', {retryAfterMs: 500}]);
  nowMs = 500;
  expect([tryCall(), tryCall()]).toEqual(['called', {retryAfterMs: 500}]);
  nowMs = 60_000;
  expect([tryCall(), tryCall(), tryCall()]).toEqual(['called', 'called', {retryAfterMs: 500}]);
});

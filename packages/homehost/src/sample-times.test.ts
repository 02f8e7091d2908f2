import {expect, it} from 'vitest';
import {SampleTimes} from './sample-times.ts';

it('a sample of a host is due every 15 seconds, and when the clock was set back', () => {
  const times = new SampleTimes();
  expect([100, 103, 114, 115, 118, 130].map((nowS) => times.isDue('mars', nowS))).toEqual([
    true,
    false,
    false,
    true,
    false,
    true,
  ]);
  expect(times.isDue('venus', 131)).toBe(true);
  expect(times.isDue('mars', 50)).toBe(true);
  expect(times.isDue('mars', 53)).toBe(false);
});

import {expect, it} from 'vitest';
import {JobLeases} from './job-leases.ts';

it('a claim ends when nothing was heard for a lease, and is written down when half of it is over', () => {
  let nowMs = 0;
  const leases = new JobLeases(60, () => nowMs);
  expect(leases.renew(1)).toBe(true);
  expect(leases.renew(2)).toBe(true);
  nowMs = 20_000;
  expect(leases.renew(1)).toBe(false);
  nowMs = 60_001;
  expect(leases.expired()).toEqual([2]);
  expect(leases.renew(1)).toBe(true);
  leases.end(2);
  expect(leases.expired()).toEqual([]);
});

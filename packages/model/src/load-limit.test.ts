import {describe, expect, it} from 'vitest';
import {isOverloaded} from './load-limit.ts';

describe('21.11 maxload 1.5 with 8 CPUs', () => {
  it.each([
    [12, 12, false],
    [12.1, 12, true],
    [10, 1.9, true],
    [10, 2, false],
  ])('load %f, five minutes %f: waits %s', (load1, load5, waits) => {
    expect(isOverloaded({load1, load5, cpus: 8}, 1.5)).toBe(waits);
  });

  it('without maxload nothing waits', () => {
    expect(isOverloaded({load1: 1000, load5: 0, cpus: 1}, undefined)).toBe(false);
  });
});

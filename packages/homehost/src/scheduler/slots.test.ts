import {describe, expect, it} from 'vitest';
import {Slots} from './slots.ts';

function holder(testId: number, testName: string, jobgroup = '', itemPath = '') {
  return {testId, runId: testId % 2, testName, itemPath, jobgroup};
}

describe('21.11 limits', () => {
  it('count the tests of a job group in all runs', () => {
    const slots = new Slots();
    const limits = {db: 2};
    slots.take(holder(1, 'x', 'db'));
    slots.take(holder(2, 'x', 'db'));
    // y has the same group, in whatever run.
    expect(slots.hasRoom('db', 10, limits)).toBe(false);
    expect(slots.hasRoom('other', 10, limits)).toBe(true);
    slots.free(1);
    expect(slots.hasRoom('db', 10, limits)).toBe(true);
  });
});

describe('slots', () => {
  it('are those of the whole area', () => {
    const slots = new Slots();
    expect(slots.hasRoom('', 0, {})).toBe(false);
    slots.take(holder(1, 'x'));
    expect(slots.hasRoom('', 1, {})).toBe(false);
    expect(slots.hasRoom('', 2, {})).toBe(true);
  });

  it('are taken once by each instance, and freed once', () => {
    const slots = new Slots();
    slots.take(holder(1, 'x', 'db'));
    slots.take(holder(1, 'x', 'db'));
    expect(slots.size).toBe(1);
    expect(slots.free(1)?.testName).toBe('x');
    expect(slots.free(1)).toBeUndefined();
    expect(slots.hasRoom('db', 1, {db: 1})).toBe(true);
  });

  it('know what runs, by test and by instance', () => {
    const slots = new Slots();
    slots.take(holder(1, 'x', '', 'a'));
    slots.take(holder(2, 'x', '', 'a'));
    slots.free(1);
    expect(slots.isRunning('x', 'a')).toBe(true);
    expect(slots.isRunning('x', undefined)).toBe(true);
    expect(slots.isRunning('x', '')).toBe(false);
    expect(slots.isRunning('x', 'b')).toBe(false);
    slots.free(2);
    expect(slots.isRunning('x', undefined)).toBe(false);
  });

  it('are counted by run and by job group', () => {
    const slots = new Slots();
    slots.take(holder(1, 'x', 'db'));
    slots.take(holder(2, 'y', 'db'));
    slots.take(holder(3, 'z'));
    expect([slots.inRun(0), slots.inRun(1), slots.inRun(2)]).toEqual([1, 2, 0]);
    expect([slots.inGroup('db'), slots.inGroup('other')]).toEqual([2, 0]);
    slots.free(3);
    expect(slots.inRun(1)).toBe(1);
  });

  it('do not take a group that is named like a property for a limited one', () => {
    expect(new Slots().hasRoom('constructor', 1, {})).toBe(true);
  });
});

import {noChanges} from '@megatest/store';
import {expect, it} from 'vitest';
import {type ChangedIds, ChangeLog} from './change-log.ts';

const tests = (...ids: number[]): ChangedIds => ({...noChanges(), tests: new Set(ids)});
const idsSince = (log: ChangeLog, rev: number) => {
  const changed = log.since(rev);
  return changed === undefined ? undefined : [...changed.tests].sort((a, b) => a - b);
};

it('what came after a rev is told once, however often it changed', () => {
  const log = new ChangeLog();
  log.add(tests(1, 2));
  log.add(tests(2));
  log.add(tests(3, 2));
  expect(log.rev).toBe(3);
  expect([0, 1, 2, 3].map((rev) => idsSince(log, rev))).toEqual([[1, 2, 3], [2, 3], [2, 3], []]);
});

it('what was forgotten, or never was, is not taken for nothing', () => {
  const log = new ChangeLog(6);
  for (let id = 1; id <= 5; id += 1) {
    log.add(tests(id));
  }
  // Each group counts for its ids and itself: three of them are kept.
  expect([0, 1, 2, 3, 5, 6].map((rev) => idsSince(log, rev))).toEqual([
    undefined,
    undefined,
    [3, 4, 5],
    [4, 5],
    [],
    undefined,
  ]);
});

it('a group larger than all that is kept is forgotten at once', () => {
  const log = new ChangeLog(3);
  log.add(tests(1, 2, 3, 4));
  expect(idsSince(log, 0)).toBeUndefined();
  expect(idsSince(log, 1)).toEqual([]);
});

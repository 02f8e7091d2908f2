import type {Connected} from '@megatest/rpc';
import {expect, it} from 'vitest';
import {Managers} from './managers.ts';

it('the end of a test that is to be killed is expected for a minute after its manager has gone', () => {
  let nowMs = 0;
  const managers = new Managers(() => nowMs);
  let close = () => {};
  const connection = {onClose: (closed: () => void) => (close = closed)} as unknown as Connected;
  const manager = {id: 'm', host: 'alpha', user: 'ann', pid: 1, cpus: 2, connection};

  // Whoever has the tests of the daemon before has a minute to come.
  expect(managers.mayHearOf(1)).toBe(true);
  nowMs = 60_000;
  expect(managers.mayHearOf(1)).toBe(false);

  managers.add(manager, [1]);
  nowMs = 1_000_000;
  expect(managers.mayHearOf(1)).toBe(true);
  expect(managers.mayHearOf(2)).toBe(false);

  close();
  nowMs += 59_999;
  expect(managers.mayHearOf(1)).toBe(true);
  nowMs += 1;
  expect(managers.mayHearOf(1)).toBe(false);

  managers.add({...manager, id: 'next'}, [1]);
  expect(managers.mayHearOf(1)).toBe(true);
});

it('a manager that is gone is told of as long as tests are its own', () => {
  let nowMs = 0;
  const managers = new Managers(() => nowMs);
  let close = () => {};
  const connection = {onClose: (closed: () => void) => (close = closed)} as unknown as Connected;
  const manager = {id: 'm', host: 'alpha', user: 'ann', pid: 1, cpus: 2, connection};
  managers.add(manager, [1, 2]);
  expect(managers.lost()).toEqual([]);

  close();
  nowMs = 30_000;
  const lost = {host: 'alpha', user: 'ann', tests: 2, goneS: 30, isLost: false};
  expect(managers.lost()).toEqual([lost]);
  nowMs = 60_000;
  expect(managers.lost()).toEqual([{...lost, goneS: 60, isLost: true}]);

  managers.add({...manager, id: 'next'}, [1]);
  expect(managers.lost()).toEqual([{...lost, tests: 1, goneS: 60, isLost: true}]);
  managers.forget(2);
  expect(managers.lost()).toEqual([]);
});

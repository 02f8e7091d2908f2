import {expect, it} from 'vitest';
import {isDead} from './dead-tests.ts';

const nowS = 1_000_000;
const deadtimeS = 7200;

it.each([
  ['is RUNNING and silent for too long', 'RUNNING', 7301, 100, undefined, true],
  ['is RUNNING and has written its duration', 'RUNNING', 7300, 100, undefined, false],
  ['has only just started on its host', 'REMOTEHOSTSTART', 7200, 0, undefined, false],
  ['has never come further than its host', 'REMOTEHOSTSTART', 7201, 0, undefined, true],
  ['is silent, but its manager is connected', 'RUNNING', 50_000, 0, nowS, false],
  ['is silent, but its manager was heard lately', 'RUNNING', 50_000, 0, nowS - 7199, false],
  ['is silent, and so is its manager', 'RUNNING', 50_000, 0, nowS - 7200, true],
  ['waits in the queue of a cluster', 'LAUNCHED', 86_400, 0, undefined, false],
  ['waits in the queue of a cluster for more than a day', 'LAUNCHED', 86_401, 0, undefined, true],
  ['has ended', 'COMPLETED', 500_000, 0, undefined, false],
  ['is being killed', 'KILLREQ', 500_000, 0, undefined, false],
])('a test that %s', (_, state, ageS, runDurationS, managerHeardS, dead) => {
  const row = {state, eventTimeS: nowS - ageS, runDurationS};
  expect(isDead(row, {nowS, deadtimeS, managerHeardS})).toBe(dead);
});

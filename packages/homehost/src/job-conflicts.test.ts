import {expect, it} from 'vitest';
import {concernSameRun, conflictOf, type Held} from './job-conflicts.ts';

const held = (id: number, action: string, more: Partial<Held> = {}): Held => ({
  kind: 'job',
  id,
  action,
  target: 'linux/v1',
  runName: 'nightly',
  isActive: false,
  ...more,
});
const active = {isActive: true};
const driver = held(1, 'run', {kind: 'driver', isActive: true});

it.each<[string, Held, readonly Held[], number | undefined]>([
  ['a run starts beside another one', held(2, 'run'), [held(1, 'run', active), driver], undefined],
  ['a run waits for an earlier removal', held(2, 'run'), [held(1, 'remove')], 1],
  ['a run does not wait for a later removal that waits', held(1, 'run'), [held(2, 'remove')], undefined],
  ['a rerun waits for a removal at work', held(1, 'rerun-clean'), [held(2, 'remove', active)], 2],
  ['a removal of another run is no reason', held(2, 'run'), [held(1, 'remove', {runName: 'x'})], undefined],
  ['a removal by pattern is one', held(2, 'run'), [held(1, 'remove', {target: 'linux/%', runName: '%'})], 1],
  ['a removal starts at once', held(2, 'remove'), [driver, held(1, 'remove', active)], undefined],
  ['archiving waits for a driver', held(2, 'archive'), [driver], 1],
  ['archiving waits for another job at work', held(2, 'archive'), [held(1, 'remove', active)], 1],
  ['archiving by pattern waits too', held(2, 'archive', {runName: 'night*'}), [driver], 1],
  ['archiving does not wait for what waits', held(2, 'archive'), [held(1, 'archive')], undefined],
  [
    'archiving does not wait for what concerns no run',
    held(2, 'archive'),
    [held(1, 'html', {...active, target: '', runName: ''})],
    undefined,
  ],
  ['nothing waits for itself', held(1, 'archive', active), [held(1, 'archive', active)], undefined],
  [
    'a change of rows starts whatever goes on',
    held(3, 'set-ss'),
    [driver, held(2, 'archive', active)],
    undefined,
  ],
  ['killing starts whatever goes on', held(3, 'kill'), [driver, held(2, 'remove', active)], undefined],
])('%s', (_, job, others, expected) => {
  expect(conflictOf(job, [job, ...others])?.id).toBe(expected);
});

it.each([
  ['linux/v1', 'nightly', 'linux/v1', 'nightly', true],
  ['linux/v1', 'nightly', 'linux/v2', 'nightly', false],
  ['linux/v1', 'nightly', 'linux/v1', 'Nightly', false],
  ['linux/v1', 'NIGHT%', 'linux/v1', 'nightly', true],
  ['linux/v1', 'night_y%', 'linux/v1', 'nightly', true],
  ['linux/v1', 'NIGHT*', 'linux/v1', 'nightly', false],
  ['linux/v1', 'n[a-i]ghtl?', 'linux/v1', 'nightly', true],
  ['linux/v1', 'n[^a-i]ghtly', 'linux/v1', 'nightly', false],
  ['%/v1', 'nightly', 'linux/v1', 'nightly', true],
  ['%', 'nightly', 'linux/v1', 'nightly', false],
  ['linux/v1', 'a.c*', 'linux/v1', 'abc', false],
  ['linux/v1', 'a%', 'linux/v1', '%b', true],
])('%s %s and %s %s: %s', (target, runName, otherTarget, otherName, expected) => {
  const one = {target, runName};
  const other = {target: otherTarget, runName: otherName};
  expect([concernSameRun(one, other), concernSameRun(other, one)]).toEqual([expected, expected]);
});

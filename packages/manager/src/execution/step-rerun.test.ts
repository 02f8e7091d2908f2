import {describe, expect, it} from 'vitest';
import type {Step} from './step-list.ts';
import {priorOf, splitSteps, withLater} from './step-rerun.ts';
import {combine} from './step-result.ts';
import type {StepRecord} from './step-view.ts';

const step = (name: string, index: number): Step => ({index, name, command: 'true', isScript: index === 0});
const steps = ['runscript', 'a', 'b', 'c'].map(step);
const names = (list: readonly Step[]) => list.map(({name}) => name).join(' ');
const end = (stepName: string, status: string): StepRecord => ({
  stepName,
  state: 'end',
  status,
  eventTime: 0,
  comment: '',
  logfile: '',
});
const hasRules = (name: string) => name === 'b';

describe('repeating from a step', () => {
  it.each([
    ['a', false, '', 'a b c', ''],
    ['b', false, 'a', 'b c', ''],
    ['b', true, 'a', 'b', 'c'],
    ['c', true, 'a b', 'c', ''],
  ])('%s (only: %s) runs what follows, never the runscript', (from, isOnly, earlier, wanted, later) => {
    const split = splitSteps(steps, {from, isOnly});
    expect([split.earlier, split.wanted, split.later].map(names)).toEqual([earlier, wanted, later]);
  });

  it('of a step that is not there says so', () => {
    expect(() => splitSteps(steps, {from: 'runscript', isOnly: false})).toThrow(
      'the test has no step runscript',
    );
  });

  it.each([
    [[], 'pass'],
    [[end('a', '0'), end('b', '0')], 'pass'],
    [[end('a', '0'), end('b', '2')], 'warn'],
    [[end('a', '2'), end('b', '0')], 'fail'],
    [[end('a', '0'), end('b', '5')], 'fail'],
    [[end('a', '-')], 'fail'],
  ] as const)('takes %j before it for %s', (records, prior) => {
    expect(priorOf(steps.slice(1, 3), records, hasRules)).toBe(prior);
  });

  it.each([
    ['pass', [], 'PASS'],
    ['pass', [end('b', '2'), end('c', '0')], 'WARN'],
    ['pass', [end('b', '2'), end('c', '1')], 'FAIL'],
    ['warn', [end('b', '0')], 'WARN'],
    ['fail', [end('b', '0'), end('c', '0')], 'FAIL'],
    ['abort', [end('b', '0')], 'ABORT'],
  ] as const)('a step that ends with %s and the records %j behind it make %s', (result, records, status) => {
    const first = combine('pass', result, 'a');
    expect(withLater(first, steps.slice(2), records, hasRules).status).toBe(status);
  });
});

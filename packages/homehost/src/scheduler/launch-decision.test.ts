import {describe, expect, it} from 'vitest';
import {type DecisionOptions, decideLaunch} from './launch-decision.ts';

const none: DecisionOptions = {force: false, rerun: undefined, isRetry: false};
const rerun = (...statuses: readonly string[]): DecisionOptions => ({...none, rerun: statuses});
const force: DecisionOptions = {...none, force: true};
const retry: DecisionOptions = {...none, isRetry: true};

function isLaunched(row: string, options: DecisionOptions): boolean {
  const slash = row.indexOf('/');
  const decision = decideLaunch('t', {state: row.slice(0, slash), status: row.slice(slash + 1)}, options);
  return decision.kind === 'launch';
}

describe('21.9 launch decision', () => {
  it.each([
    ['COMPLETED/FAIL', none, false],
    ['COMPLETED/FAIL', rerun('FAIL', 'WARN'), true],
    ['COMPLETED/PASS', rerun('FAIL'), false],
    ['COMPLETED/PASS', rerun('PASS'), true],
    ['COMPLETED/DEAD', none, false],
    ['COMPLETED/DEAD', rerun('DEAD'), true],
    ['COMPLETED/n/a', none, false],
    ['COMPLETED/n/a', retry, true],
    ['NOT_STARTED/PREQ_FAIL', none, true],
    ['INCOMPLETE/KILLED', none, true],
    ['KILLED/KILLED', rerun('KILLED'), false],
    ['KILLED/KILLED', force, true],
    ['RUNNING/n/a', rerun('n/a'), false],
    ['RUNNING/n/a', force, true],
    ['STUCK/FAIL', none, false],
  ])('%s (%#)', (row, options, launches) => {
    expect(isLaunched(row, options)).toBe(launches);
  });

  it('names a state that nobody knows', () => {
    expect(decideLaunch('t/x', {state: 'STUCK', status: 'FAIL'}, none)).toEqual({
      kind: 'leave',
      level: 0,
      text: 'ERROR: Failed to launch test t/x. Unrecognised state STUCK',
    });
  });
});

describe('the launch decision', () => {
  it.each([
    ['DELETED/n/a', none, true],
    ['LAUNCHED/n/a', none, false],
    ['REMOTEHOSTSTART/n/a', none, false],
    ['COMPLETED/STUCK/DEAD', retry, true],
    ['COMPLETED/ZERO_ITEMS', retry, true],
    ['COMPLETED/FAIL', {...rerun('FAIL'), isRetry: true}, false],
    ['COMPLETED/FAIL', {...force, isRetry: true}, false],
    ['NOT_STARTED/n/a', retry, true],
    ['INCOMPLETE/KILLED', retry, true],
  ])('%s (%#)', (row, options, launches) => {
    expect(isLaunched(row, options)).toBe(launches);
  });

  it.each([
    [
      'COMPLETED',
      'PASS',
      rerun('FAIL'),
      1,
      'NOTE: Not starting test t as it is state "COMPLETED" and status "PASS", use -rerun "PASS" or -force to override',
    ],
    ['COMPLETED', 'PASS', none, 2, 'NOTE: t is already completed'],
    ['RUNNING', 'n/a', none, 2, 'NOTE: t is already running'],
    [
      'KILLED',
      'KILLED',
      none,
      1,
      'NOTE: t is already running or was explicitly killed, use -force to launch it',
    ],
  ])('says why %s/%s is left', (state, status, options, level, text) => {
    expect(decideLaunch('t', {state, status}, options)).toEqual({kind: 'leave', level, text});
  });
});

import {describe, expect, it} from 'vitest';
import {combine, finalStatus, stepClass} from './step-result.ts';

describe('the class of a step', () => {
  it('26.12 with log rules is that of the exit code', () => {
    expect([0, 1, 2, 3, 4, 5, 6, 7, 127].map((code) => stepClass(code, true))).toEqual(
      'pass fail warn check waived abort skip fail fail'.split(' '),
    );
  });

  it('26.12 without log rules is pass or fail', () => {
    expect([0, 1, 2, 6, 127, null].map((code) => stepClass(code, false))).toEqual(
      'pass fail fail fail fail fail'.split(' '),
    );
  });
});

describe('26.12 earlier steps and one more', () => {
  it.each([
    ['pass', 'pass', 'PASS', undefined, 0, true],
    ['pass', 'warn', 'WARN', 'Logpro warning found', 2, true],
    ['pass', 'check', 'CHECK', 'Logpro check found', 3, false],
    ['pass', 'waived', 'WAIVED', 'Logpro waived found', 4, false],
    ['pass', 'abort', 'ABORT', 'Logpro abort found', 5, false],
    ['pass', 'skip', 'SKIP', 'Logpro skip found', 6, false],
    ['pass', 'fail', 'FAIL', 'Failed at step s', 1, false],
    ['warn', 'pass', 'WARN', undefined, 2, true],
    ['warn', 'warn', 'WARN', 'Logpro warning found', 2, true],
    ['warn', 'abort', 'ABORT', 'Logpro abort found', 5, false],
    ['warn', 'fail', 'FAIL', 'Failed at step s', 1, false],
    ['fail', 'pass', 'FAIL', 'Failed at step s', 1, true],
    ['fail', 'skip', 'FAIL', 'Failed at step s', 1, false],
  ] as const)('%s and %s', (prior, step, status, comment, rollUp, goesOn) => {
    expect(combine(prior, step, 's')).toMatchObject({status, comment, rollUp, goesOn});
  });
});

describe('26.13 the status at the end', () => {
  it('is that of the number', () => {
    expect([0, 1, 2, 3, 4, 5, 6, 7].map((rollUp) => finalStatus(rollUp, false))).toEqual(
      'PASS FAIL WARN CHECK WAIVED ABORT SKIP FAIL'.split(' '),
    );
  });

  it('is FAIL after a signal', () => {
    expect(finalStatus(0, true)).toBe('FAIL');
  });
});

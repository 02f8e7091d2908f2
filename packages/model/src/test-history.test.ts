import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {type Outcome, scoreHistory} from './test-history.ts';

const statusOf = {P: 'PASS', F: 'FAIL', S: 'SKIP'} as const;

function outcomes(text: string): readonly Outcome[] {
  return [...text].map((letter) => ({
    state: 'COMPLETED',
    status: statusOf[letter as keyof typeof statusOf],
    runDuration: 1,
  }));
}

function lasting(...seconds: readonly number[]): readonly Outcome[] {
  return seconds.map((runDuration) => ({state: 'COMPLETED', status: 'PASS', runDuration}));
}

describe('a history (dashboard.md E21)', () => {
  it.each([
    ['PPFPFPPPFP', 10, 6, 0.67, 'flaky'],
    ['PPPPFFF', 7, 1, 0.17, 'broken'],
    ['FPPP', 4, 1, 0.33, 'fixed'],
    ['PFP', 3, 2, 1, 'none'],
    ['PPPPPPPPPPPPPFP', 15, 2, 0.14, 'none'],
    ['PSFSP', 3, 2, 1, 'none'],
    ['', 0, 0, 0, 'none'],
  ] as const)('%s', (text, n, flips, score, verdict) => {
    const found = scoreHistory(outcomes(text));
    expect(found).toMatchObject({n, flips, verdict});
    expect(found.score).toBeCloseTo(score, 2);
  });

  it('a broken test is broken since the first bad outcome at the end, or from the start', () => {
    const mixed = outcomes('PPPPFFF');
    expect(scoreHistory(mixed).brokenSince).toBe(mixed[4]);
    const never = outcomes('FFF');
    expect(scoreHistory(never)).toMatchObject({verdict: 'broken', lostS: 3});
    expect(scoreHistory(never).brokenSince).toBe(never[0]);
  });

  it.each([
    [[100, 110, 90, 105, 95], 160, true],
    [[100, 110, 90, 105, 95], 149, false],
    [[2, 2, 2], 9, false],
  ])('of durations %j the next one %d is slow: %s', (before, next, isSlow) => {
    expect(scoreHistory(lasting(...before, next)).isSlow).toBe(isSlow);
  });

  it('gives median and deviation of what came before the last', () => {
    expect(scoreHistory(lasting(100, 110, 90, 105, 95, 7))).toMatchObject({median: 100, deviation: 5});
  });

  it('what is of neither class changes nothing', () => {
    fc.assert(
      fc.property(fc.string({unit: fc.constantFrom('P', 'F', 'S')}), (text) => {
        const whole = scoreHistory(outcomes(text));
        const counted = scoreHistory(outcomes(text.replaceAll('S', '')));
        expect(whole).toEqual(counted);
      }),
    );
  });
});

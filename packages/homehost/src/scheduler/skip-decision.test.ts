import type {SkipRule} from '@megatest/model';
import {describe, expect, it} from 'vitest';
import {decideSkip, type SkipFacts} from './skip-decision.ts';

const nothing: SkipFacts = {
  nowS: 100_000,
  isRunningAnywhere: false,
  doesFileExist: false,
  lastResultS: undefined,
};

describe('21.11 skip', () => {
  it.each<[string, SkipRule, Partial<SkipFacts>, boolean]>([
    [
      'prevrunning comes first, so the file does not matter',
      {kind: 'prevrunning', value: 'x'},
      {doesFileExist: true},
      false,
    ],
    [
      'rundelay 1h 10m, last PASS 4100 s ago',
      {kind: 'rundelay', value: '1h 10m'},
      {lastResultS: 95_900},
      true,
    ],
    [
      'rundelay 1h 10m, last PASS 4300 s ago',
      {kind: 'rundelay', value: '1h 10m'},
      {lastResultS: 95_700},
      false,
    ],
    ['rundelay 1h 10m, last result SKIP or WARN', {kind: 'rundelay', value: '1h 10m'}, {}, false],
    ['rundelay 90 counts as 0 s', {kind: 'rundelay', value: '90'}, {lastResultS: 99_999}, false],
    ['rundelay 90 beside a running copy', {kind: 'rundelay', value: '90'}, {isRunningAnywhere: true}, true],
  ])('%s', (_, rule, facts, skips) => {
    expect(decideSkip('t', rule, {...nothing, ...facts}) !== undefined).toBe(skips);
  });
});

describe('a skip', () => {
  it.each<[SkipRule, Partial<SkipFacts>, string]>([
    [{kind: 'prevrunning', value: ''}, {isRunningAnywhere: true}, 'previous tests running'],
    [{kind: 'fileexists', value: 'flag'}, {doesFileExist: true}, 'existance of file flag'],
    [{kind: 'rundelay', value: '2d'}, {lastResultS: 99_000}, 'previous test run less than 2d ago'],
  ])('says why (%#)', (rule, facts, reason) => {
    expect(decideSkip('t/x', rule, {...nothing, ...facts})).toEqual({
      comment: `Skipping due to ${reason}`,
      text: `INFO: (1) SKIPPING Test t/x due to ${reason}`,
    });
  });

  it('needs a rule', () => {
    expect(decideSkip('t', null, {...nothing, isRunningAnywhere: true, doesFileExist: true})).toBeUndefined();
  });
});

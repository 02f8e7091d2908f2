import {describe, expect, it} from 'vitest';
import {waiverCommands} from './waivers.ts';

const rules = {
  waivers: [
    ['w1', 'cmp out.log'],
    ['w2', 'logpro res.log'],
  ],
  waiverRules: [['cmp', 'diff -b %file1% %file2%']],
} as const;
const tree = '/proj/pdkqa/links/tsmc16/ff/nightly';
const commands = (hasRules: boolean) =>
  waiverCommands(rules, `${tree}/ww21.3b/lvs`, `${tree}/ww21.3a/lvs`, () => hasRules);

describe('26.20 the commands of waivers', () => {
  it('compare this run with the one before, by rule, and by log rules where there are some', () => {
    expect(commands(true)).toEqual([
      `diff -b ${tree}/ww21.3b/lvs/out.log ${tree}/ww21.3a/lvs/out.log`,
      `diff ${tree}/ww21.3b/lvs/res.log ${tree}/ww21.3a/lvs/res.log | logpro w2.logpro w2.html`,
    ]);
  });

  it('only compare where there are none', () => {
    expect(commands(false)[1]).toBe(`diff ${tree}/ww21.3b/lvs/res.log ${tree}/ww21.3a/lvs/res.log`);
  });

  it('are missing for an entry without a file', () => {
    expect(waiverCommands({...rules, waivers: [['w', 'cmp']]}, '/a', '/b', () => true)).toEqual([undefined]);
  });
});

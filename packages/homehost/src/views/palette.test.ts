import {compareRecords} from '@megatest/model';
import {describe, expect, it} from 'vitest';
import {comparisonEntry, Palette} from './palette.ts';

describe('the palette', () => {
  it('gives each state and status one code, and tells each reader of it once', () => {
    const palette = new Palette();
    const [first, second] = [{}, {}];
    expect(palette.newsFor(first)).toBeUndefined();
    const pass = palette.codeOfTest('COMPLETED', 'PASS');
    const running = palette.codeOfTest('RUNNING', 'n/a');
    expect([pass, running, palette.codeOfTest('COMPLETED', 'PASS')]).toEqual([1, 2, 1]);
    expect(palette.newsFor(first)).toMatchObject({
      from: 1,
      entries: [
        {state: 'COMPLETED', status: 'PASS', text: 'PASS', class: 'good'},
        {state: 'RUNNING', status: 'n/a', text: 'RUNNING', class: 'running'},
      ],
    });
    palette.codeOfTest('NOT_STARTED', 'PREQ_FAIL');
    expect(palette.newsFor(first)).toMatchObject({from: 3, entries: [{text: 'PREQ_FAIL', class: 'failed'}]});
    expect(palette.newsFor(first)).toBeUndefined();
    expect(palette.newsFor(second)).toMatchObject({from: 1, entries: [{}, {}, {}]});
  });

  it('has entries for comparisons, which are none of tests though their names may be the same', () => {
    const palette = new Palette();
    const [pass, fail] = [
      {state: 'COMPLETED', status: 'PASS'},
      {state: 'COMPLETED', status: 'FAIL'},
    ];
    const codes = [
      palette.codeOf(comparisonEntry(compareRecords(pass, pass))),
      palette.codeOf(comparisonEntry(compareRecords(fail, fail))),
      palette.codeOf(comparisonEntry(compareRecords(pass, fail))),
      palette.codeOf(comparisonEntry(compareRecords(pass, undefined))),
      palette.codeOfTest('CLEAN', 'CLEAN-PASS'),
    ];
    expect(codes).toEqual([1, 2, 3, 4, 5]);
    expect(palette.entries.map(({text, class: kind}) => `${text} ${kind}`)).toEqual([
      'CLEAN-PASS good',
      'CLEAN-FAIL failed',
      'PASS->FAIL failed',
      'DIFF-MISSING other',
      'CLEAN other',
    ]);
  });

  it('does not grow without end', () => {
    const palette = new Palette();
    const codes = Array.from({length: 5000}, (_, index) => palette.codeOfTest('COMPLETED', `mine ${index}`));
    expect(codes.slice(4094, 4098)).toEqual([4095, 4096, 4096, 4096]);
    expect(palette.entries).toHaveLength(4096);
    expect(palette.codeOfTest('COMPLETED', 'mine 7')).toBe(8);
  });
});

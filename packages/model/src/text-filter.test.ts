import {describe, expect, it} from 'vitest';
import {TestFilter, TextFilter} from './text-filter.ts';

describe('a filter of values', () => {
  it.each([
    ['', 'a B', 'a B'],
    ['  , ', 'a', 'a'],
    ['a%', 'abc ABC xa a', 'abc ABC a'],
    ['a*', 'abc ABC a', 'abc a'],
    ['a_c', 'abc a_c', 'a_c'],
    ['a_c%', 'abcd a_cd', 'a_cd'],
    ['%*c', 'abC c', 'abC c'],
    ['a?c', 'abc ac a\u{1f600}c', 'abc a\u{1f600}c'],
    ['a?c%', 'abc a?cd', 'a?cd'],
    ['[a-c]x', 'ax bx dx', 'ax bx'],
    ['[^a-c]x', 'ax dx', 'dx'],
    ['[]x]', '] x', '] x'],
    ['é%', 'é É', 'é'],
    ['~a%', 'abc xyz', 'xyz'],
    ['~a,ab', 'a ab c', 'ab c'],
    ['x , b', 'b c x', 'b x'],
    ['ww41.%', 'ww41.5a ww4155a', 'ww41.5a'],
    ['%a%a%a%b', 'aaab aaba bab', 'aaab'],
  ])('%s', (text, values, passing) => {
    const filter = new TextFilter(text);
    expect(
      values
        .split(' ')
        .filter((value) => filter.matches(value))
        .join(' '),
    ).toBe(passing);
  });

  it('says which of its patterns are none', () => {
    const filter = new TextFilter('a,[b,[z-a],[%');
    expect(filter.invalid).toEqual(['[b', '[z-a]']);
    expect(filter.matches('a')).toBe(true);
    expect(filter.matches('b')).toBe(false);
  });
});

describe('a filter of tests', () => {
  // Dashboard.md, E5.
  const records = ['build', 'build/a1', 'build/b1', 'lint', 'BUILD2'];
  it.each([
    ['build', 'build build/a1 build/b1'],
    ['build%', 'build build/a1 build/b1 BUILD2'],
    ['build/', 'build'],
    ['build/a%', 'build/a1'],
    ['%/%1', 'build/a1 build/b1'],
    ['lint,build/b1', 'build/b1 lint'],
    ['', 'build build/a1 build/b1 lint BUILD2'],
    ['~build%', 'lint'],
    ['build/~a%', 'build build/b1'],
  ])('%s', (text, passing) => {
    const filter = new TestFilter(text);
    const shown = records.filter((record) => {
      const [testName = '', ...items] = record.split('/');
      return filter.matches(testName, items.join('/'));
    });
    expect(shown.join(' ')).toBe(passing);
  });

  it('says which of its patterns are none', () => {
    expect(new TestFilter('a/[b,c').invalid).toEqual(['a/[b']);
  });
});

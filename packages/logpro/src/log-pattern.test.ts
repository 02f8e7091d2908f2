import {describe, expect, it} from 'vitest';
import {LogPattern} from './log-pattern.ts';

describe('the dialect', () => {
  const cases: readonly (readonly [
    source: string,
    flags: string,
    line: string,
    found: readonly (string | undefined)[] | undefined,
  ])[] = [
    ['a.c', '', 'xabcx', ['abc']],
    ['^a$', '', 'a', ['a']],
    ['^a$', '', 'ab', undefined],
    ['\\s', '', '\xa0', undefined],
    ['[\\s]', '', '\v', undefined],
    ['\\S', '', '\xa0', ['\xa0']],
    ['[\\S]x', '', '\xa0x', ['\xa0x']],
    ['\\<b', '', 'ab <b', ['b']],
    ['\\<b', '', 'ab', undefined],
    ['a\\>', '', 'ab a', ['a']],
    ['\\Aa\\Z', '', 'a', ['a']],
    ['a\\z', '', 'ab', undefined],
    ['[\\b]', '', 'b', ['b']],
    ['\\e\\a', '', '\x1b\x07', ['\x1b\x07']],
    ['\\x41\\x{42}', '', 'AB', ['AB']],
    ['\\Qa.b*\\Ec', '', 'a.b*c', ['a.b*c']],
    ['\\Qa.b*', '', 'a.b*', ['a.b*']],
    ['(a)(b)?\\1', '', 'aa', ['aa', 'a', undefined]],
    ['(?<x>a)\\k<x>\\k{x}', '', 'aaa', ['aaa', 'a']],
    ['\\/\\.\\-\\%\\"\\_', '', '/.-%"_', ['/.-%"_']],
    ['a{2}', '', 'aaa', ['aa']],
    ['a{,2}b', '', 'aaab', ['aab']],
    ['a{1,}', '', 'aaa', ['aaa']],
    ['a{x}', '', 'a{x}', ['a{x}']],
    ['a+?', '', 'aaa', ['a']],
    ['(a*)*b', '', 'aab', ['aab', 'aa']],
    ['(?:ab)+', '', 'abab', ['abab']],
    ['a(?=b)', '', 'ab', ['a']],
    ['a(?!b)', '', 'ab', undefined],
    ['(?<=a)b', '', 'ab', ['b']],
    ['(?<!a)b', '', 'ab', undefined],
    ['(?>a|ab)c', '', 'abc', undefined],
    ['(?>a|ab)(c)', '', 'ac', ['ac', 'c']],
    ['a(?#no)b', '', 'ab', ['ab']],
    ['a(?i)b', '', 'aB', ['aB']],
    ['a(?i)b', '', 'AB', undefined],
    ['(?i:a)b', '', 'Ab', ['Ab']],
    ['(?i:a)b', '', 'AB', undefined],
    ['(a(?i)b)c', '', 'aBC', undefined],
    ['(?-i)a', 'i', 'A', undefined],
    ['(?x) a b # c', '', 'ab', ['ab']],
    ['[]a]', '', ']', [']']],
    ['[^]a]', '', 'b', ['b']],
    ['[a-]', '', '-', ['-']],
    ['[[:alpha:]_]+', '', '1ab_2', ['ab_']],
    ['[^[:digit:]]', '', '1a', ['a']],
    ['a b # c\n [ #]', 'x', 'ab#', ['ab#']],
    ['a\\ b', 'x', 'a b', ['a b']],
    ['error', 'i', 'ErRoR', ['ErRoR']],
    ['[^a]', 'i', 'Aa', undefined],
    ['(a)\\1', 'i', 'aA', ['aA', 'a']],
    ['\xe9', 'i', '\xc9', undefined],
    ['^..$', '', '\xc3\xa9', ['\xc3\xa9']],
    ['^.$', 'u', '\xc3\xa9', ['\xc3\xa9']],
    ['^(.)b', 'u', '\xffb', ['\xffb', '\xff']],
    ['^[\xc3\xa0-\xc3\xaf]$', 'u', '\xc3\xa9', ['\xc3\xa9']],
    ['\\x{1F600}', 'u', '\xf0\x9f\x98\x80', ['\xf0\x9f\x98\x80']],
    ['\\R', '', 'a\fb', ['\f']],
    ['', '', 'x', ['']],
    ['a|', '', 'b', ['']],
  ];
  it.each(cases)('/%s/%s on %j finds %j', (source, flags, line, found) => {
    const captured = new LogPattern(source, flags).find(line);
    expect(captured === undefined ? undefined : [...captured]).toEqual(found);
  });

  const errors: readonly (readonly [source: string, message: string])[] = [
    ['a++', 'a repetition cannot be repeated'],
    ['a**', 'a repetition cannot be repeated'],
    ['a{2}{3}', 'a repetition cannot be repeated'],
    ['*a', 'nothing before "*"'],
    ['^*', 'an assertion cannot be repeated'],
    ['(a', 'never closed'],
    ['a)', 'closes nothing'],
    ['[a', 'never closed'],
    ['[[:nope:]]', 'unknown class [:nope:]'],
    ['[b-a]', 'wrong way round'],
    ['\\q', 'unknown escape sequence \\q'],
    ['\\p{L}', 'unknown escape sequence \\p'],
    ['(?P<n>a)', 'not supported'],
    ["(?'n'a)", 'not supported'],
    ['(?R)', 'not supported'],
    ['(a)\\2', 'there is no group 2'],
    ['\\k<n>', 'there is no group n'],
    ['(?<n>a)(?<n>b)', 'two groups are named n'],
    ['a{3,2}', 'is no count'],
    ['a{5000}', 'is no count'],
    ['\\x{100}', 'is no character'],
    ['a\\', 'ends in a backslash'],
    ['('.repeat(300), 'nested deeper'],
  ];
  it.each(errors)('/%s/ is refused: %s', (source, message) => {
    expect(() => new LogPattern(source, '')).toThrow(SyntaxError);
    expect(() => new LogPattern(source, '')).toThrow(message);
  });

  it.each(['(a+)+b', '(a|aa)*b', '(?:a*)*b', 'a*a*a*a*b', '([^b]+,?)+b', '(?i)(a+)+b'])(
    '/%s/ does not try every way to match a line that it cannot match',
    (source) => {
      expect(new LogPattern(source, '').find('a'.repeat(100_000))).toBeUndefined();
    },
  );
});

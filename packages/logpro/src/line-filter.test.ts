import * as fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {lineAutomaton} from './line-automaton.ts';
import {LineFilter} from './line-filter.ts';
import {LogPattern} from './log-pattern.ts';

/** Lines of `text` that the filter lets through. */
function passed(patterns: readonly LogPattern[], text: string): readonly string[] {
  const automaton = lineAutomaton(patterns.map(({tree}) => tree));
  if (automaton === undefined) {
    throw new Error('too large');
  }
  const filter = new LineFilter(automaton);
  const bytes = Buffer.from(text, 'latin1');
  const lines: string[] = [];
  for (let at = filter.find(bytes, 0); at < bytes.length; ) {
    const end = bytes.indexOf(10, at);
    lines.push(bytes.toString('latin1', at, end));
    at = filter.find(bytes, end + 1);
  }
  return lines;
}

/** Patterns over a small alphabet, so that they match often; all constructs of the dialect occur. */
const {pattern} = fc.letrec<{pattern: string}>((tie) => ({
  pattern: fc.oneof(
    {maxDepth: 4, depthSize: 'small'},
    fc.constantFrom(
      'a',
      'b',
      '.',
      '^',
      '$',
      '[ab]',
      '[^a]',
      '\\s',
      '\\S',
      '\\w',
      '\\W',
      '\\b',
      '\\B',
      '\\n',
      '\\xe9',
      '\\<',
    ),
    fc.tuple(tie('pattern'), tie('pattern')).map(([left, right]) => left + right),
    fc.tuple(tie('pattern'), tie('pattern')).map(([left, right]) => `(?:${left}|${right})`),
    fc
      .tuple(tie('pattern'), fc.constantFrom('*', '+', '?', '{2}', '{1,3}', '*?', '{9,}', '{0,12}'))
      .map(([item, count]) => `(?:${item})${count}`),
    fc
      .tuple(fc.constantFrom('(', '(?=', '(?!', '(?<=', '(?<!', '(?>', '(?i:'), tie('pattern'))
      .map(([opener, item]) => `${opener}${item})`),
    tie('pattern').map((item) => `(${item})\\1`),
  ),
}));

const line = fc.string({unit: fc.constantFrom('a', 'b', 'A', ' ', '.', '\xe9', '\xc3'), maxLength: 12});

describe('the filter', () => {
  it('holds back no line that a pattern matches', () => {
    fc.assert(
      fc.property(
        fc.array(pattern, {minLength: 1, maxLength: 3}),
        fc.array(line),
        fc.constantFrom('', 'i', 'u'),
        (sources, lines, flags) => {
          const patterns = sources.map((source) => new LogPattern(source, flags));
          const wanted = lines.filter((text) => patterns.some((one) => one.isIn(text)));
          const text = lines.map((one) => `${one}\n`).join('');
          expect(passed(patterns, text)).toEqual(expect.arrayContaining(wanted));
        },
      ),
      {numRuns: 2000},
    );
  });

  it('lets exactly the matching lines through when patterns are plain', () => {
    const patterns = [
      new LogPattern('^a.*b$', ''),
      new LogPattern('err(or)?s?: [0-9]+', 'i'),
      new LogPattern('^$', ''),
    ];
    const lines = ['ab', 'xab', 'axb', 'abx', 'ERRORS: 7', 'error: x', '', 'a', 'b', 'err: 1'];
    const text = lines.map((one) => `${one}\n`).join('');
    expect(passed(patterns, text)).toEqual(['ab', 'axb', 'ERRORS: 7', '', 'err: 1']);
  });

  it('finds the same lines in a long block, which it goes through in two lanes', () => {
    const patterns = [new LogPattern('needle', '')];
    const lines = Array.from(
      {length: 5000},
      (_, at) => `${'.'.repeat(at % 50)}${at % 617 === 0 ? 'needle' : 'hay'} ${at}`,
    );
    const text = lines.map((one) => `${one}\n`).join('');
    expect(passed(patterns, text)).toEqual(lines.filter((one) => one.includes('needle')));
  });

  it('finds the same lines when the patterns lead to more states than it keeps', () => {
    const patterns = [new LogPattern('a.{8}b.{8}c', '')];
    const lines = Array.from({length: 4000}, (_, at) => {
      const random = (at * 7919) % 65537;
      return Array.from({length: 40}, (_line, bit) => 'abcd'[(random * (bit + 3) * 31 + bit * at) % 4]).join(
        '',
      );
    });
    const text = lines.map((one) => `${one}\n`).join('');
    const wanted = lines.filter((one) => patterns.some((other) => other.isIn(one)));
    expect(passed(patterns, text)).toEqual(expect.arrayContaining(wanted));
    expect(wanted.length).toBeGreaterThan(0);
  });
});

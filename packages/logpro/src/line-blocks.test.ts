import * as fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {countLines, LineBlocks, maxLineBytes} from './line-blocks.ts';

function blocksOf(pieces: readonly string[]): readonly string[] {
  const blocks = new LineBlocks();
  const texts: string[] = [];
  for (const piece of pieces) {
    for (const block of blocks.push(Buffer.from(piece, 'latin1'))) {
      texts.push(block.toString('latin1'));
    }
  }
  for (const block of blocks.end()) {
    texts.push(block.toString('latin1'));
  }
  return texts;
}

describe('blocks of lines', () => {
  const cases: readonly (readonly [pieces: readonly string[], text: string])[] = [
    [['a\nb\n'], 'a\nb\n'],
    [['a\nb'], 'a\nb\n'],
    [['a\r\nb\rc'], 'a\nb\nc\n'],
    [['a\r', '\nb'], 'a\nb\n'],
    [['a\r', 'b\r'], 'a\nb\n'],
    [['a\r\r\n\n'], 'a\n\n\n'],
    [[], ''],
    [[''], ''],
    [['a', 'b', '\n'], 'ab\n'],
    [['\xff\0\n'], '\xff\0\n'],
  ];
  it.each(cases)('%j', (pieces, text) => {
    expect(blocksOf(pieces).join('')).toBe(text);
  });

  it('does not depend on where the log is cut into pieces', () => {
    const piece = fc.string({unit: fc.constantFrom('a', '\n', '\r', '\xff'), maxLength: 20});
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const whole = pieces.join('');
        const lines = whole.split(/\r\n|\r|\n/);
        const wanted = lines.at(-1) === '' ? lines.slice(0, -1) : lines;
        expect(blocksOf(pieces).join('')).toBe(wanted.map((line) => `${line}\n`).join(''));
      }),
    );
  });

  it('every block ends in a line feed', () => {
    expect(blocksOf(['a\nb', 'c\nd']).every((block) => block.endsWith('\n'))).toBe(true);
  });

  it.each([1000, 100_000, 3 * maxLineBytes])(
    'cuts a line that is too long at the same places, in pieces of %i bytes',
    (size) => {
      const line = 'x'.repeat(2 * maxLineBytes + 5);
      const log = `a\n${line}\nb\n`;
      const pieces = Array.from({length: Math.ceil(log.length / size)}, (_, at) =>
        log.slice(at * size, (at + 1) * size),
      );
      const lengths = blocksOf(pieces)
        .join('')
        .split('\n')
        .map(({length}) => length);
      expect(lengths).toEqual([1, maxLineBytes, maxLineBytes, 5, 1, 0]);
    },
  );

  it('counts the lines of a part', () => {
    expect(countLines(Buffer.from('a\nb\nc\n'), 2, 6)).toBe(2);
    expect(countLines(Buffer.from('a\nb\nc\n'), 2, 4)).toBe(1);
  });
});

import {expect, it} from 'vitest';
import {cutText} from './cut-text.ts';

const limit = 64 * 1024;

it.each([
  ['what fits stays', 'x'.repeat(limit), 'x'.repeat(limit)],
  ['what is longer is cut', 'x'.repeat(limit + 1), 'x'.repeat(limit)],
  ['a limit in bytes, not characters', 'é'.repeat(limit), 'é'.repeat(limit / 2)],
  ['no character is cut in two', `x${'🙂'.repeat(limit / 4)}`, `x${'🙂'.repeat(limit / 4 - 1)}`],
  ['a mark at the beginning is a character', `\ufeff${'x'.repeat(limit)}`, `\ufeff${'x'.repeat(limit - 3)}`],
])('%s', (_, text, kept) => {
  expect(cutText(text)).toBe(kept);
});

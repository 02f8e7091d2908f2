import {expect, it} from 'vitest';
import {keepOrder} from './keep-order.ts';

it.each([
  ['a b c', 'c b a', 'a b c'],
  ['a b c', 'a x b y z c', 'a x b y z c'],
  ['a b c', 'c x a', 'a c x'],
  ['a b', 'x b a y', 'x a y b'],
  ['', 'b a', 'b a'],
  ['a', '', ''],
])('"%s", then "%s", is "%s"', (before, now, kept) => {
  const words = (text: string) => text.split(' ').filter((word) => word !== '');
  expect(keepOrder(words(before), words(now), (word) => word).join(' ')).toBe(kept);
});

import {expect, it} from 'vitest';
import {enclosed} from './blocks.ts';

const list = {open: '[', separator: ',', close: ']\n', empty: '[]\n'};

it.each([
  [[], '[]\n'],
  [['1'], '[1]\n'],
  [['1', '2', '3'], '[1,2,3]\n'],
])('%j', (nodes, text) => {
  expect([...enclosed(nodes, list)]).toEqual([text]);
});

it('a long list comes in blocks, and before its end is made', () => {
  let made = 0;
  function* nodes() {
    for (; made < 100; made += 1) {
      yield 'x'.repeat(5000);
    }
  }
  const blocks = enclosed(nodes(), list);
  const first = blocks.next().value ?? '';
  expect(made).toBeLessThan(20);
  const all = [first, ...blocks];
  expect(all.length).toBeLessThan(10);
  expect(JSON.parse(all.join('').replaceAll(/x+/g, '1'))).toHaveLength(100);
});

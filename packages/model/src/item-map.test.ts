import {describe, expect, it} from 'vitest';
import {ItemMap, mapTextFor} from './item-map.ts';

describe('21.4 item maps', () => {
  it.each([
    ['/.*', 'lay/inv/x1', 'lay'],
    ['r(\\d+)/full run\\1', 'r12/full', 'run12'],
    ['west-(\\d+) w\\1\nw(\\d+) wing/\\1', 'west-7', 'wing/7'],
    ['a b', 'aaa', 'baa'],
    ['([a-z])/(\\d) \\2/\\1', 'k/9', '9/k'],
    ['zzz q', 'k/9', 'k/9'],
  ])('%s on %s gives %s', (map, input, output) => {
    expect(new ItemMap(map).apply(input)).toBe(output);
  });
});

describe('an item map', () => {
  it.each([
    ['\\0 is the whole match', 'a.c <\\0>', 'abc', '<abc>'],
    ['a group that took no part is empty', 'a(b)?c x\\1y', 'ac', 'xy'],
    ['$ has no meaning in a replacement', 'a $&$1', 'a', '$&$1'],
    ['blank lines are passed over', '\n a b \n\n', 'a', 'b'],
  ])('%s', (_, map, input, output) => {
    expect(new ItemMap(map).apply(input)).toBe(output);
  });

  it('is taken from the first row that matches the waiton, else from one that matches the test itself', () => {
    const itemMaps = [
      {testPattern: 'lib%', map: 'a 1'},
      {testPattern: 'liberty', map: 'a 2'},
      {testPattern: 'chip', map: 'a 3'},
    ];
    expect(mapTextFor({testName: 'chip', itemMaps}, 'liberty')).toBe('a 1');
    expect(mapTextFor({testName: 'chip', itemMaps}, 'other')).toBe('a 3');
    expect(mapTextFor({testName: 'rpt', itemMaps}, 'other')).toBe('');
  });
});

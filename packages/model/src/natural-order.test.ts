import {describe, expect, it} from 'vitest';
import {naturalCompare} from './natural-order.ts';

describe('the natural order', () => {
  it.each([
    ['t10 t2 t1', 't1 t2 t10'],
    ['b a10b a9c a9b a', 'a a9b a9c a10b b'],
    ['unit-slow unit compile', 'compile unit unit-slow'],
    ['x10 x010 x9 x009', 'x009 x9 x010 x10'],
    ['a1/10 a1/2 a10/1', 'a1/2 a1/10 a10/1'],
    ['99999999999999999999 100000000000000000000 9', '9 99999999999999999999 100000000000000000000'],
    ['\u{1f600} \uff21 z Z', 'Z z \uff21 \u{1f600}'],
  ])('%s', (names, sorted) => {
    expect(names.split(' ').sort(naturalCompare).join(' ')).toBe(sorted);
  });

  it('calls only equal texts equal', () => {
    expect(naturalCompare('a01', 'a01')).toBe(0);
    expect(naturalCompare('a01', 'a1')).not.toBe(0);
  });
});

import {expect, it} from 'vitest';
import {TagExpression} from './tag-expression.ts';

it.each([
  ['nightly', 'nightly', true],
  ['nightly', 'nightly,slow', true],
  ['nightly', 'slow, nightly', false],
  ['% nightly', 'slow, x nightly', true],
  ['night', 'nightly', false],
  ['night%', 'nightly', true],
  ['NIGHT%', 'nightly', false],
  ['a,(slow|fast)', 'fast', true],
  ['~slow', 'fast', false],
  [',', '', false],
])('the expression %s on the tags "%s": %s', (expression, tags, isMatch) => {
  expect(new TagExpression(expression).matches(tags)).toBe(isMatch);
});

it('a member that does not compile matches nothing and is named', () => {
  const expression = new TagExpression('(,slow');
  expect(expression.invalid).toEqual(['(']);
  expect(expression.matches('slow')).toBe(true);
});

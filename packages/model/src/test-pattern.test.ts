import {describe, expect, it} from 'vitest';
import {TestPattern} from './test-pattern.ts';

describe('21.1 pattern matching', () => {
  it.each([
    ['build', 'build', '', true],
    ['build', 'build', 'x86/o2', true],
    ['build/', 'build', 'x86', false],
    ['build/', 'build', '', true],
    ['build/x86', 'build', 'x86/o2', false],
    ['build/x86%', 'build', 'x86/o2', true],
    ['build/%/o2', 'build', 'x86/o2', true],
    ['%/o2', 'build', 'x86/o2', false],
    ['BUILD', 'build', '', false],
    ['BUILD%', 'build', '', true],
    ['b*d', 'build', '', true],
    ['b*D', 'build', '', false],
    ['/x%', 'build', 'x86', false],
    ['~lint', 'build', '', true],
    ['~lint', 'lint', '', false],
    ['~li%', 'LINT', '', false],
    ['unit/~slow%', 'unit', 'slow1', false],
    ['unit/~slow%', 'unit', 'quick', true],
    ['~unit/a', 'build', 'a', true],
    ['~unit/a', 'build', 'b', false],
    ['lint,build/o2', 'build', 'o3', false],
    ['u(nit|ser)', 'user', '', true],
    ['t.st', 'test', '', true],
    ['b*d%', 'build', '', false],
    ['b*d%', 'bbbd', '', true],
    [',,', 'build', '', false],
  ])('%s on %s/%s: %s', (pattern, testName, itemPath, isMatch) => {
    expect(new TestPattern(pattern).matches(testName, itemPath)).toBe(isMatch);
    expect(new TestPattern(pattern).forTest(testName)(itemPath)).toBe(isMatch);
  });

  it('looks at the name part alone while the item is unknown', () => {
    expect(new TestPattern('build/x86').matchesName('build')).toBe(true);
    expect(new TestPattern('nope/x86').matchesName('build')).toBe(false);
  });
});

describe('a pattern list', () => {
  it('names the member that selects a test', () => {
    expect(new TestPattern('lint,bu%/x,build').memberFor('build')).toBe('bu%/x');
  });

  it.each(['(', '~(', 'build/(', '(/build'])(
    'with a member that does not compile (%s) matches nothing by it',
    (text) => {
      const pattern = new TestPattern(`${text},lint`);
      expect(pattern.invalid).toEqual([text]);
      expect(pattern.matchesName('build')).toBe(false);
      expect(pattern.matches('build', '(')).toBe(false);
      expect(pattern.matches('lint', '')).toBe(true);
    },
  );
});

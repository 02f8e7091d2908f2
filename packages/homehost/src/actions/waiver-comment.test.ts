import {expect, it} from 'vitest';
import {checkWaiverComment} from './waiver-comment.ts';

const check = (pattern: string, comment: string) =>
  checkWaiverComment([{name: 'setup', entries: [['waivercommentpatt', pattern]]}], comment);

it('a comment of a waiver must match the pattern as a whole; without a pattern every one does', () => {
  check('WW\\d+ .*', 'WW12 known');
  check('a|ab', 'ab');
  check('', '');
  checkWaiverComment([], '');
  expect(() => check('WW\\d+', 'see WW12')).toThrow('the comment of a waiver must match WW\\d+ here');
  expect(() => check('(', 'any')).toThrow('Invalid regular expression');
  expect(() => check('(\\w+ ?)+', `${'a'.repeat(60)}!`)).toThrow('timed out');
});

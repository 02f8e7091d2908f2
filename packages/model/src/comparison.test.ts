import {expect, it} from 'vitest';
import {compareRecords} from './comparison.ts';

function record(text: string) {
  const [state = '', status = ''] =
    text.includes('/') && !text.startsWith('n/a') && text !== 'STUCK/DEAD'
      ? [text.slice(0, text.indexOf('/')), text.slice(text.indexOf('/') + 1)]
      : ['COMPLETED', text];
  return text === '' ? undefined : {state, status};
}

// Dashboard.md, E7.
it.each([
  ['PASS', 'PASS', 'CLEAN', 'CLEAN-PASS', 'dest'],
  ['FAIL', 'FAIL', 'CLEAN', 'CLEAN-FAIL', 'dest'],
  ['n/a', 'n/a', 'CLEAN', 'CLEAN-n/a', 'dest'],
  ['PASS', 'FAIL', 'DIRTY-WORSE', 'PASS->FAIL', 'dest'],
  ['WAIVED', 'SKIP', 'DIRTY-WORSE', 'WAIVED->SKIP', 'dest'],
  ['FAIL', 'WARN', 'DIRTY-BETTER', 'FAIL->WARN', 'dest'],
  ['ABORT', 'FAIL', 'DIRTY-BETTER', 'ABORT->FAIL', 'dest'],
  ['CHECK', 'PASS', 'DIRTY-BETTER', 'CHECK->PASS', 'dest'],
  ['PASS', 'CHECK', 'DIRTY-WORSE', 'PASS->CHECK', 'dest'],
  ['CHECK', 'n/a', 'DIRTY-BETTER', 'CHECK->n/a', 'dest'],
  ['PASS', '', 'DIFF-MISSING', 'DIFF-MISSING', 'src'],
  ['PASS', 'RUNNING/n/a', 'DIFF-MISSING', 'DIFF-MISSING', 'src'],
  ['', 'PASS', 'DIFF-NEW', 'DIFF-NEW', 'dest'],
  ['STUCK/DEAD', 'KILLED/n/a', 'BOTH-BAD', 'BOTH-INCOMPLETE', 'dest'],
  ['RUNNING/n/a', '', 'BOTH-BAD', 'BOTH-INCOMPLETE', 'src'],
  ['ARCHIVED/PASS', 'PASS', 'CLEAN', 'CLEAN-PASS', 'dest'],
])('"%s" then "%s" is %s', (src, dest, state, text, side) => {
  expect(compareRecords(record(src), record(dest))).toMatchObject({state, text, side});
});

import {expect, it} from 'vitest';
import {isShown} from './state-filter.ts';

// Dashboard.md, E4.
const tests = ['A COMPLETED PASS', 'B COMPLETED FAIL', 'C RUNNING n/a', 'D NOT_STARTED n/a', 'E KILLED FAIL'];

it.each([
  ['hide', '', '', 'A B C D E'],
  ['show', '', '', 'A B C D E'],
  ['hide', '', 'FAIL', 'A C D'],
  ['hide', 'KILLED', '', 'A B C D'],
  ['hide', 'COMPLETED', '', 'C D E'],
  ['hide', 'KILLED', 'FAIL', 'A C D'],
  ['hide', 'COMPLETED', 'PASS', 'B C D E'],
  ['show', '', 'FAIL', 'B E'],
  ['show', 'KILLED', '', 'E'],
  ['show', 'RUNNING', 'PASS', 'A C'],
])('%s states "%s" statuses "%s"', (mode, states, statuses, shown) => {
  const words = (text: string) => text.split(' ').filter((word) => word !== '');
  const filter = {states: words(states), statuses: words(statuses), show: mode === 'show'};
  const passing = tests.filter((test) => {
    const [, state = '', status = ''] = test.split(' ');
    return isShown(state, status, filter);
  });
  expect(passing.map((test) => test.charAt(0)).join(' ')).toBe(shown);
});

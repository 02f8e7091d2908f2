import {expect, it} from 'vitest';
import {propertyOf, showable, TEST_COLUMNS, type TestRow} from './test-row.ts';

const row = Object.fromEntries(
  TEST_COLUMNS.map((column) => [propertyOf(column), 'text']),
) as unknown as TestRow;

it.each([
  ['nothing', null, ''],
  ['a number', 7, '7'],
  ['bytes', Buffer.from('ab'), 'ab'],
])('%s where a text belongs is shown as one', (_, stored, shown) => {
  const odd = {...row, comment: stored, host: stored} as unknown as TestRow;
  expect(showable(odd)).toEqual({...row, comment: shown, host: shown});
});

it('a row of texts is the row itself, and numbers stay numbers', () => {
  expect(showable(row)).toBe(row);
  const counted = {...row, runDuration: 5, id: 1} as TestRow;
  expect(showable(counted)).toBe(counted);
});

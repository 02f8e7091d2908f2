import {expect, it} from 'vitest';
import {matchTests} from '../../packages/store/src/selectors.ts';

it('21.2 database selector', () => {
  const {sql, values} = matchTests('foo,bar/,baz/x%') ?? {sql: '', values: []};
  // A member without an item part matches any item path, so no condition stands for it.
  expect(sql).toBe(
    '(testname GLOB ? OR (testname GLOB ? AND item_path GLOB ?) OR (testname GLOB ? AND item_path LIKE ?))',
  );
  expect(values).toEqual(['foo', 'bar', '', 'baz', 'x%']);
});

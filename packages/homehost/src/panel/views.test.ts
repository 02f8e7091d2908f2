import {expect, it} from 'vitest';
import {viewsInOrder} from './views.ts';

it('views stand in ascending order, and one that cannot be shown says why (dashboard.md E18)', () => {
  const views = viewsInOrder([
    {name: 'default', settings: {}},
    {name: 'beta', settings: {type: 'table'}},
    {name: 'alpha', settings: {type: 'page', order: '50', refresh: '1'}},
    {name: 'odd', settings: {type: 'pie', order: '1'}},
  ]);
  expect(views.map(({name, order, refreshS}) => [name, order, refreshS])).toEqual([
    ['odd', 1, 30],
    ['alpha', 50, 5],
    ['beta', 999, 30],
  ]);
  expect(views.map(({problem}) => problem)).toEqual([
    '[odd] has type pie, which is none of external, page, url, table, plot, testdata, grid',
    null,
    null,
  ]);
});

import {expect, it} from 'vitest';
import {type CutText, cutEntry} from './cut-records.ts';
import {cutText} from './cut-text.ts';

const launch = {testId: 7, launchId: 'l'};
const cut: CutText = (_, value) => (typeof value === 'string' ? cutText(value) : value) as typeof value;

it('a report keeps all of its entries, whatever a test has to say', () => {
  const kept = 'x'.repeat(64 * 1024);
  const long = `${kept}x`;
  expect(cutEntry(cut, {type: 'ended', ...launch, comment: long, runDuration: 1})).toMatchObject({
    comment: kept,
  });
  expect(cutEntry(cut, {type: 'ended', ...launch, runDuration: 1})).not.toHaveProperty('comment', '');
  expect(cutEntry(cut, {type: 'update', ...launch, set: {comment: long, cpuload: 1}})).toMatchObject({
    set: {comment: kept, cpuload: 1},
  });
  const row = {category: 'c', variable: 'v', expected: 1, tol: 2, units: '', status: 'n/a', type: ''};
  const rows = [{...row, value: long, comment: long}];
  expect(cutEntry(cut, {type: 'data', ...launch, rows, rollup: false})).toMatchObject({
    rows: [{value: kept, comment: kept, expected: 1}],
  });
});

import {expect, it} from 'vitest';
import {cutEntry, cutTexts, TEXT_BYTES} from './text-limit.ts';

const launch = {testId: 7, launchId: 'l'};

it('a text is cut at a whole character, and only when it is too long', () => {
  const warnings: string[] = [];
  const cut = cutTexts((text) => warnings.push(text));
  const fits = 'x'.repeat(TEXT_BYTES);
  expect([cut('it', fits), cut('it', 5), cut('it', undefined)]).toEqual([fits, 5, undefined]);
  expect(warnings).toEqual([]);
  expect(cut('it', `${fits}y`)).toBe(fits);
  expect(cut('it', '€'.repeat(30_000))).toBe('€'.repeat(21_845));
  expect(warnings).toEqual([
    'it has 65537 bytes: cut to the first 65536',
    'it has 90000 bytes: cut to the first 65535',
  ]);
});

it('a report keeps all of its entries, whatever a test has to say', () => {
  const long = 'x'.repeat(TEXT_BYTES + 1);
  const cut = cutTexts(() => {});
  const kept = long.slice(0, TEXT_BYTES);
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

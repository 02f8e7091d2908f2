/** The table of worked examples and the tests agree: every number of one is in the other. */
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';

const root = join(import.meta.dirname, '../..');
const rows = [
  ...readFileSync(join(import.meta.dirname, 'worked-examples.md'), 'utf8').matchAll(
    /^\| ((?:config|scheme) [\d.]+) \| .* \| (\S+) \|$/gm,
  ),
].map(([, number = '', file = '']) => ({number, file}));

/** Numbers at the beginning of the titles of a file's tests. */
function numbersIn(file: string): ReadonlySet<string> {
  const text = readFileSync(join(root, file), 'utf8');
  return new Set(
    [...text.matchAll(/\b(?:it|describe)(?:\.each\([^)]*\))?\(\s*['"`]((?:config|scheme) [\d.]+)/g)].map(
      ([, number = '']) => number,
    ),
  );
}

it('every example of config.md 20 is in the table', () => {
  const wanted = Array.from({length: 34}, (_, index) => `config 20.${index + 1}`);
  expect(rows.map(({number}) => number)).toEqual(expect.arrayContaining(wanted));
});

describe('table and tests', () => {
  it.each(rows)('$number is a test of $file', ({number, file}) => {
    expect([...numbersIn(file)]).toContain(number);
  });

  it.each([...new Set(rows.map(({file}) => file))])('every number in %s is in the table', (file) => {
    const listed = rows.filter((row) => row.file === file).map(({number}) => number);
    expect([...numbersIn(file)].sort()).toEqual([...listed].sort());
  });
});

import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';

const checkout = join(import.meta.dirname, '../..');
const examples = Array.from({length: 12}, (_, index) => `21.${index + 1}`);

const rows = readFileSync(join(import.meta.dirname, 'worked-examples.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| 21.'))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, number = '', what = '', test = '']) => ({number, what, test}));

describe('the table of worked examples', () => {
  it('holds every example of the specification', () => {
    expect([...new Set(rows.map(({number}) => number))]).toEqual(examples);
  });

  it.each(rows)('$number, $what: is in $test', ({number, test}) => {
    const names = readFileSync(join(checkout, test), 'utf8').matchAll(/\b(?:describe|it)\(\s*'([^']*)'/g);
    expect([...names].filter(([, name = '']) => name.startsWith(`${number} `))).not.toEqual([]);
  });
});

/** The table of worked examples names a test for each of them. */
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';

const checkout = join(import.meta.dirname, '../..');
const rows = [
  ...readFileSync(join(import.meta.dirname, 'worked-examples.md'), 'utf8').matchAll(
    /^\| (15\.\d+) \| .* \| (\S+) \|$/gm,
  ),
].map(([, number = '', test = '']) => ({number, test}));

describe('the table of worked examples', () => {
  it('has every example of the specification', () => {
    expect(rows.map(({number}) => number)).toEqual(Array.from({length: 17}, (_, index) => `15.${index + 1}`));
  });

  it.each(rows)('$number is in $test', ({number, test}) => {
    const text = readFileSync(join(checkout, test), 'utf8');
    const names = text.matchAll(
      /\b(?:describe|it|describeWith)\((?:\[[^\]]*\], )?'homehost(?:\.md)? ([\d.]+)[ :]/g,
    );
    expect([...names].map(([, found = '']) => found.replace(/:$/, ''))).toContain(number);
  });
});

import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';

const root = join(import.meta.dirname, '../..');
const rows = [
  ...readFileSync(join(import.meta.dirname, 'failures.md'), 'utf8').matchAll(/^\| (\d+) \| .* \| (.*) \|$/gm),
].map(([, number = '', test = '']) => ({number, test}));

describe('the table of failures', () => {
  it('has every case of the specification', () => {
    expect(rows.map(({number}) => Number(number))).toEqual(Array.from({length: 38}, (_, index) => index + 1));
  });

  it.each(rows.filter(({test}) => test === 'test/homehost/failures.test.ts'))(
    'case $number is a test',
    ({number, test}) => {
      expect(readFileSync(join(root, test), 'utf8')).toContain(`it('case ${number}:`);
    },
  );

  it.each(rows.filter(({test}) => test.includes('.test.ts: ')))('case $number: $test', ({test}) => {
    const [file = '', name = ''] = test.split(': ');
    expect(readFileSync(join(root, file), 'utf8')).toContain(`it('${test.slice(file.length + 2)}`);
    expect(name).not.toBe('');
  });
});

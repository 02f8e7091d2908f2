import {expect, it} from 'vitest';
import {parseGraphLine} from './graph-line.ts';

it.each([
  ['sqlite3:../lic.db usage t feature n synth sim', '/proj/lic.db', ['synth', 'sim']],
  ['lic.db usage t feature n synth', '/proj/demo/lic.db', ['synth']],
])('%s (dashboard.md E19)', (line, file, series) => {
  expect(parseGraphLine(line, '/proj/demo')).toEqual({
    file,
    table: 'usage',
    timeColumn: 't',
    nameColumn: 'feature',
    valueColumn: 'n',
    series,
  });
});

it.each([
  ['lic.db usage t feature n', 'at least one series'],
  ['pg:db1 usage t feature n synth', 'not of pg'],
])('%s is none', (line, reason) => {
  expect(parseGraphLine(line, '/proj/demo')).toContain(reason);
});

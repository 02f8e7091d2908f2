import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, it} from 'vitest';
import {readWhy} from './why-file.ts';

const why = {
  step: 'build',
  log: 'build.log',
  exit: '1',
  lines: [{line: 3, text: 'ERROR', rule: 'no errors'}],
};
let rundir: string;

beforeEach(() => {
  rundir = mkdtempSync(join(tmpdir(), 'why-file-'));
  mkdirSync(join(rundir, '.mt'));
});
afterEach(() => rmSync(rundir, {recursive: true}));

it('what the execution wrote is read', () => {
  writeFileSync(join(rundir, '.mt/why.json'), JSON.stringify(why));
  expect(readWhy(rundir)).toEqual(why);
});

it.each([
  ['no JSON', '{'],
  ['nothing', 'null'],
  ['without lines', JSON.stringify({...why, lines: undefined})],
  [
    'with a line that is none',
    JSON.stringify({...why, lines: [{line: '3', text: 'ERROR', rule: 'no errors'}]}),
  ],
  ['with a number for a text', JSON.stringify({...why, exit: 1})],
])('a file that is %s says nothing', (_, text) => {
  writeFileSync(join(rundir, '.mt/why.json'), text);
  expect(readWhy(rundir)).toBeUndefined();
});

it('a directory without the file says nothing', () => {
  expect(readWhy(rundir)).toBeUndefined();
});

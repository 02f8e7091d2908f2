import {spawnSync} from 'node:child_process';
import {cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, it} from 'vitest';

const packageFolder = join(import.meta.dirname, '..');
let folder: string;
let code: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'load-bundle-'));
  mkdirSync(join(folder, 'cli'));
  for (const part of ['bin', 'dist']) {
    cpSync(join(packageFolder, part), join(folder, 'cli', part), {recursive: true});
  }
  symlinkSync(join(packageFolder, '../../node_modules'), join(folder, 'node_modules'));
  code = join(folder, 'cli/dist/code');
});
afterEach(() => rmSync(folder, {recursive: true}));

/** What `megatest help` prints; the options are of Node. */
function help(...options: readonly string[]): string {
  const program = join(folder, 'cli/dist/megatest.js');
  const {stdout, stderr} = spawnSync(process.execPath, [...options, program, 'help'], {encoding: 'utf8'});
  return stdout + stderr;
}

function compiled(): readonly string[] {
  return readdirSync(code)
    .filter((name) => name.endsWith('.cache'))
    .map((name) => join(code, name));
}

it('every bundle has its compiled code', () => {
  expect(compiled()).toHaveLength(readdirSync(code).filter((name) => name.endsWith('.js')).length);
});

it.each([
  ['is not there', (file: string) => rmSync(file)],
  ['is empty', (file: string) => writeFileSync(file, '')],
  ['is something else', (file: string) => writeFileSync(file, 'x'.repeat(100_000))],
])('a command does the same when its compiled code %s', (_, spoil) => {
  const before = help();
  expect(before).toContain('run tests and watch them');
  compiled().forEach(spoil);
  expect(help()).toBe(before);
});

it('code that was compiled with other options of V8 is not used', () => {
  expect(help('--max-semi-space-size=32', '--no-opt')).toBe(help());
});

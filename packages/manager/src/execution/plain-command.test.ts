import {execFileSync} from 'node:child_process';
import {expect, it} from 'vitest';
import {isPlainCommand} from './plain-command.ts';

it('a program with plain words is plain, with the redirection of a step or without', () => {
  for (const command of [
    'true',
    './run.sh',
    'make -j2 CC=gcc all',
    'tools/run  a/b.v +define+X > sim.log 2>&1',
  ]) {
    expect([command, isPlainCommand(command, {})]).toEqual([command, true]);
  }
});

it.each([
  'exit 3',
  'cd sub > step.log 2>&1',
  'exec ./run.sh',
  'trap - EXIT',
  '. ./setup.sh',
  'X=1 ./run.sh',
  'a; b',
  'a && b',
  'a | b',
  'a &',
  'a\nb',
  'echo $X',
  'echo "a"',
  'ls *.v',
  'ls ~',
  '(a)',
  '{ a',
  '! a',
  'a > b 2>&1 > c',
  'a < b',
  '# nothing',
  '',
])('`%s` is not', (command) => {
  expect(isPlainCommand(command, {})).toBe(false);
});

it.each(['BASH_ENV', 'BASH_FUNC_make%%', 'SHELLOPTS'])('nothing is with %s in the environment', (name) => {
  expect(isPlainCommand('make', {[name]: 'x'})).toBe(false);
  expect(isPlainCommand('make', {MAKE: 'x'})).toBe(true);
});

it('of the words that the bash of this machine knows only those that leave it alone are plain', () => {
  const words = execFileSync('/bin/bash', ['-c', 'compgen -b; compgen -k'], {encoding: 'utf8'})
    .trim()
    .split('\n');
  expect(words.filter((word) => isPlainCommand(word, {})).sort()).toEqual([
    ':',
    'echo',
    'false',
    'pwd',
    'test',
    'true',
  ]);
});

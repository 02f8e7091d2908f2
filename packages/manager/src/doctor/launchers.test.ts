import {expect, it} from 'vitest';
import {isHostName} from '../plan/area-needs.ts';
import {sshWordsOf, usedLaunchers} from './launchers.ts';

it.each([
  ['ssh gamma', ['gamma']],
  ['ssh -p 2222 ann@gamma', ['-p 2222 ann@gamma']],
  ['remrun gamma', ['gamma']],
  ['#MTLOWESTLOAD alpha beta', ['alpha', 'beta']],
  ['#MTLOWESTLOAD a;b', ["'a;b'"]],
  ['NBFAKE_HOST=gamma nbfake', ['gamma']],
  ['LEVEL=1 TARGETHOST=gamma nbfake', ['gamma']],
  ['NBFAKE_HOST=gamma other', []],
  ['nbfake', []],
  ['slurm -p ssh', []],
])('%s leads by ssh to %j', (command, words) => {
  expect(sshWordsOf(command)).toEqual(words);
});

it.each([
  ['gamma', true],
  ['ann@gamma.example.org', true],
  ['10.0.0.7', true],
  ['node-12', true],
  ['12', false],
  ['-oProxyCommand=x', false],
  ['a;b', false],
  ['$HOST', false],
  ['', false],
])('whether the word "%s" can be a host: %s', (word, isHost) => {
  expect(isHostName(word)).toBe(isHost);
});

it('a host type that no test can get is not one that is used', () => {
  const launcher = {
    command: 'nbfake',
    usesShell: true,
    waits: true,
    pilotSlots: null,
    patterns: [
      ['a%', 'far'],
      ['b%', 'far'],
      ['c%', 'missing'],
    ] as [string, string][],
    hostTypes: [
      ['far', 'ssh gamma'],
      ['unused', 'ssh delta'],
    ] as [string, string][],
  };
  const commands = (isFlexible: boolean) =>
    usedLaunchers({...launcher, isFlexible}).map(({check, command}) => `${check}: ${command}`);
  expect(commands(true)).toEqual(['launcher far: ssh gamma', 'launcher: nbfake']);
  expect(commands(false)).toEqual(['launcher: nbfake']);
});

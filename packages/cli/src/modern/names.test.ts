import {expect, it} from 'vitest';
import {lookCommands} from './look-commands.ts';
import {bundleFor, MODERN_COMMANDS} from './names.ts';
import {runCommands} from './run-commands.ts';

/** Answered before any bundle's own commands. */
const everywhere = ['help', 'version'];

it.each([
  ['look', lookCommands],
  ['run', runCommands],
] as const)('the bundle %s has the commands that are looked for in it, and no other', (bundle, file) => {
  const own = file({exitCode: 0}).map(({command}) => String(command).split(' ')[0]);
  const wanted = MODERN_COMMANDS.filter((name) => bundleFor([name]) === bundle && !everywhere.includes(name));
  expect(own.sort()).toEqual([...wanted].sort());
});

it('what is no command is looked for in all', () => {
  expect([[], ['--json', 'status'], ['toString'], ['stat']].map(bundleFor)).toEqual([
    'all',
    'all',
    'all',
    'all',
  ]);
});

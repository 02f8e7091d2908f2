/** A packet for a command, from the words of `mtutil` (spec mtutil.md 2, 4). */
import {resolve} from 'node:path';
import {type Cards, UserError} from '@megatest/model';
import type {LegacyArguments} from '../legacy/arguments.ts';
import {EXIT} from '../modern/command.ts';
import {PACKET_OPTIONS, type PacketAction, spellings} from './packet-options.ts';

export type Maker = {
  readonly user: string;
  readonly timeS: number;
  /** Paths are relative to it. */
  readonly cwd: string;
};

const archiveCommands = ['save', 'save-remove', 'keep-html', 'restore'];

export function cardsOf(action: PacketAction, args: LegacyArguments, {user, timeS, cwd}: Maker): Cards {
  const cards = new Map([
    ['A', action],
    ['D', String(timeS)],
    ['T', 'cmd'],
    ['U', user],
  ]);
  for (const option of PACKET_OPTIONS) {
    const value = option.value === undefined ? undefined : args.value(...spellings(option));
    if (value !== undefined) {
      // Whoever carries it out is somewhere else.
      cards.set(option.letter, option.option === '-start-dir' ? resolve(cwd, value) : value);
    } else if (args.has(...spellings(option))) {
      cards.set(option.letter, '1');
    }
  }
  checkOperands(action, cards);
  return cards;
}

function checkOperands(action: PacketAction, cards: Cards): void {
  if (action === 'set-ss' && !/^[^/]*\/[^/]*$/.test(cards.get('N') ?? '')) {
    throw new UserError('set-ss needs -new STATE/STATUS, of which one may be left empty', {
      exitCode: EXIT.usage,
    });
  }
  const command = cards.get('C');
  if (command !== undefined && !archiveCommands.includes(command)) {
    throw new UserError(`there is no -archive-cmd "${command}": give ${archiveCommands.join(', ')}`, {
      exitCode: EXIT.usage,
    });
  }
}

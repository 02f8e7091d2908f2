/** Options of `mtutil`, the card of each, and the option of `megatest` that it stands for (spec mtutil.md 2.1): one table for reading, writing and the help. */

export type PacketOption = {
  readonly option: string;
  /** Other spellings. */
  readonly aliases?: readonly string[];
  /** How the help names its value; a switch has none. */
  readonly value?: string;
  readonly letter: string;
  /** The option of `megatest` that says the same. */
  readonly megatest?: string;
  readonly doc: string;
};

export const PACKET_OPTIONS: readonly PacketOption[] = [
  {option: '-target', value: 'T', letter: 't', megatest: '-target', doc: 'target'},
  {
    option: '-run-name',
    aliases: ['-runname'],
    value: 'N',
    letter: 'n',
    megatest: '-runname',
    doc: 'run name',
  },
  {
    option: '-test-patt',
    aliases: ['-testpatt'],
    value: 'P',
    letter: 'p',
    megatest: '-testpatt',
    doc: 'tests and items',
  },
  {option: '-item-patt', value: 'P', letter: 'i', megatest: '-itempatt', doc: 'items'},
  {
    option: '-mode-patt',
    aliases: ['-modepatt', '--modepatt'],
    value: 'K',
    letter: 'o',
    megatest: '--modepatt',
    doc: 'variable of runconfigs with the test pattern',
  },
  {
    option: '-tag-expr',
    aliases: ['-tagexpr'],
    value: 'E',
    letter: 'x',
    megatest: '-tagexpr',
    doc: 'only tests with these tags',
  },
  {option: '-state', value: 'L', letter: 'e', megatest: '-state', doc: 'only tests in these states'},
  {option: '-status', value: 'L', letter: 's', megatest: '-status', doc: 'only tests with these statuses'},
  {option: '-state-status', value: 'S/T,..', letter: 'q', doc: 'only tests with these pairs of both'},
  {option: '-start-dir', value: 'D', letter: 'S', doc: 'directory of the area; settings are read there'},
  {option: '-area', value: 'P1,P2', letter: 'G', doc: 'areas of [areas]'},
  {option: '-contour', value: 'C', letter: 'c', megatest: '-contour', doc: 'contour'},
  {option: '-msg', aliases: ['-m'], value: 'M', letter: 'M', megatest: '-m', doc: 'message'},
  {
    option: '-set-vars',
    aliases: ['-setvars'],
    value: 'V=1,..',
    letter: 'v',
    megatest: '-setvars',
    doc: 'variables for the tests',
  },
  {
    option: '-append-config',
    value: 'F',
    letter: 'd',
    megatest: '-append-config',
    doc: 'config that is read last',
  },
  {option: '-sync-to', value: 'D', letter: 'k', megatest: '-sync-to', doc: 'database to sync to'},
  {
    option: '-rerun',
    value: 'LIST',
    letter: 'z',
    megatest: '-rerun',
    doc: 'run, rerun: also tests with these statuses',
  },
  {option: '-new', value: 'STATE/STATUS', letter: 'N', doc: 'set-ss: what they become'},
  {option: '-archive-cmd', value: 'CMD', letter: 'C', doc: 'archive: save, save-remove, keep-html, restore'},
  {option: '-preclean', letter: 'r', megatest: '-preclean', doc: 'empty the directories of tests first'},
  {option: '-rerun-all', letter: 'u', megatest: '-rerun-all', doc: 'run everything again'},
  {option: '-immediate', letter: 'I', doc: 'carry it out at once'},
  {
    option: '-prepend-contour',
    letter: 'w',
    megatest: '-prepend-contour',
    doc: 'the contour comes first in the target',
  },
];

/** Options that are never in a packet. */
export const LOCAL_OPTIONS = {
  values: ['-config', '-debug', '-log'],
  switches: ['-version', '-h', '-help', '--help'],
} as const;

/** Actions that are written into packets. */
export const PACKET_ACTIONS = ['run', 'remove', 'rerun', 'set-ss', 'archive', 'kill'] as const;

export type PacketAction = (typeof PACKET_ACTIONS)[number];

export function spellings({option, aliases = []}: PacketOption): readonly string[] {
  return [option, ...aliases];
}

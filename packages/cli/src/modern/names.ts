/** The commands of the new style, and which style a command line is of (spec cli.md 2). */
import {LEGACY_SWITCHES, LEGACY_VALUE_OPTIONS} from '../legacy/arguments.ts';

export const MODERN_COMMANDS = [
  'config',
  'data',
  'db',
  'disks',
  'doctor',
  'get',
  'help',
  'init',
  'keys',
  'kill',
  'lock',
  'logs',
  'managers',
  'new',
  'remove',
  'rerun',
  'rpc',
  'run',
  'runconfig',
  'runners',
  'runs',
  'server',
  'set',
  'shell',
  'status',
  'steps',
  'target',
  'tests',
  'unlock',
  'version',
  'wait',
  'why',
] as const;

const legacyOptions: ReadonlySet<string> = new Set([...LEGACY_VALUE_OPTIONS, ...LEGACY_SWITCHES]);

/** Longer than one letter: `-t` and its like belong to the new style. */
function isLegacyOption(word: string): boolean {
  return legacyOptions.has(word) && /^[-:][a-z]{2}/.test(word);
}

const names: ReadonlySet<string> = new Set(MODERN_COMMANDS);

/** `words` without the program's name. */
export function isModern(words: readonly string[]): boolean {
  const [first] = words;
  if (process.env.MT_LEGACY_CLI === '1' || first === undefined) {
    return false;
  }
  if (names.has(first)) {
    return true;
  }
  if (!first.startsWith('-')) {
    // A mistyped command is answered by the new style, unless words of the old style say that it was meant.
    return /^[a-z]/.test(first) && !words.some(isLegacyOption);
  }
  return first.startsWith('--') && first !== '--modepatt' && first !== '--help';
}

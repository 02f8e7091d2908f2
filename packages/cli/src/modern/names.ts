/** The commands of the new style, and which style a command line is of (spec cli.md 2). */
import {LEGACY_SWITCHES, LEGACY_VALUE_OPTIONS} from '../legacy/arguments.ts';

/** Which bundle has each command: those that people and scripts call most are not loaded with the others. */
const bundleOf = {
  areas: 'all',
  config: 'all',
  data: 'look',
  db: 'all',
  deps: 'all',
  disks: 'all',
  doctor: 'all',
  get: 'run',
  help: 'all',
  history: 'all',
  init: 'all',
  jobs: 'all',
  keys: 'all',
  kill: 'run',
  lock: 'run',
  logs: 'look',
  managers: 'all',
  new: 'all',
  pkt: 'all',
  remove: 'run',
  rerun: 'run',
  rpc: 'all',
  run: 'run',
  runconfig: 'all',
  runners: 'all',
  runs: 'look',
  server: 'all',
  set: 'run',
  shell: 'look',
  status: 'look',
  steps: 'look',
  target: 'all',
  tests: 'look',
  unlock: 'run',
  version: 'look',
  wait: 'run',
  why: 'look',
} as const;

export type CommandBundle = (typeof bundleOf)[keyof typeof bundleOf];

export const MODERN_COMMANDS: readonly string[] = Object.keys(bundleOf);

const legacyOptions: ReadonlySet<string> = new Set([...LEGACY_VALUE_OPTIONS, ...LEGACY_SWITCHES]);

/** Longer than one letter: `-t` and its like belong to the new style. */
function isLegacyOption(word: string): boolean {
  return legacyOptions.has(word) && /^[-:][a-z]{2}/.test(word);
}

const names: ReadonlySet<string> = new Set(MODERN_COMMANDS);

/** The bundle that has the command which `words` begin with, and all of them when that is not a command. */
export function bundleFor(words: readonly string[]): CommandBundle {
  const [first = ''] = words;
  return names.has(first) ? bundleOf[first as keyof typeof bundleOf] : 'all';
}

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

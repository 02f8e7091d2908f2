/** Which commands carry out a packet, and in which areas (spec mtutil.md 10.1). */
import {resolve} from 'node:path';
import {type Cards, UserError} from '@megatest/model';
import type {Control} from './control.ts';
import {areasLike, contourOf, type ManagedArea, managedAreas} from './managed-areas.ts';
import {PACKET_OPTIONS} from './packet-options.ts';

/** Words of `megatest` for the area of a directory. */
export type PacketOrder = {readonly directory: string; readonly words: readonly string[]};

type Place = {readonly directory: string; readonly isNamed: boolean};

/** What one letter stands for in the pairs of `q`: the states and statuses that people mean by it. */
const stateOfInitial = new Map(
  ['COMPLETED', 'INCOMPLETE', 'KILLED', 'LAUNCHED', 'NOT_STARTED', 'RUNNING'].map(byInitial),
);
const statusOfInitial = new Map(
  ['ABORT', 'CHECK', 'DEAD', 'FAIL', 'KILLED', 'PASS', 'SKIP', 'WARN'].map(byInitial),
);

/** What of the old style each action is, before its options; `kill` is none of it. */
const actionParts = new Map<string, (cards: Cards) => readonly string[]>([
  ['run', () => ['-run']],
  ['sync', () => []],
  ['archive', (cards) => ['-archive', cards.get('C') ?? 'save-remove']],
  ['set-ss', (cards) => ['-set-state-status', (cards.get('N') ?? '').replace('/', ',')]],
  ['remove', removal],
  ['clean', removal],
  ['rerun', (cards) => [cards.has('z') ? '-run' : '-rerun-clean']],
]);

/** Cards that are no options of `megatest`. */
const silent = new Set('ADTUZPaGINCqS');

/** Whether a packet can be carried out anywhere. */
export function hasAction(cards: Cards): boolean {
  const action = cards.get('A') ?? '';
  return action === 'kill' || (actionParts.has(action) && (action !== 'sync' || cards.has('k')));
}

/** Of a packet that has an action. What it cannot mean here is a `UserError`; a card that nobody knows is only said. */
export function ordersOf(
  cards: Cards,
  control: Control,
  say: (text: string) => void,
): readonly PacketOrder[] {
  for (const [letter, value] of cards) {
    if (!silent.has(letter) && !PACKET_OPTIONS.some((option) => option.letter === letter)) {
      say(`ERROR: Unknown key in packet "${letter}" with value "${value}"`);
    }
  }
  const selected = withSelector(cards, control);
  return placesOf(cards, control).flatMap(({directory, isNamed}) =>
    pairsOf(selected).map((filter) => ({
      directory,
      words: wordsOf(new Map([...selected, ...filter]), isNamed ? directory : undefined),
    })),
  );
}

/** The contour's selector chooses tests when the packet does not. */
function withSelector(cards: Cards, {config}: Control): Cards {
  const contour = cards.get('c');
  if (contour === undefined || ['o', 'x', 'p'].some((letter) => cards.has(letter))) {
    return cards;
  }
  const {tagExpr, modePatt} = contourOf(config, contour);
  const selector = [
    ['x', tagExpr],
    ['o', modePatt],
  ] as const;
  return new Map([...cards, ...selector.filter(([, value]) => value !== '')]);
}

function placesOf(cards: Cards, control: Control): readonly Place[] {
  const start = cards.get('S');
  if (start !== undefined) {
    return [{directory: resolve(control.directory, start), isNamed: true}];
  }
  const names = cards.get('G');
  const contour = cards.get('c');
  if (names === undefined && contour === undefined) {
    return [{directory: control.directory, isNamed: false}];
  }
  const areas = managedAreas(control);
  const named = names === undefined ? areas : areasLike(areas, names);
  const found = contour === undefined ? named : ofContour(named, contour, control);
  if (found.length === 0) {
    throw new UserError('no area of [areas] is meant by it');
  }
  return found.map(({path}) => ({directory: path, isNamed: true}));
}

function ofContour(areas: readonly ManagedArea[], name: string, {config}: Control): readonly ManagedArea[] {
  const contour = contourOf(config, name);
  if (contour.areaFunction !== null) {
    throw new UserError(`the contour ${name} has the checker ${contour.areaFunction}, which there is not`);
  }
  return areas.filter((area) => contour.areas?.includes(area.name) ?? true);
}

/** One filter of cards for each pair of `q`, such as `c/f`; none that says nothing when there is no such card. */
function pairsOf(cards: Cards): readonly Cards[] {
  const pairs = cards.get('q');
  return (pairs?.split(',') ?? ['']).map((pair) => {
    const [state = '', status = ''] = pair.trim().split('/');
    const filter = [
      ['e', stateOfInitial.get(state) ?? state],
      ['s', statusOfInitial.get(status) ?? status],
    ] as const;
    return new Map(filter.filter(([, value]) => value !== ''));
  });
}

function wordsOf(cards: Cards, startDirectory: string | undefined): readonly string[] {
  const action = cards.get('A') ?? '';
  if (action === 'kill') {
    return [
      'kill',
      ...Object.entries(killOptions).flatMap(([letter, name]) => option(name, cards.get(letter))),
    ];
  }
  const start = startDirectory === undefined ? [] : ['-start-dir', startDirectory];
  const options = PACKET_OPTIONS.flatMap(({letter, value, megatest}) => {
    const given = cards.get(letter);
    if (given === undefined || megatest === undefined) {
      return [];
    }
    return value === undefined ? [megatest] : [megatest, given];
  });
  return [...(actionParts.get(action)?.(cards) ?? []), ...start, ...options];
}

const killOptions = {t: '--target', n: '--name', p: '--tests'};

/** In one word: a value may begin with a dash. */
function option(name: string, value: string | undefined): readonly string[] {
  return value === undefined ? [] : [`${name}=${value}`];
}

function removal(cards: Cards): readonly string[] {
  return ['-remove-runs', ...(cards.has('p') ? [] : ['-testpatt', '%'])];
}

function byInitial(name: string): readonly [string, string] {
  return [name.charAt(0).toLowerCase(), name];
}

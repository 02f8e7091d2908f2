/** An area made up from a seed: tests with every kind of mode, map, item list, retry and job group, and the plan of running it. */
import {type BuiltPlan, buildPlan, type Mode, type PlannedItem, type TestDefinition} from '@megatest/model';
import type {Random} from './random.ts';

export type PlanShape = {
  readonly tests: number;
  /** Items of an iterated test. */
  readonly maxItems: number;
  /** Chance of a waiton that closes a cycle. */
  readonly cycleChance: number;
};

export type RandomArea = {
  readonly plan: BuiltPlan;
  /** Items that a command lists only when the waitons are done. */
  readonly laterItems: ReadonlyMap<string, readonly PlannedItem[]>;
};

const modeChoices: readonly (readonly Mode[])[] = [
  ['normal'],
  ['normal'],
  ['toplevel'],
  ['itemwait'],
  ['itemwait'],
  ['itemmatch'],
  ['normal', 'exclusive'],
  ['itemwait', 'exclusive'],
  ['normal', 'itemwait'],
  ['toplevel', 'itemwait'],
  ['normal', 'toplevel'],
];

/** Maps between item paths `g0/i3`: none, the group, another item of the group, all items of the group. */
const mapChoices = ['', '', '', '/.*', '/i\\d+ /i0', '/i\\d+ /%'];

export function randomArea(random: Random, shape: PlanShape): RandomArea {
  const names = Array.from({length: shape.tests}, (_, index) => `t${index}`);
  const laterItems = new Map<string, readonly PlannedItem[]>();
  const definitions = new Map(
    names.map((testName, index) => {
      const definition = randomTest(random, shape, testName, names.slice(Math.max(0, index - 8), index));
      if (definition.iterated === 'later') {
        laterItems.set(testName, randomItems(random, shape.maxItems));
      }
      return [testName, definition];
    }),
  );
  const first = definitions.get('t0');
  if (first !== undefined && shape.tests > 1 && random.chance(shape.cycleChance)) {
    definitions.set('t0', {...first, waitons: [random.pick(names.slice(1))]});
  }
  const plan = buildPlan({
    testPatt: random.pick(['%', '%', '%', 't%', `${random.pick(names)},${random.pick(names)}/g0/%`]),
    testNames: names,
    define: (testName) => {
      const definition = definitions.get(testName);
      if (definition === undefined) {
        throw new Error(`nobody defines ${testName}`);
      }
      return definition;
    },
  });
  return {plan, laterItems};
}

function randomTest(
  random: Random,
  {maxItems}: PlanShape,
  testName: string,
  earlier: readonly string[],
): TestDefinition {
  const waitons = earlier.filter(() => random.chance(0.25));
  const iterated = random.pick(['no', 'now', 'now', 'now', 'later'] as const);
  const map = random.pick(mapChoices);
  return {
    testName,
    testDir: `/tests/${testName}`,
    waitons,
    waitors: [],
    modes: random.pick(modeChoices),
    itemMaps: map === '' ? [] : [{testPattern: '%', map}],
    priority: random.below(3),
    jobgroup: random.pick(['', '', 'few']),
    iterated,
    items: iterated === 'now' ? randomItems(random, maxItems) : [],
    skip: null,
    hasTriggers: false,
    ...(random.chance(0.2) ? {retry: {count: 1 + random.below(2), delayS: random.below(20)}} : {}),
  };
}

function randomItems(random: Random, maxItems: number): readonly PlannedItem[] {
  // Some lists come out empty: ZERO_ITEMS.
  const count = random.chance(0.1) ? 0 : 1 + random.below(maxItems);
  return Array.from({length: count}, (_, index) => ({
    itemPath: `g${index % 3}/i${index}`,
    vars: [['ITEM', `i${index}`]],
  }));
}

/** A big area: a web of iterated tests of which each waits, item by item, for one or two of those before it. */
export function itemwiseArea(
  random: Random,
  {tests, items}: {readonly tests: number; readonly items: number},
): RandomArea {
  const names = Array.from({length: tests}, (_, index) => `t${index}`);
  const list = Array.from({length: items}, (_, index): PlannedItem => {
    return {itemPath: `g${index % 100}/i${index}`, vars: [['ITEM', `i${index}`]]};
  });
  const plan = buildPlan({
    testPatt: '%',
    testNames: names,
    define: (testName) => {
      const earlier = names.slice(0, names.indexOf(testName));
      const waitons = earlier.length === 0 ? [] : [random.pick(earlier), random.pick(earlier)];
      return {
        testName,
        testDir: `/tests/${testName}`,
        waitons,
        waitors: [],
        modes: random.pick<readonly Mode[]>([['itemwait'], ['itemwait'], ['toplevel', 'itemwait']]),
        itemMaps: random.chance(0.3) ? [{testPattern: '%', map: '/i(\\d+) /i\\1'}] : [],
        priority: random.below(3),
        jobgroup: random.pick(['', 'few']),
        iterated: 'now',
        items: list,
        skip: null,
        hasTriggers: false,
        ...(random.chance(0.2) ? {retry: {count: 1, delayS: 5}} : {}),
      };
    },
  });
  return {plan, laterItems: new Map()};
}

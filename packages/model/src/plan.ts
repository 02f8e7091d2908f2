/**
 * The plan of a run: which tests take part, with which items, and what each waits for (spec runs.md 3).
 *
 * `buildPlan` is pure: it is given what the testconfigs say and answers with a plan that can travel as JSON from the manager
 * that read the files to the daemon that drives the run.
 */
import {ItemMap, type ItemMapRow, mapTextFor} from './item-map.ts';
import {nearNames} from './near-names.ts';
import {propagate} from './propagation.ts';
import type {RetryRule} from './retry-rule.ts';
import {TestPattern} from './test-pattern.ts';
import {findCycles} from './upstream-order.ts';
import {UserError} from './user-error.ts';

export const MODES = ['normal', 'toplevel', 'itemwait', 'itemmatch', 'exclusive'] as const;
export type Mode = (typeof MODES)[number];

/** What the words of `[requirements] mode` mean; those that are none are passed over. */
export function modesOf(words: readonly string[]): readonly Mode[] {
  const modes = words.filter((word): word is Mode => (MODES as readonly string[]).includes(word));
  const decides = modes.some((mode) => mode === 'toplevel' || mode === 'itemwait' || mode === 'itemmatch');
  return decides || modes.includes('normal') ? modes : ['normal', ...modes];
}

export type PlannedItem = {readonly itemPath: string; readonly vars: readonly (readonly [string, string])[]};

export type SkipRule = {readonly kind: 'prevrunning' | 'fileexists' | 'rundelay'; readonly value: string};

/** Keys of `[test_meta]` that are recorded, with their values. */
export type TestMeta = Readonly<Record<string, string>>;

export const META_KEYS = ['author', 'owner', 'description', 'reviewed', 'tags', 'jobgroup'] as const;

/** What one testconfig says, as far as the plan needs it. */
export type TestDefinition = {
  readonly testName: string;
  readonly testDir: string;
  readonly waitons: readonly string[];
  readonly waitors: readonly string[];
  readonly modes: readonly Mode[];
  readonly itemMaps: readonly ItemMapRow[];
  readonly priority: number;
  readonly jobgroup: string;
  /** `later`: the items come from a `[system]` command that may need what its waitons make. */
  readonly iterated: 'no' | 'now' | 'later';
  readonly items: readonly PlannedItem[];
  readonly skip: SkipRule | null;
  readonly hasTriggers: boolean;
  readonly retry?: RetryRule | undefined;
  /** What `[test_meta]` says; the plan itself does not need it. */
  readonly meta?: TestMeta | undefined;
};

export type PlannedTest = {
  readonly testName: string;
  readonly testDir: string;
  readonly waitons: readonly {readonly testName: string; readonly itemMap: string}[];
  readonly modes: readonly Mode[];
  readonly priority: number;
  readonly jobgroup: string;
  readonly hasTriggers: boolean;
  readonly iterated: 'no' | 'now' | 'later';
  /**
   * The instances that the pattern list wants, in the order of the item list. A test without items has one with an empty item
   * path, or none when the list names it with an item part that it cannot match.
   */
  readonly items: readonly PlannedItem[];
  /** Items before the pattern list chose among them: 0 means ZERO_ITEMS. Known for tests that are iterated `now`. */
  readonly itemCount?: number | undefined;
  readonly skip: SkipRule | null;
  readonly retry?: RetryRule | undefined;
  /** Why the test takes part: `matches PATTERN`, `waiton of T` or `waitor of T`. */
  readonly reason: string;
  /** Part of a cycle: it can never run, and neither can what waits for it. */
  readonly isInCycle: boolean;
};

export type PlanMessage = {readonly stream: 'stdout' | 'log'; readonly level: number; readonly text: string};

export type BuiltPlan = {
  /** The pattern list after propagation to the waitons. */
  readonly testPatt: string;
  readonly tests: readonly PlannedTest[];
  readonly messages: readonly PlanMessage[];
};

export type PlanInput = {
  readonly testPatt: string;
  /** Names of all tests of the area. */
  readonly testNames: readonly string[];
  /** Directories in which the tests were looked for, for the message. */
  readonly searchPath?: readonly string[];
  /** Called once for each test that takes part. */
  readonly define: (testName: string) => TestDefinition;
  /** Filter of `-tagexpr`; tests pulled in as waitons are not asked. */
  readonly hasWantedTag?: (testName: string) => boolean;
};

/** One test that takes part; the propagation reads it. */
export type PlanNode = {readonly definition: TestDefinition; readonly reason: string};

type Say = (level: number, text: string) => void;

/** More items of one test than this that the pattern list leaves out are counted instead of named. */
const namedLeftOut = 20;

export function buildPlan(input: PlanInput): BuiltPlan {
  const messages: PlanMessage[] = [];
  const say: Say = (level, text) => {
    messages.push({stream: 'log', level, text});
  };
  const pattern = new TestPattern(input.testPatt);
  for (const text of pattern.invalid) {
    say(0, `ERROR: "${text}" is not a valid pattern, it matches nothing`);
  }
  const selected = select(input, pattern, say);
  const nodes = closure(selected, input, say);
  const waitonsOf = (testName: string) => nodes.get(testName)?.definition.waitons ?? [];
  const cycles = findCycles(nodes.keys(), waitonsOf);
  for (const cycle of cycles) {
    const names = [...cycle, cycle[0]].join(' -> ');
    say(
      0,
      `ERROR: tests wait for each other in a cycle: ${names}; none of them can run, remove one of these waitons`,
    );
  }
  const inCycle = new Set(cycles.flat());
  const chosen = new Set(selected.keys());
  const members = propagate(pattern.members, chosen, nodes);
  const extended = new TestPattern(members.join(','));
  const tests = [...nodes.values()].map(({definition, reason}) => ({
    testName: definition.testName,
    testDir: definition.testDir,
    waitons: definition.waitons.map((testName) => ({testName, itemMap: mapTextFor(definition, testName)})),
    modes: definition.modes,
    priority: definition.priority,
    jobgroup: definition.jobgroup,
    hasTriggers: definition.hasTriggers,
    iterated: definition.iterated,
    ...instances(definition, extended, chosen.has(definition.testName), say),
    skip: definition.skip,
    ...(definition.retry === undefined ? {} : {retry: definition.retry}),
    reason,
    isInCycle: inCycle.has(definition.testName),
  }));
  return {testPatt: members.join(','), tests, messages};
}

/** The tests that the pattern itself selects, each with the member that does (runs.md 3.1 step 6). */
function select(input: PlanInput, pattern: TestPattern, say: Say): ReadonlyMap<string, string> {
  const selected = new Map<string, string>();
  for (const testName of input.testNames) {
    const member = pattern.memberFor(testName);
    if (member !== undefined && (input.hasWantedTag?.(testName) ?? true)) {
      selected.set(testName, `matches ${member}`);
    }
  }
  if (input.searchPath !== undefined) {
    say(0, `INFO: (0) tests are searched in: ${input.searchPath.join(' ')}`);
  }
  say(0, `INFO: (0) tests of the area: ${input.testNames.join(' ')}`);
  say(0, `INFO: (0) tests selected by "${input.testPatt}": ${[...selected.keys()].join(' ')}`);
  return selected;
}

/** All tests that take part, with unknown and self-referring waitons dropped and reported (runs.md 3.3). */
function closure(
  selected: ReadonlyMap<string, string>,
  input: PlanInput,
  say: Say,
): ReadonlyMap<string, PlanNode> {
  const known = new Set(input.testNames);
  const nodes = new Map<string, PlanNode>();
  const reasons = new Map(selected);
  // A map can grow while it is walked: what is pulled in comes after what was there.
  for (const [testName, reason] of reasons) {
    const definition = input.define(testName);
    checkMaps(definition);
    const waitons = checkNames(testName, definition.waitons, known, say);
    const waitors = checkNames(testName, definition.waitors, known, say);
    nodes.set(testName, {definition: {...definition, waitons, waitors}, reason});
    const pullIn = (names: readonly string[], why: string) => {
      for (const name of names) {
        if (!reasons.has(name)) {
          reasons.set(name, why);
        }
      }
    };
    pullIn(waitons, `waiton of ${testName}`);
    pullIn(waitors, `waitor of ${testName}`);
  }
  return nodes;
}

/** Existing areas look for these texts, so waitors are called waitons too. */
function checkNames(
  testName: string,
  names: readonly string[],
  known: ReadonlySet<string>,
  say: Say,
): readonly string[] {
  return [...new Set(names)].filter((name) => {
    if (name === testName) {
      say(0, `ERROR: test ${testName} has listed itself as a waiton or waitor, please correct this!`);
      return false;
    }
    if (!known.has(name)) {
      const [near] = nearNames(name, known, 1);
      const hint = near === undefined ? '' : ` (did you mean ${near}?)`;
      say(0, `ERROR: test ${testName} has unrecognised waiton testname ${name}${hint}`);
      return false;
    }
    return true;
  });
}

/** A map that does not compile ends the planning: with a wrong one, tests would run before what they need. */
function checkMaps({testName, testDir, itemMaps}: TestDefinition): void {
  for (const {testPattern, map} of itemMaps) {
    try {
      new ItemMap(map);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new UserError(
        `the item map of test ${testName} for "${testPattern}" does not compile: ${reason}`,
        {
          place: {file: `${testDir}/testconfig`},
          hint: 'each line is a regular expression and, after a blank, its replacement',
          cause,
        },
      );
    }
  }
}

/** What is wanted of one test. A test without items that was pulled in runs whatever item part came out (runs.md 3.5). */
function instances(
  definition: TestDefinition,
  extended: TestPattern,
  isChosen: boolean,
  say: Say,
): Pick<PlannedTest, 'items' | 'itemCount'> {
  const {testName, iterated} = definition;
  const all = iterated === 'no' ? [{itemPath: '', vars: []}] : definition.items;
  const items = iterated === 'no' && !isChosen ? all : wantedItems(testName, all, extended, say);
  return iterated === 'now' ? {items, itemCount: all.length} : {items};
}

/** The items of a test that a pattern list wants; what it leaves out is said (runs.md 3.7). */
export function wantedItems(
  testName: string,
  all: readonly PlannedItem[],
  pattern: TestPattern,
  say: (level: number, text: string) => void,
): readonly PlannedItem[] {
  const isWanted = pattern.forTest(testName);
  const wanted = all.filter(({itemPath}) => isWanted(itemPath));
  const count = all.length - wanted.length;
  if (count > namedLeftOut) {
    say(1, `INFO: (1) Skipping ${count} items of ${testName} as they don't match ${pattern.text}`);
  } else if (count > 0) {
    for (const {itemPath} of all.filter((item) => !isWanted(item.itemPath))) {
      const name = itemPath === '' ? testName : `${testName} ${itemPath}`;
      say(1, `INFO: (1) Skipping ${name} as it doesn't match ${pattern.text}`);
    }
  }
  return wanted;
}

/**
 * The plan of a run: which tests take part, with which items, and what each waits for (spec runs.md 3).
 *
 * `buildPlan` is pure: it is given what the testconfigs say and answers with a plan that can travel as JSON from the manager
 * that read the files to the daemon that drives the run.
 */
import {ItemMap, type ItemMapRow} from './item-map.ts';
import {nearNames} from './near-names.ts';
import {TestPattern} from './test-pattern.ts';

export const MODES = ['normal', 'toplevel', 'itemwait', 'itemmatch', 'exclusive'] as const;
export type Mode = (typeof MODES)[number];

export type PlannedItem = {readonly itemPath: string; readonly vars: readonly (readonly [string, string])[]};

export type SkipRule = {readonly kind: 'prevrunning' | 'fileexists' | 'rundelay'; readonly value: string};

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
  /** Only the items that the pattern list wants. */
  readonly items: readonly PlannedItem[];
  readonly skip: SkipRule | null;
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
  /** Called once for each test that takes part. */
  readonly define: (testName: string) => TestDefinition;
  /** Filter of `-tagexpr`; tests pulled in as waitons are not asked. */
  readonly hasWantedTag?: (testName: string) => boolean;
};

export function buildPlan(input: PlanInput): BuiltPlan {
  const messages: PlanMessage[] = [];
  const pattern = new TestPattern(input.testPatt);
  for (const text of pattern.invalid) {
    messages.push({
      stream: 'log',
      level: 0,
      text: `ERROR: "${text}" is not a valid pattern, it matches nothing`,
    });
  }
  const selected = input.testNames.filter(
    (name) => pattern.matchesName(name) && (input.hasWantedTag?.(name) ?? true),
  );
  messages.push({
    stream: 'log',
    level: 0,
    text: `INFO: (0) tests selected by "${input.testPatt}": ${selected.join(' ')}`,
  });
  const needed = closure(selected, input, messages);
  const cycles = findCycles(needed);
  for (const cycle of cycles) {
    const names = [...cycle, cycle[0]].join(' -> ');
    messages.push({
      stream: 'log',
      level: 0,
      text: `ERROR: tests wait for each other in a cycle: ${names}; none of them can run, remove one of these waitons`,
    });
  }
  const inCycle = new Set(cycles.flat());
  const members = propagate(pattern.members, selected, needed);
  const extended = new TestPattern(members.join(','));
  const chosen = new Set(selected);
  const tests = [...needed.values()].map((node) => {
    const {definition} = node;
    const items = definition.items.filter((item) => extended.matches(definition.testName, item.itemPath));
    return {
      testName: definition.testName,
      testDir: definition.testDir,
      waitons: definition.waitons.map((testName) => ({testName, itemMap: mapFor(definition, testName)})),
      modes: definition.modes,
      priority: definition.priority,
      jobgroup: definition.jobgroup,
      hasTriggers: definition.hasTriggers,
      iterated: definition.iterated,
      items,
      skip: definition.skip,
      reason: chosen.has(definition.testName) ? `matches ${input.testPatt}` : node.reason,
      isInCycle: inCycle.has(definition.testName),
    };
  });
  return {testPatt: members.join(','), tests, messages};
}

type Node = {readonly definition: TestDefinition; readonly reason: string};

/** All tests that take part, with unknown and self-referring waitons dropped and reported (runs.md 3.3). */
function closure(selected: readonly string[], input: PlanInput, messages: PlanMessage[]): Map<string, Node> {
  const known = new Set(input.testNames);
  const nodes = new Map<string, Node>();
  const queue: {readonly testName: string; readonly reason: string}[] = selected.map((testName) => ({
    testName,
    reason: 'selected',
  }));
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const {testName, reason} = next;
    if (nodes.has(testName)) {
      continue;
    }
    const definition = input.define(testName);
    const check = (names: readonly string[], kind: 'waiton' | 'waitor') =>
      names.filter((name) => {
        if (name === testName) {
          messages.push({
            stream: 'log',
            level: 0,
            text: `ERROR: test ${testName} has listed itself as a waiton or waitor, please correct this!`,
          });
          return false;
        }
        if (!known.has(name)) {
          const near = nearNames(name, known, 1);
          const hint = near.length > 0 ? ` (did you mean ${near[0]}?)` : '';
          messages.push({
            stream: 'log',
            level: 0,
            text: `ERROR: test ${testName} has unrecognised ${kind} testname ${name}${hint}`,
          });
          return false;
        }
        return true;
      });
    const waitons = check(definition.waitons, 'waiton');
    const waitors = check(definition.waitors, 'waitor');
    nodes.set(testName, {definition: {...definition, waitons, waitors}, reason});
    for (const name of waitons) {
      queue.push({testName: name, reason: `waiton of ${testName}`});
    }
    for (const name of waitors) {
      queue.push({testName: name, reason: `waitor of ${testName}`});
    }
  }
  return nodes;
}

/** Strongly connected groups of more than one test, each in the order of its waitons. */
function findCycles(nodes: ReadonlyMap<string, Node>): readonly (readonly string[])[] {
  const cycles: string[][] = [];
  const done = new Set<string>();
  const onPath: string[] = [];
  // An explicit stack: a chain of tens of thousands of tests must not exhaust the call stack.
  for (const start of nodes.keys()) {
    if (done.has(start)) {
      continue;
    }
    const stack: {readonly name: string; readonly waitons: Iterator<string>}[] = [];
    const enter = (name: string) => {
      onPath.push(name);
      stack.push({name, waitons: (nodes.get(name)?.definition.waitons ?? [])[Symbol.iterator]()});
    };
    enter(start);
    for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
      const next = frame.waitons.next();
      if (next.done) {
        done.add(frame.name);
        onPath.pop();
        stack.pop();
      } else {
        const at = onPath.indexOf(next.value);
        if (at >= 0) {
          cycles.push(onPath.slice(at));
        } else if (!done.has(next.value)) {
          enter(next.value);
        }
      }
    }
  }
  return cycles;
}

/** Extends the pattern list for the tests that were pulled in (runs.md 3.5), waiting tests before their waitons. */
function propagate(
  members: readonly string[],
  selected: readonly string[],
  nodes: ReadonlyMap<string, Node>,
): readonly string[] {
  const chosen = new Set(selected);
  const result = new Set(members);
  /** Item parts of the members that name a test literally. */
  const itemParts = new Map<string, Set<string>>();
  const add = (member: string) => {
    result.add(member);
    const slash = member.indexOf('/');
    if (slash >= 0) {
      const name = member.slice(0, slash);
      itemParts.set(name, (itemParts.get(name) ?? new Set()).add(member.slice(slash + 1)));
    }
  };
  members.forEach(add);
  for (const name of waitingFirst(nodes)) {
    const definition = nodes.get(name)?.definition;
    if (definition === undefined) {
      continue;
    }
    for (const waiton of [...definition.waitons, ...definition.waitors]) {
      if (chosen.has(waiton)) {
        continue;
      }
      const parts = [...(itemParts.get(name) ?? [''])];
      const map = new ItemMap(mapFor(definition, waiton));
      for (const part of parts) {
        add(`${waiton}/${part === '' ? '%' : map.apply(part)}`);
      }
    }
  }
  return [...result];
}

/** Names in an order in which every test comes before its waitons and waitors (cycles: in some order). */
function waitingFirst(nodes: ReadonlyMap<string, Node>): readonly string[] {
  const dependants = new Map<string, number>([...nodes.keys()].map((name) => [name, 0]));
  const upstream = (name: string) => {
    const definition = nodes.get(name)?.definition;
    return definition === undefined ? [] : [...definition.waitons, ...definition.waitors];
  };
  for (const name of nodes.keys()) {
    for (const waiton of upstream(name)) {
      dependants.set(waiton, (dependants.get(waiton) ?? 0) + 1);
    }
  }
  const order: string[] = [];
  const left = new Set(nodes.keys());
  const free = [...nodes.keys()].filter((name) => dependants.get(name) === 0);
  while (left.size > 0) {
    // Only a cycle leaves nothing free: then any test will do.
    const name = free.shift() ?? [...left][0] ?? '';
    if (!left.delete(name)) {
      continue;
    }
    order.push(name);
    for (const waiton of upstream(name)) {
      const count = (dependants.get(waiton) ?? 0) - 1;
      dependants.set(waiton, count);
      if (count === 0) {
        free.push(waiton);
      }
    }
  }
  return order;
}

/** The map that `definition` uses for `waiton`: the first row that matches the waiton, else the test itself (3.6). */
function mapFor(definition: TestDefinition, waiton: string): string {
  const row =
    definition.itemMaps.find(({testPattern}) => new TestPattern(testPattern).matchesName(waiton)) ??
    definition.itemMaps.find(({testPattern}) =>
      new TestPattern(testPattern).matchesName(definition.testName),
    );
  return row?.map ?? '';
}

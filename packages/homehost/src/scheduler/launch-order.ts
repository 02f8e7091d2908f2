/**
 * In which order tests are launched that could all go (spec runs.md 7.1), and two orders besides: the longest chain of recorded
 * durations first, so that the run as a whole ends early, and a shuffle by a seed, which finds tests that rely on an order.
 */
import {type PlannedItem, type PlannedTest, unreachable, upstreamOrder} from '@megatest/model';

export type LaunchOrder =
  | {readonly kind: 'priority'}
  /** Mean duration of one instance of a test; `undefined` = never seen. */
  | {readonly kind: 'critical-path'; readonly durationS: (testName: string) => number | undefined}
  | {readonly kind: 'shuffle'; readonly seed: number};

const byPriority: LaunchOrder = {kind: 'priority'};

/** Compares texts in descending order. */
const descending = (a: string, b: string) => (a < b ? 1 : a > b ? -1 : 0);

export function inLaunchOrder(
  tests: readonly PlannedTest[],
  order: LaunchOrder = byPriority,
): readonly PlannedTest[] {
  switch (order.kind) {
    case 'priority': {
      const waits = (test: PlannedTest) => Number(test.waitons.length > 0);
      return tests.toSorted(
        (a, b) => waits(b) - waits(a) || b.priority - a.priority || descending(a.testName, b.testName),
      );
    }
    case 'critical-path': {
      const paths = pathLengths(tests, order.durationS);
      const length = (test: PlannedTest) => paths.get(test.testName) ?? 0;
      return tests.toSorted(
        (a, b) => b.priority - a.priority || length(b) - length(a) || descending(a.testName, b.testName),
      );
    }
    case 'shuffle':
      return sortedBy(tests, ({testName}) => hash(order.seed, testName));
    default:
      return unreachable(order);
  }
}

/** Items go in the order of their list, but for the shuffle. */
export function itemsInLaunchOrder(
  testName: string,
  items: readonly PlannedItem[],
  order: LaunchOrder = byPriority,
): readonly PlannedItem[] {
  return order.kind === 'shuffle'
    ? sortedBy(items, ({itemPath}) => hash(order.seed, `${testName}/${itemPath}`))
    : items;
}

/** Seconds from the start of a test to the end of everything that waits for it, were there slots for all. */
function pathLengths(
  tests: readonly PlannedTest[],
  durationS: (testName: string) => number | undefined,
): ReadonlyMap<string, number> {
  const byName = new Map(tests.map((test) => [test.testName, test]));
  const waitonsOf = (testName: string) =>
    byName.get(testName)?.waitons.map((waiton) => waiton.testName) ?? [];
  const known = new Map(tests.map(({testName}) => [testName, durationS(testName)]));
  const seen = [...known.values()].filter((duration) => duration !== undefined);
  // A test that has never run is taken for an average one.
  const average = seen.length === 0 ? 1 : seen.reduce((sum, duration) => sum + duration, 0) / seen.length;
  const below = new Map<string, number>();
  const lengths = new Map<string, number>();
  for (const testName of upstreamOrder(byName.keys(), waitonsOf).toReversed()) {
    const length = (known.get(testName) ?? average) + (below.get(testName) ?? 0);
    lengths.set(testName, length);
    for (const waiton of waitonsOf(testName)) {
      below.set(waiton, Math.max(below.get(waiton) ?? 0, length));
    }
  }
  return lengths;
}

function sortedBy<T>(entries: readonly T[], key: (entry: T) => number): readonly T[] {
  return entries
    .map((entry) => ({entry, key: key(entry)}))
    .sort((a, b) => a.key - b.key)
    .map(({entry}) => entry);
}

/** FNV-1a with the finish of MurmurHash3, so that names which differ in their last letter land far apart. */
function hash(seed: number, text: string): number {
  let value = 0x811c9dc5 ^ seed;
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}

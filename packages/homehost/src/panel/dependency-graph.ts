/** The graph of what waits for what, from what the files of the area say (spec dashboard.md B5.6). */
import {findCycles, TestPattern} from '@megatest/model';
import type {AreaDescription, DependencyGraph, DependencyNode, DescribedTest} from '@megatest/rpc';
import type {StateCount, TestStateCount} from '@megatest/store';

export function dependencyGraph(
  {tests: described = [], problems}: Pick<AreaDescription, 'tests' | 'problems'>,
  testPatt: string | undefined,
  counts?: readonly TestStateCount[],
): DependencyGraph {
  const known = new Map(described.map((test) => [test.testName, test]));
  const waitonsOf = (name: string) => known.get(name)?.waitons ?? [];
  const names = chosen(known, testPatt);
  const edges = names.flatMap((name) =>
    waitonsOf(name).map(({testName, itemMap}): DependencyGraph['edges'][number] => [
      testName,
      name,
      itemMap === '' ? 'waiton' : 'itemmap',
    ]),
  );
  const ownWaits = edges.filter(([from, to]) => from === to).map(([name]) => [name]);
  const countsOf = counts === undefined ? undefined : byTest(counts);
  return {
    nodes: names.map((name) => nodeOf(name, known.get(name), countsOf)),
    edges: edges.filter(([from, to]) => from !== to),
    problems,
    cycles: [...ownWaits, ...findCycles(names, (name) => waitonsOf(name).map(({testName}) => testName))],
  };
}

/** Those that match, and what they wait for; a map can grow while it is walked. */
function chosen(known: ReadonlyMap<string, DescribedTest>, testPatt: string | undefined): readonly string[] {
  const pattern = testPatt === undefined || testPatt === '' ? undefined : new TestPattern(testPatt);
  const names = new Set(
    [...known.keys()].filter((name) => pattern === undefined || pattern.memberFor(name) !== undefined),
  );
  for (const name of names) {
    for (const {testName} of known.get(name)?.waitons ?? []) {
      names.add(testName);
    }
  }
  return [...names];
}

function byTest(counts: readonly TestStateCount[]): ReadonlyMap<string, readonly StateCount[]> {
  const grouped = new Map<string, StateCount[]>();
  for (const {testName, ...count} of counts) {
    const ofTest = grouped.get(testName) ?? [];
    ofTest.push(count);
    grouped.set(testName, ofTest);
  }
  return grouped;
}

function nodeOf(
  name: string,
  test: DescribedTest | undefined,
  countsOf: ReadonlyMap<string, readonly StateCount[]> | undefined,
): DependencyNode {
  return {
    name,
    items: test === undefined ? 0 : test.items,
    priority: test?.priority ?? 0,
    missing: test === undefined,
    isDynamic: test?.isDynamic ?? false,
    testDir: test?.testDir ?? null,
    ...(countsOf === undefined ? {} : {stateCounts: countsOf.get(name) ?? []}),
  };
}

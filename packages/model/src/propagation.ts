/** How the pattern list of a run grows for the tests that were pulled in as waitons and waitors (spec runs.md 3.5). */
import {ItemMap, mapTextFor} from './item-map.ts';
import type {PlanNode} from './plan.ts';
import {upstreamOrder} from './upstream-order.ts';

/**
 * The members of the extended list. Every waiting test is looked at before its waitons, and a waiton that several tests share
 * gets what each of them needs. Tests that are `chosen` by the user's own pattern keep exactly that.
 */
export function propagate(
  members: readonly string[],
  chosen: ReadonlySet<string>,
  nodes: ReadonlyMap<string, PlanNode>,
): readonly string[] {
  const result = new Set(members);
  /** Item parts of the members that name a test literally; the empty one means the test as a whole. */
  const itemParts = new Map<string, Set<string>>();
  const add = (member: string) => {
    result.add(member);
    const slash = member.indexOf('/');
    const name = slash < 0 ? member : member.slice(0, slash);
    const parts = itemParts.get(name) ?? new Set();
    itemParts.set(name, parts.add(slash < 0 ? '' : member.slice(slash + 1)));
  };
  members.forEach(add);
  const upstream = (testName: string) => {
    const definition = nodes.get(testName)?.definition;
    return definition === undefined ? [] : [...definition.waitons, ...definition.waitors];
  };
  for (const testName of upstreamOrder(nodes.keys(), upstream).toReversed()) {
    const definition = nodes.get(testName)?.definition;
    if (definition === undefined) {
      continue;
    }
    for (const waiton of upstream(testName).filter((name) => !chosen.has(name))) {
      const map = new ItemMap(mapTextFor(definition, waiton));
      for (const part of itemParts.get(testName) ?? ['']) {
        add(`${waiton}/${part === '' ? '%' : map.apply(part)}`);
      }
    }
  }
  return [...result];
}

import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {findCycles, upstreamOrder} from './upstream-order.ts';

/** Up to ten tests, each with up to three waitons of any kind. */
const web = fc
  .array(fc.array(fc.nat({max: 9}), {maxLength: 3}), {minLength: 1, maxLength: 10})
  .map((lists) => new Map(lists.map((list, index) => [`t${index}`, list.map((other) => `t${other}`)])));

function reachable(graph: ReadonlyMap<string, readonly string[]>, start: string): ReadonlySet<string> {
  const found = new Set<string>();
  const left = [...(graph.get(start) ?? [])];
  for (let name = left.pop(); name !== undefined; name = left.pop()) {
    if (!found.has(name)) {
      found.add(name);
      left.push(...(graph.get(name) ?? []));
    }
  }
  return found;
}

describe('the upstream order', () => {
  it('puts waitons before what waits for them, in the given order otherwise', () => {
    const waitons = new Map([
      ['c', ['a']],
      ['b', []],
      ['a', ['gone']],
    ]);
    expect(upstreamOrder(waitons.keys(), (name) => waitons.get(name) ?? [])).toEqual(['b', 'a', 'c']);
  });

  it('holds every name once, with no waiton after its dependant but for cycles', () => {
    fc.assert(
      fc.property(web, (graph) => {
        const order = upstreamOrder(graph.keys(), (name) => graph.get(name) ?? []);
        expect(order.toSorted()).toEqual([...graph.keys()].toSorted());
        for (const [name, waitons] of graph) {
          const isTangled = [name, ...reachable(graph, name)].some((one) => reachable(graph, one).has(one));
          for (const waiton of waitons.filter((one) => graph.has(one) && !isTangled)) {
            expect(order.indexOf(waiton)).toBeLessThan(order.indexOf(name));
          }
        }
      }),
    );
  });
});

describe('cycles', () => {
  it('are paths of waitons back to their start, and hold exactly the tests that can reach themselves', () => {
    fc.assert(
      fc.property(web, (graph) => {
        const waitonsOf = (name: string) => (graph.get(name) ?? []).filter((waiton) => waiton !== name);
        const simple = new Map([...graph.keys()].map((name) => [name, waitonsOf(name)]));
        const cycles = findCycles(graph.keys(), waitonsOf);
        for (const cycle of cycles) {
          for (const [index, name] of cycle.entries()) {
            expect(waitonsOf(name)).toContain(cycle[(index + 1) % cycle.length]);
          }
        }
        const tangled = [...graph.keys()].filter((name) => reachable(simple, name).has(name));
        expect([...new Set(cycles.flat())].toSorted()).toEqual(tangled.toSorted());
      }),
    );
  });
});

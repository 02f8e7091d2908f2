/** The order of dependencies, and the groups of tests that wait for each other and so have none. */

/**
 * Waitons before what waits for them, otherwise in the given order. What is part of a cycle, or waits for one, stands at the
 * end. Waitons that are not among the names are passed over.
 */
export function upstreamOrder(
  names: Iterable<string>,
  waitonsOf: (testName: string) => readonly string[],
): readonly string[] {
  const given = new Set(names);
  const dependants = new Map<string, string[]>();
  const left = new Map<string, number>();
  for (const name of given) {
    const waitons = waitonsOf(name).filter((waiton) => given.has(waiton));
    left.set(name, waitons.length);
    for (const waiton of waitons) {
      const list = dependants.get(waiton);
      if (list === undefined) {
        dependants.set(waiton, [name]);
      } else {
        list.push(name);
      }
    }
  }
  const order = new Set([...given].filter((name) => left.get(name) === 0));
  // A set can grow while it is walked: what becomes free is visited after what was free before.
  for (const name of order) {
    for (const dependant of dependants.get(name) ?? []) {
      const count = (left.get(dependant) ?? 0) - 1;
      left.set(dependant, count);
      if (count === 0) {
        order.add(dependant);
      }
    }
  }
  return [...order, ...[...given].filter((name) => !order.has(name))];
}

/**
 * Cycles of tests that wait for each other, each as a path `a, b, c` in which a waits for b, b for c and c for a. Together
 * they hold every test that can reach itself through its waitons.
 */
export function findCycles(
  names: Iterable<string>,
  waitonsOf: (testName: string) => readonly string[],
): readonly (readonly string[])[] {
  return knots([...names], waitonsOf).flatMap((knot) => {
    const members = new Set(knot);
    const uncovered = new Set(knot);
    const cycles: (readonly string[])[] = [];
    for (const start of knot) {
      if (uncovered.has(start)) {
        const cycle = shortestCycle(start, (name) => waitonsOf(name).filter((waiton) => members.has(waiton)));
        for (const name of cycle) {
          uncovered.delete(name);
        }
        cycles.push(cycle);
      }
    }
    return cycles;
  });
}

/** Strongly connected groups of more than one test, after Tarjan; with a stack of its own, so that long chains do no harm. */
function knots(
  names: readonly string[],
  waitonsOf: (testName: string) => readonly string[],
): readonly (readonly string[])[] {
  const found: string[][] = [];
  const numbers = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const isOpen = new Set<string>();
  const lower = (name: string, number: number) => {
    lowest.set(name, Math.min(lowest.get(name) ?? number, number));
  };
  for (const start of names) {
    if (numbers.has(start)) {
      continue;
    }
    const path: {readonly name: string; readonly waitons: Iterator<string>}[] = [];
    const enter = (name: string) => {
      numbers.set(name, numbers.size);
      lower(name, numbers.size - 1);
      open.push(name);
      isOpen.add(name);
      path.push({name, waitons: waitonsOf(name)[Symbol.iterator]()});
    };
    enter(start);
    for (let place = path.at(-1); place !== undefined; place = path.at(-1)) {
      const {name, waitons} = place;
      const next = waitons.next();
      if (next.done !== true) {
        const number = numbers.get(next.value);
        if (number === undefined) {
          enter(next.value);
        } else if (isOpen.has(next.value)) {
          lower(name, number);
        }
        continue;
      }
      path.pop();
      const own = lowest.get(name) ?? 0;
      const above = path.at(-1);
      if (above !== undefined) {
        lower(above.name, own);
      }
      if (own === numbers.get(name)) {
        const knot = open.splice(open.lastIndexOf(name));
        for (const member of knot) {
          isOpen.delete(member);
        }
        if (knot.length > 1) {
          found.push(knot);
        }
      }
    }
  }
  return found;
}

/** The shortest way from a test back to itself; it must have one. */
function shortestCycle(start: string, waitonsOf: (testName: string) => readonly string[]): readonly string[] {
  const from = new Map<string, string>();
  const reached = new Set([start]);
  for (const name of reached) {
    for (const waiton of waitonsOf(name)) {
      if (waiton === start) {
        const path = [name];
        for (let before = from.get(name); before !== undefined; before = from.get(before)) {
          path.unshift(before);
        }
        return path;
      }
      if (!reached.has(waiton)) {
        reached.add(waiton);
        from.set(waiton, name);
      }
    }
  }
  throw new Error(`${start} is not part of a cycle`);
}

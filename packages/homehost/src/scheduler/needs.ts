/**
 * Which items of an upstream test the instances of a dependant need, and which instances a changed item concerns. With an
 * identity map nothing is remembered: the instance that needs an item has the same path.
 */
import {TestPattern} from '@megatest/model';
import {type ItemVerdict, judgeItem, stronger} from './gate.ts';
import type {MayOthersStart} from './others.ts';
import {type Edge, itemView, type Node, type PatternNeed, type ScheduledInstance} from './schedule-node.ts';

/** Whether the dependant's gate looks at single items of the upstream test. */
export function isItemwise({dependant}: Edge): boolean {
  const {modes, iterated} = dependant.plan;
  return iterated !== 'no' && (modes.includes('itemwait') || modes.includes('itemmatch'));
}

/** The item path of the upstream test that an item of the dependant needs; empty = all of it. */
export function neededPath({map}: Pick<Edge, 'map'>, itemPath: string): string {
  return map.isIdentity ? itemPath : map.apply(itemPath);
}

/** Remembers what an instance needs, where that cannot be read off its own path. */
export function remember(edge: Edge, instance: ScheduledInstance): void {
  const path = neededPath(edge, instance.itemPath);
  if (!isItemwise(edge) || path === '') {
    return;
  }
  if (path.includes('%')) {
    const need = edge.patternNeeds.get(path) ?? patternNeed(path);
    edge.patternNeeds.set(path, need);
    need.instances.push(instance);
  } else if (!edge.map.isIdentity) {
    const list = edge.needs.get(path);
    if (list === undefined) {
      edge.needs.set(path, [instance]);
    } else {
      list.push(instance);
    }
  }
}

/** What the upstream rows say to an item that needs `path`. */
export function judgeNeed(edge: Edge, path: string, mayOthersStart: MayOthersStart): ItemVerdict {
  const {upstream, patternNeeds} = edge;
  if (!isKnown(upstream)) {
    return 'undecided';
  }
  if (!path.includes('%')) {
    return judgePath(upstream, path, mayOthersStart);
  }
  const need = patternNeeds.get(path) ?? patternNeed(path);
  if (need.version !== upstream.version) {
    refresh(need, upstream, mayOthersStart);
  }
  return need.verdict;
}

/** Calls `wake` with the instances of a dependant that may have something to do now that an upstream item has changed. */
export function wakeConcerned(
  edge: Edge,
  itemPath: string,
  mayOthersStart: MayOthersStart,
  wake: (instance: ScheduledInstance) => void,
): void {
  if (!isItemwise(edge) || !isKnown(edge.upstream)) {
    return;
  }
  const own = judgePath(edge.upstream, itemPath, mayOthersStart);
  const isOpen = own === 'wait' || own === 'undecided';
  if (!isOpen) {
    const same = edge.map.isIdentity ? edge.dependant.instances.get(itemPath) : undefined;
    if (same !== undefined) {
      wake(same);
    }
    edge.needs.get(itemPath)?.forEach(wake);
    // This item has said what it has to say; a later change of the test as a whole wakes everybody anyway.
    edge.needs.delete(itemPath);
  }
  for (const need of edge.patternNeeds.values()) {
    if (!need.matches(itemPath)) {
      continue;
    }
    if (need.witness !== undefined && need.witness !== itemPath && (isOpen || own === 'go')) {
      need.version = edge.upstream.version;
      continue;
    }
    refresh(need, edge.upstream, mayOthersStart);
    if (need.verdict !== 'wait' && need.verdict !== 'undecided') {
      need.instances.forEach(wake);
      need.instances = [];
    }
  }
}

/** Before its rows are registered, nobody can say which items of a test this run launches. */
function isKnown({phase}: Node): boolean {
  return phase === 'open' || phase === 'closed';
}

function patternNeed(path: string): PatternNeed {
  return {
    matches: new TestPattern(`%/${path}`).forTest(''),
    instances: [],
    verdict: 'none',
    version: -1,
    witness: undefined,
  };
}

function refresh(need: PatternNeed, upstream: Node, mayOthersStart: MayOthersStart): void {
  need.version = upstream.version;
  need.verdict = 'none';
  need.witness = undefined;
  for (const paths of [upstream.instances.keys(), upstream.strangers.keys()]) {
    for (const path of paths) {
      if (need.matches(path)) {
        const verdict = judgePath(upstream, path, mayOthersStart);
        need.verdict = stronger(need.verdict, verdict);
        if (verdict === 'wait' || verdict === 'undecided') {
          need.witness = path;
        }
      }
    }
  }
}

function judgePath(upstream: Node, itemPath: string, mayOthersStart: MayOthersStart): ItemVerdict {
  const item = itemView(upstream, itemPath);
  return item === undefined ? 'none' : judgeItem(item, () => mayOthersStart(upstream.plan.testName));
}

/** Why an instance has not been launched, and what waits for it, in sentences for people. Nothing is decided here. */
import {unreachable} from '@megatest/model';
import type {Gate, Verdict} from './gate.ts';
import type {Judged} from './judge-edge.ts';
import {neededPath} from './needs.ts';
import {
  type Edge,
  fullName,
  isSettled,
  itemView,
  type Node,
  type ScheduledInstance,
} from './schedule-node.ts';

/** One sentence without a full stop; `judged` holds the verdicts of all waitons on the item path that is asked about. */
export function explainWaiting(
  node: Node,
  itemPath: string,
  judged: readonly Judged[],
  {retries, testPatt}: {readonly retries: number; readonly testPatt: string},
): string {
  const instance = node.instances.get(itemPath);
  const {testName, modes, isInCycle, jobgroup, items} = node.plan;
  const name = itemPath === '' ? testName : `${testName}/${itemPath}`;
  if (isInCycle) {
    return `${name} can never run: it waits for itself through its waitons`;
  }
  if (node.phase === 'expanding' || node.phase === 'registering') {
    return `${name} is being prepared: the items of ${testName} are being ${node.phase === 'expanding' ? 'listed' : 'registered'}`;
  }
  if (instance === undefined && node.phase === 'open') {
    return itemPath === ''
      ? `${testName} has items: ${node.undecided} of ${node.instances.size} have not been launched yet`
      : `${name} is not part of this run: the pattern "${testPatt}" does not want it, or there is no such item`;
  }
  const reasons = judged
    .filter(({verdict}) => verdict !== 'go')
    .map(({edge, gate, verdict}) => reason(edge, gate, verdict, itemPath));
  switch (instance?.phase) {
    case 'ready':
      return `${name} may go and waits for a free slot${jobgroup === '' ? '' : ` (job group ${jobgroup})`}`;
    case 'launching':
      return `${name} is being launched`;
    case 'launched':
      return `${name} has been launched and is ${instance.state}/${instance.status}`;
    case 'backoff':
      return `${name} has ended with ${instance.status} and is launched again after a pause (retry ${retries} of ${node.plan.retry?.count ?? retries})`;
    default: {
      const isOver = instance?.phase === 'left' || node.phase === 'closed';
      if (reasons.length > 0) {
        return `${name} ${isOver ? 'was not launched: it ' : ''}${reasons.join(', and ')}`;
      }
      if (isOver) {
        const {state, status} = instance ?? node.parent;
        return items.length === 0 && instance === undefined
          ? `${name} is not launched: no item of it matches the pattern "${testPatt}", or it has none (${state}/${status})`
          : `${name} is not launched by this run: it is ${state}/${status}`;
      }
      return modes.includes('exclusive')
        ? `${name} waits until the same test has ended in the other runs (mode exclusive)`
        : `${name} may go`;
    }
  }
}

/** The tests and items that wait for an instance, or for a test as a whole, at most `limit` of them by name. */
export function explainDependants(node: Node, itemPath: string, limit: number): readonly string[] {
  const names: string[] = [];
  let more = 0;
  const add = (name: string) => {
    if (names.length < limit) {
      names.push(name);
    } else {
      more += 1;
    }
  };
  for (const edge of node.dependants) {
    const {dependant} = edge;
    if (dependant.phase === 'waiting') {
      add(dependant.plan.testName);
    }
    for (const instance of dependant.instances.values()) {
      if (instance.phase === 'pending' && isMeant(edge, instance, itemPath)) {
        add(fullName(instance));
      }
    }
  }
  return more === 0 ? names : [...names, `and ${more} more`];
}

function isMeant(edge: Edge, instance: ScheduledInstance, itemPath: string): boolean {
  const path = neededPath(edge, instance.itemPath);
  return itemPath === '' || path === itemPath || path === '' || path.includes('%');
}

/** Completes `T ...`. */
function reason({upstream, map}: Edge, gate: Gate, verdict: Verdict, itemPath: string): string {
  const {testName} = upstream.plan;
  const path = gate === 'item' ? neededPath({map}, itemPath) : '';
  const item = path === '' ? undefined : itemView(upstream, path);
  const name = item === undefined ? testName : `${testName}/${path}`;
  const {state, status} = item ?? upstream.parent;
  const isQueued = item === undefined ? !isSettled(upstream) : !item.isDecided;
  switch (verdict) {
    case 'go':
      return `does not wait for ${name}`;
    case 'wait':
      return `waits for ${name}, which ${isQueued ? 'has not been launched yet' : `is ${state}/${status}`}`;
    case 'fail':
      return `cannot run because ${name} ended with ${state}/${status}`;
    case 'discard':
      return `cannot run because ${name} will never run (${state}/${status})`;
    default:
      return unreachable(verdict);
  }
}

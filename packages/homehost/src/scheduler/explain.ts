/** Why an instance has not been launched, and what waits for it, in sentences for people. Nothing is decided here. */
import {isDeadEndStatus, type StateStatus, unreachable} from '@megatest/model';
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

export type Asked = {
  readonly node: Node;
  readonly itemPath: string;
  /** The verdicts of all waitons on that item path. */
  readonly judged: readonly Judged[];
  readonly retries: number;
  /** The extended pattern list of the run. */
  readonly testPatt: string;
};

/** One sentence without a full stop. */
export function explainWaiting(asked: Asked): string {
  const {node, itemPath, retries} = asked;
  const {plan} = node;
  const {testName, jobgroup} = plan;
  const instance = node.instances.get(itemPath);
  const name = itemPath === '' ? testName : `${testName}/${itemPath}`;
  if (instance === undefined) {
    return `${name} ${explainTest(asked)}`;
  }
  const value = `${instance.state}/${instance.status}`;
  switch (instance.phase) {
    case 'pending':
      return `${name} ${explainPending(asked)}`;
    case 'ready':
      return `${name} may go and waits for a free slot${jobgroup === '' ? '' : ` (job group ${jobgroup})`}`;
    case 'launching':
      return `${name} is being launched`;
    case 'launched':
      return `${name} has been launched and is ${value}`;
    case 'backoff':
      return `${name} has ended with ${instance.status} and is launched again after a pause (retry ${retries} of ${plan.retry?.count ?? retries})`;
    case 'blocking':
    case 'left':
      return `${name} ${explainLeft(asked, instance)}`;
    default:
      return unreachable(instance.phase);
  }
}

/** Of a test as a whole, or of an item that has no instance. */
function explainTest(asked: Asked): string {
  const {node, itemPath, testPatt} = asked;
  if (node.plan.isInCycle) {
    return 'can never run: it waits for itself through its waitons';
  }
  switch (node.phase) {
    case 'waiting':
      return explainPending(asked);
    case 'expanding':
      return 'waits until a command has listed the items';
    case 'registering':
      return 'is being registered';
    case 'open':
      return itemPath === ''
        ? `has items, ${node.undecided} of ${node.instances.size} are not launched yet`
        : `is not part of this run: the pattern "${testPatt}" does not want it, or there is no such item`;
    case 'closed':
      return node.items.length === 0 && !isDeadEndStatus(node.parent.status)
        ? `is not launched: the pattern "${testPatt}" wants nothing of it`
        : explainLeft(asked, node.parent);
    default:
      return unreachable(node.phase);
  }
}

function explainPending({node, itemPath, judged}: Asked): string {
  const reasons = judged
    .filter(({verdict}) => verdict !== 'go')
    .map(({edge, gate, verdict}) => reason(edge, gate, verdict, itemPath));
  if (reasons.length > 0) {
    return reasons.join(', and ');
  }
  return node.plan.modes.includes('exclusive')
    ? 'waits until the same test has ended in the other runs (mode exclusive)'
    : 'may go';
}

function explainLeft({judged, itemPath}: Asked, {state, status}: StateStatus): string {
  const culprits = judged
    .filter(({verdict}) => verdict === 'fail' || verdict === 'discard')
    .map(({edge, gate, verdict}) => reason(edge, gate, verdict, itemPath));
  const isBlocked = state === 'NOT_STARTED' && isDeadEndStatus(status);
  return isBlocked && culprits.length > 0
    ? `was not launched (${status}): it ${culprits.join(', and ')}`
    : `is not launched by this run: it is ${state}/${status}`;
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

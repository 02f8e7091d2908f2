/**
 * What the schedule remembers of a test of the plan, of each of its instances, and of each dependency between two tests. The
 * counters of a node always follow from its instances; only `place` changes both.
 */
import {
  ItemMap,
  isDeadEndStatus,
  isEnded,
  isGood,
  isRunning,
  type PlannedItem,
  type PlannedTest,
  type StateStatus,
  unreachable,
} from '@megatest/model';
import type {ItemVerdict, Upstream, UpstreamItem} from './gate.ts';
import {Heap} from './heap.ts';

/**
 * `pending` (its gate is closed) -> `ready` (only a slot is missing) -> `launching` (given away, its row does not say so yet) ->
 * `launched`; `backoff` = it failed and is launched again after a pause. `left` = this run does not launch it (any more); while the
 * row of a blocked item does not say so yet, it is `blocking`.
 */
export type Phase = 'pending' | 'ready' | 'launching' | 'launched' | 'backoff' | 'blocking' | 'left';

export type ScheduledInstance = {
  readonly node: Node;
  readonly itemPath: string;
  readonly vars: PlannedItem['vars'];
  readonly testId: number;
  /** Its place among the instances of its test. */
  readonly rank: number;
  state: string;
  status: string;
  phase: Phase;
};

/** Where an instance stands for somebody who counts tests. */
export type Standing = 'waiting' | 'running' | 'passed' | 'failed';

export type Node = {
  readonly plan: PlannedTest;
  /** Its place in the order of launching. */
  readonly rank: number;
  readonly upstream: Edge[];
  readonly dependants: Edge[];
  /** `waiting` (its gate is closed) -> `expanding` (its items are asked for) -> `registering` (its rows are made) -> `open`. */
  phase: 'waiting' | 'expanding' | 'registering' | 'open' | 'closed';
  /** The parent row, or the only row of a test without items, as it was last told. */
  parent: StateStatus;
  items: readonly PlannedItem[];
  readonly instances: Map<string, ScheduledInstance>;
  /** Item rows of this test that are not in this queue, by item path. */
  readonly strangers: Map<string, StateStatus>;
  readonly ready: Heap<ScheduledInstance>;
  undecided: number;
  active: number;
  /** Instances whose phase has not reached their rows yet: until then, the parent row tells of the time before. */
  unwritten: number;
  hasLaunched: boolean;
  /** Counts the changes of its rows and instances. */
  version: number;
  /** What its dependants were last told of it. */
  told: {readonly isFinished: boolean; readonly canExpand: boolean; readonly parent: StateStatus};
  isSettled: boolean;
};

/** `dependant` waits for `upstream`. */
export type Edge = {
  readonly dependant: Node;
  readonly upstream: Node;
  readonly map: ItemMap;
  /** Instances of the dependant by the upstream item that they need, where a map makes the two paths differ. */
  readonly needs: Map<string, ScheduledInstance[]>;
  /** The same for mapped paths with `%`, which mean all items that match. */
  readonly patternNeeds: Map<string, PatternNeed>;
};

export type PatternNeed = {
  readonly matches: (itemPath: string) => boolean;
  instances: ScheduledInstance[];
  /** What was judged last, at which version of the upstream test. */
  verdict: ItemVerdict;
  version: number;
  /** One item that keeps the verdict from being `go`: while it stays as it is, no good news of another one matters. */
  witness: string | undefined;
};

export function makeNode(plan: PlannedTest, rank: number): Node {
  const parent = {state: 'NOT_STARTED', status: 'n/a'};
  return {
    plan,
    rank,
    upstream: [],
    dependants: [],
    phase: 'waiting',
    parent,
    items: plan.items,
    instances: new Map(),
    strangers: new Map(),
    ready: new Heap((a, b) => a.rank < b.rank),
    undecided: 0,
    active: 0,
    unwritten: 0,
    hasLaunched: false,
    version: 0,
    told: {isFinished: false, canExpand: false, parent},
    isSettled: true,
  };
}

/** An edge that its two tests do not know of. */
export function makeEdge(dependant: Node, upstream: Node, itemMap: string): Edge {
  return {dependant, upstream, map: new ItemMap(itemMap), needs: new Map(), patternNeeds: new Map()};
}

export function connect(dependant: Node, upstream: Node, itemMap: string): void {
  const edge = makeEdge(dependant, upstream, itemMap);
  dependant.upstream.push(edge);
  upstream.dependants.push(edge);
}

/** Puts an instance into a phase, with the values of its row, and keeps the counters of its node right. */
export function place(instance: ScheduledInstance, phase: Phase, {state, status}: StateStatus): void {
  count(instance, -1);
  instance.phase = phase;
  instance.state = state;
  instance.status = status;
  instance.node.version += 1;
  count(instance, 1);
}

/** Adds a new instance to its node. */
export function admit(instance: ScheduledInstance): void {
  instance.node.instances.set(instance.itemPath, instance);
  instance.node.version += 1;
  count(instance, 1);
}

function count(instance: ScheduledInstance, by: 1 | -1): void {
  const {node} = instance;
  node.undecided += isDecided(instance) ? 0 : by;
  node.active += isActive(instance) ? by : 0;
  node.unwritten += instance.phase === 'launching' || instance.phase === 'blocking' ? by : 0;
}

/** The engine has decided about it: launched, left as it is, skipped or blocked. */
export function isDecided({phase}: ScheduledInstance): boolean {
  return phase !== 'pending' && phase !== 'ready' && phase !== 'backoff';
}

export function isActive({phase, state}: ScheduledInstance): boolean {
  return phase === 'launching' || isRunning(state);
}

export function standing(instance: ScheduledInstance): Standing {
  if (isActive(instance)) {
    return 'running';
  }
  return isDecided(instance) ? standingOfRow(instance) : 'waiting';
}

/** The same for a row that this schedule does not move any more. */
export function standingOfRow({state, status}: StateStatus): Standing {
  if (isGood(state, status)) {
    return 'passed';
  }
  const isOver = state === 'NOT_STARTED' ? isDeadEndStatus(status) : isEnded(state) || state === 'DELETED';
  return isOver ? 'failed' : 'waiting';
}

/** Instances of a test that will probably be there, while they are not known. */
export function expectedSize({plan}: Node): number {
  switch (plan.iterated) {
    case 'no':
      return plan.items.length;
    case 'now':
      return plan.itemCount === 0 ? 1 : plan.items.length;
    case 'later':
      return Math.max(1, plan.items.length);
    default:
      return unreachable(plan.iterated);
  }
}

/** The pattern list wants nothing of the test: its row stays as it is, and the gate does not matter (spec runs.md 3.7). */
export function isLeftOut({plan}: Node): boolean {
  return plan.iterated !== 'later' && plan.items.length === 0 && plan.itemCount !== 0;
}

/** Nothing of the node is left to decide. */
export function isSettled({phase, undecided}: Node): boolean {
  return phase === 'closed' || (phase === 'open' && undecided === 0);
}

export function fullName({node, itemPath}: ScheduledInstance): string {
  const {testName} = node.plan;
  return itemPath === '' ? testName : `${testName}/${itemPath}`;
}

/** A test as the gates of its dependants see it. */
export function upstreamView(node: Node, mayStillStart: () => boolean, item: ItemVerdict): Upstream {
  const parent = node.unwritten > 0 ? {state: 'RUNNING', status: 'n/a'} : node.parent;
  return {
    parent,
    isDecided: isSettled(node),
    hasActive: node.active > 0,
    hasLaunched: node.hasLaunched,
    mayStillStart,
    item,
  };
}

/** One item row of a test as the gates of its dependants see it; `undefined` when there is no such row. */
export function itemView(node: Node, itemPath: string): UpstreamItem | undefined {
  const instance = node.instances.get(itemPath);
  if (instance !== undefined) {
    return instanceView(instance);
  }
  const stranger = node.strangers.get(itemPath);
  return stranger === undefined ? undefined : {...stranger, isDecided: true};
}

function instanceView(instance: ScheduledInstance): UpstreamItem {
  const {phase, state, status} = instance;
  return {state: phase === 'launching' ? 'LAUNCHED' : state, status, isDecided: isDecided(instance)};
}

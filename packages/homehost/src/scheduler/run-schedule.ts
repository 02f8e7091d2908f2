/**
 * What one driver does next: a pure object that is told of rows registered and changed, and answers with what is to be done.
 *
 * A test is `waiting` (its gate is closed), `expanding` (its items are being asked for), `registering` (its rows are being made),
 * `open` (its instances wait, are launched or left) or `closed` (blocked, without items, or part of a cycle). An instance is
 * `pending` (its gate is closed), `ready` (only a slot is missing), `launched` or `left`. A finished test costs its own update and
 * a look at what waits for it, whatever the size of the run.
 */
import {
  ItemMap,
  isEnded,
  isGood,
  isRunning,
  type PlannedItem,
  type PlannedTest,
  type StateStatus,
  TestPattern,
} from '@megatest/model';
import {judge, type Upstream, type Verdict} from './gate.ts';
import {type DecisionOptions, decideLaunch} from './launch-decision.ts';

export type RegisteredRow = StateStatus & {
  readonly itemPath: string;
  readonly testId: number;
  readonly isOwnLaunch: boolean;
};

export type Action =
  /** Items come from a command: ask a manager, then call `expanded`. */
  | {readonly kind: 'expand'; readonly testName: string; readonly testDir: string}
  /** Make these rows, then call `registered`. */
  | {readonly kind: 'register'; readonly testName: string; readonly items: readonly PlannedItem[]}
  /** Write NOT_STARTED with this status to a row. */
  | {
      readonly kind: 'block';
      readonly testName: string;
      readonly itemPath: string;
      readonly status: string;
      readonly comment: string;
    }
  | {readonly kind: 'message'; readonly level: number; readonly text: string};

export type ScheduleOptions = DecisionOptions & {
  /** Whether the same instance is running in any run of the area, for mode `exclusive`. */
  readonly isRunningAnywhere: (testName: string, itemPath: string | undefined) => boolean;
};

export type Instance = {
  readonly testName: string;
  readonly itemPath: string;
  readonly vars: readonly (readonly [string, string])[];
  readonly testId: number;
};

type MutableInstance = Instance & {
  readonly node: Node;
  state: string;
  status: string;
  phase: 'pending' | 'ready' | 'launched' | 'left';
};

type Node = {
  readonly plan: PlannedTest;
  readonly maps: readonly {readonly upstream: Node; readonly map: ItemMap}[];
  readonly dependants: Node[];
  phase: 'waiting' | 'expanding' | 'registering' | 'open' | 'closed';
  parent: StateStatus;
  parentId: number;
  items: readonly PlannedItem[];
  readonly instances: Map<string, MutableInstance>;
  readonly ready: MutableInstance[];
  /** Instances that are pending or ready. */
  undecided: number;
  active: number;
  hasLaunched: boolean;
  /** Pending instances of dependants, by the item path of this test that they need. */
  readonly waiters: Map<string, MutableInstance[]>;
};

const failComment = 'Failed to run due to failed prerequisites';
const discardComment = 'Failed to run due to prior failed prerequisites';

export class RunSchedule {
  readonly #options: ScheduleOptions;
  readonly #pattern: TestPattern;
  readonly #nodes = new Map<string, Node>();
  /** In the order of launching. */
  readonly #order: readonly Node[];
  readonly #dirtyNodes = new Set<Node>();
  readonly #dirtyInstances = new Set<MutableInstance>();
  readonly #actions: Action[] = [];

  constructor(
    plan: {readonly tests: readonly PlannedTest[]; readonly testPatt: string},
    options: ScheduleOptions,
  ) {
    this.#options = options;
    this.#pattern = new TestPattern(plan.testPatt);
    for (const test of inUpstreamOrder(plan.tests)) {
      this.#addNode(test);
    }
    this.#order = [...this.#nodes.values()].sort(byLaunchOrder);
    for (const node of this.#order) {
      this.#dirtyNodes.add(node);
    }
  }

  /** What is to be done now; call after every change. */
  advance(): readonly Action[] {
    while (this.#dirtyNodes.size > 0 || this.#dirtyInstances.size > 0) {
      for (const node of [...this.#dirtyNodes]) {
        this.#dirtyNodes.delete(node);
        this.#tryExpand(node);
      }
      for (const instance of [...this.#dirtyInstances]) {
        this.#dirtyInstances.delete(instance);
        this.#tryInstance(instance);
      }
    }
    return this.#actions.splice(0);
  }

  /** Ids and present values of the rows with empty item path, which exist from the start. */
  parentRegistered(testName: string, testId: number, row: StateStatus): void {
    const node = this.#nodes.get(testName);
    if (node !== undefined) {
      node.parentId = testId;
      node.parent = row;
    }
  }

  expanded(testName: string, items: readonly PlannedItem[]): void {
    const node = this.#nodes.get(testName);
    if (node?.phase === 'expanding') {
      node.items = items.filter((item) => this.#pattern.matches(testName, item.itemPath));
      this.#register(node);
    }
  }

  registered(testName: string, rows: readonly RegisteredRow[]): void {
    const node = this.#nodes.get(testName);
    if (node?.phase !== 'registering') {
      return;
    }
    const varsOf = new Map(node.items.map((item) => [item.itemPath, item.vars]));
    node.phase = 'open';
    for (const row of rows) {
      const {testId, itemPath, state, status} = row;
      const instance: MutableInstance = {
        node,
        testName,
        itemPath,
        vars: varsOf.get(itemPath) ?? [],
        testId,
        state,
        status,
        phase: 'pending',
      };
      node.instances.set(itemPath, instance);
      node.active += isRunning(state) ? 1 : 0;
      const name = itemPath === '' ? testName : `${testName}/${itemPath}`;
      const decision = row.isOwnLaunch ? undefined : decideLaunch(name, row, this.#options);
      if (decision?.kind === 'launch') {
        node.undecided += 1;
        this.#watch(instance);
        this.#dirtyInstances.add(instance);
      } else {
        instance.phase = 'left';
        if (decision !== undefined) {
          this.#actions.push({kind: 'message', level: decision.level, text: decision.text});
        }
      }
    }
    this.#wakeDependants(node, undefined);
  }

  /** A row of this run has new values. */
  rowChanged(testName: string, itemPath: string, row: StateStatus): void {
    const node = this.#nodes.get(testName);
    if (node === undefined) {
      return;
    }
    const isOwnRow = itemPath === '';
    if (isOwnRow) {
      node.parent = {state: row.state, status: row.status};
    }
    const instance = node.instances.get(itemPath);
    if (instance !== undefined) {
      node.active += (isRunning(row.state) ? 1 : 0) - (isRunning(instance.state) ? 1 : 0);
      node.hasLaunched ||= isRunning(row.state);
      instance.state = row.state;
      instance.status = row.status;
    }
    this.#wakeDependants(node, isOwnRow && instance === undefined ? undefined : itemPath);
  }

  /** The next instance to launch, in order, of a test that `mayLaunch` allows; it counts as launched from now on. */
  takeReady(
    mayLaunch: (jobgroup: string) => boolean,
  ): {readonly instance: Instance; readonly plan: PlannedTest} | undefined {
    for (const node of this.#order) {
      if (node.ready.length > 0 && mayLaunch(node.plan.jobgroup)) {
        const instance = node.ready.shift();
        if (instance !== undefined) {
          this.#decide(instance, 'launched');
          node.hasLaunched = true;
          return {instance, plan: node.plan};
        }
      }
    }
    return undefined;
  }

  /** An exclusive instance, or one that was running elsewhere, may go now. */
  recheckExclusive(): void {
    for (const node of this.#order) {
      if (node.plan.modes.includes('exclusive')) {
        this.#dirtyNodes.add(node);
        for (const instance of node.instances.values()) {
          this.#dirtyInstances.add(instance);
        }
      }
    }
  }

  /** Nothing is left to launch or to decide. */
  get isDone(): boolean {
    return this.#order.every(
      (node) => node.phase === 'closed' || (node.phase === 'open' && node.undecided === 0),
    );
  }

  get hasReady(): boolean {
    return this.#order.some((node) => node.ready.length > 0);
  }

  /** Instances that are known so far, as a user counts tests. */
  progress(): {
    readonly total: number;
    readonly done: number;
    readonly running: number;
    readonly failed: number;
  } {
    let [total, done, running, failed] = [0, 0, 0, 0];
    for (const node of this.#order) {
      if (node.phase === 'open') {
        total += node.instances.size;
        running += node.active;
        for (const instance of node.instances.values()) {
          const hasEnded =
            isEnded(instance.state) || (instance.phase === 'left' && !isRunning(instance.state));
          done += hasEnded ? 1 : 0;
          failed += hasEnded && !isGood(instance.state, instance.status) ? 1 : 0;
        }
      } else {
        const size = node.plan.iterated === 'no' ? 1 : Math.max(1, node.plan.items.length);
        total += size;
        done += node.phase === 'closed' ? size : 0;
        failed += node.phase === 'closed' ? size : 0;
      }
    }
    return {total, done, running, failed};
  }

  /** Why an instance has not been launched: what it waits for. */
  explain(testName: string, itemPath: string): string {
    const node = this.#nodes.get(testName);
    if (node === undefined) {
      return `${testName} is not part of this run`;
    }
    if (node.plan.isInCycle) {
      return `${testName} waits for itself through its waitons`;
    }
    const instance = node.instances.get(itemPath);
    if (instance?.phase === 'ready') {
      return `${testName} may go and waits for a free slot`;
    }
    const isExpansion = instance === undefined;
    const reasons = node.maps
      .map(({upstream, map}) => ({
        upstream,
        verdict: this.#judgeUpstream(node, upstream, map, itemPath, isExpansion),
      }))
      .filter(({verdict}) => verdict !== 'go')
      .map(({upstream, verdict}) => {
        const {state, status} = upstream.parent;
        const what = verdict === 'wait' ? 'waits for' : 'can never run because of';
        return `${what} ${upstream.plan.testName} (${state}/${status})`;
      });
    return reasons.length === 0 ? `${testName} may go` : `${testName} ${reasons.join(', ')}`;
  }

  #addNode(plan: PlannedTest): void {
    const maps = plan.waitons.flatMap(({testName, itemMap}) => {
      const upstream = this.#nodes.get(testName);
      return upstream === undefined ? [] : [{upstream, map: new ItemMap(itemMap)}];
    });
    const node: Node = {
      plan,
      maps,
      dependants: [],
      phase: 'waiting',
      parent: {state: 'NOT_STARTED', status: 'n/a'},
      parentId: 0,
      items: plan.iterated === 'no' ? [{itemPath: '', vars: []}] : plan.items,
      instances: new Map(),
      ready: [],
      undecided: 0,
      active: 0,
      hasLaunched: false,
      waiters: new Map(),
    };
    for (const {upstream} of maps) {
      upstream.dependants.push(node);
    }
    this.#nodes.set(plan.testName, node);
  }

  #tryExpand(node: Node): void {
    if (node.phase !== 'waiting') {
      return;
    }
    if (node.plan.isInCycle) {
      this.#blockNode(node, 'discard');
      return;
    }
    const verdict = this.#verdict(node, '', true);
    if (verdict === 'go') {
      if (node.plan.iterated === 'later') {
        node.phase = 'expanding';
        this.#actions.push({kind: 'expand', testName: node.plan.testName, testDir: node.plan.testDir});
      } else {
        this.#register(node);
      }
    } else if (verdict !== 'wait') {
      this.#blockNode(node, verdict);
    }
  }

  #register(node: Node): void {
    const {testName, iterated} = node.plan;
    if (iterated !== 'no' && node.items.length === 0) {
      node.phase = 'closed';
      const status = iterated === 'now' ? undefined : 'ZERO_ITEMS';
      if (status !== undefined) {
        this.#actions.push({kind: 'block', testName, itemPath: '', status, comment: failComment});
        node.parent = {state: 'NOT_STARTED', status};
      }
      this.#wakeDependants(node, undefined);
      return;
    }
    node.phase = 'registering';
    this.#actions.push({kind: 'register', testName, items: node.items});
  }

  #blockNode(node: Node, verdict: 'fail' | 'discard'): void {
    const {testName, modes} = node.plan;
    node.phase = 'closed';
    const status = verdict === 'fail' ? 'PREQ_FAIL' : 'PREQ_DISCARDED';
    const culprits = node.maps.map(
      ({upstream}) => `${upstream.plan.testName}:${upstream.parent.state}/${upstream.parent.status}`,
    );
    const text = `INFO: (1) test ${testName} (mode=${modes.join(' ')}) has failed prerequisite(s); ${culprits.join(', ')}; removing it from to-do list`;
    this.#actions.push({kind: 'message', level: 1, text});
    if (!isEnded(node.parent.state)) {
      node.parent = {state: 'NOT_STARTED', status};
      this.#actions.push({
        kind: 'block',
        testName,
        itemPath: '',
        status,
        comment: verdict === 'fail' ? failComment : discardComment,
      });
    }
    this.#wakeDependants(node, undefined);
  }

  #tryInstance(instance: MutableInstance): void {
    if (instance.phase !== 'pending') {
      return;
    }
    const {node} = instance;
    const verdict = this.#verdict(node, instance.itemPath, false);
    if (verdict === 'go') {
      instance.phase = 'ready';
      node.ready.push(instance);
    } else if (verdict !== 'wait') {
      this.#blockInstance(instance, verdict);
    }
  }

  #blockInstance(instance: MutableInstance, verdict: 'fail' | 'discard'): void {
    const {testName, itemPath, node} = instance;
    const status = verdict === 'fail' ? 'PREQ_FAIL' : 'PREQ_DISCARDED';
    const name = itemPath === '' ? testName : `${testName}/${itemPath}`;
    this.#actions.push({
      kind: 'message',
      level: 0,
      text: `WARNING: test ${name} has FAILED prerequisites and will not be run`,
    });
    if (!isEnded(instance.state)) {
      this.#actions.push({
        kind: 'block',
        testName,
        itemPath,
        status,
        comment: verdict === 'fail' ? failComment : discardComment,
      });
      instance.state = 'NOT_STARTED';
      instance.status = status;
      if (itemPath === '') {
        node.parent = {state: 'NOT_STARTED', status};
      }
    }
    this.#decide(instance, 'left');
  }

  #decide(instance: MutableInstance, phase: 'launched' | 'left'): void {
    instance.phase = phase;
    instance.node.undecided -= 1;
    this.#wakeDependants(instance.node, instance.itemPath);
  }

  #verdict(node: Node, itemPath: string, isExpansion: boolean): Verdict {
    let result: Verdict = 'go';
    for (const {upstream, map} of node.maps) {
      const verdict = this.#judgeUpstream(node, upstream, map, itemPath, isExpansion);
      if (verdict === 'discard' || (verdict === 'fail' && result !== 'discard')) {
        result = verdict;
      } else if (verdict === 'wait' && result === 'go') {
        result = 'wait';
      }
    }
    const isBusy =
      node.plan.modes.includes('exclusive') &&
      this.#options.isRunningAnywhere(node.plan.testName, isExpansion ? undefined : itemPath);
    return result === 'go' && isBusy ? 'wait' : result;
  }

  #judgeUpstream(node: Node, upstream: Node, map: ItemMap, itemPath: string, isExpansion: boolean): Verdict {
    const isIterated = node.plan.iterated !== 'no';
    const mapped = isExpansion || !isIterated ? '' : map.apply(itemPath);
    const known: Upstream = {
      parent: upstream.parent,
      isDecided: upstream.phase === 'closed' || (upstream.phase === 'open' && upstream.undecided === 0),
      hasActive: upstream.active > 0,
      hasLaunched: upstream.hasLaunched,
      items: isExpansion ? [] : itemsFor(upstream, mapped),
    };
    return judge({modes: node.plan.modes, isIterated, isExpansion, meansParent: mapped === ''}, known);
  }

  /** Remembers what an instance needs of each upstream test, so that just the right ones are looked at again. */
  #watch(instance: MutableInstance): void {
    for (const {upstream, map} of instance.node.maps) {
      const needed = map.apply(instance.itemPath);
      const key = needed.includes('%') ? '%' : needed;
      const list = upstream.waiters.get(key);
      if (list === undefined) {
        upstream.waiters.set(key, [instance]);
      } else {
        list.push(instance);
      }
    }
  }

  /** Something of `node` changed: one item, or (without an item path) the test as a whole. */
  #wakeDependants(node: Node, itemPath: string | undefined): void {
    for (const dependant of node.dependants) {
      if (dependant.phase === 'waiting') {
        this.#dirtyNodes.add(dependant);
      }
    }
    const isFinished =
      node.phase === 'closed' || (node.phase === 'open' && node.undecided === 0 && node.active === 0);
    if (itemPath === undefined || isFinished) {
      for (const list of node.waiters.values()) {
        for (const instance of list) {
          this.#wake(instance);
        }
      }
      return;
    }
    for (const key of [itemPath, '%', '']) {
      for (const instance of node.waiters.get(key) ?? []) {
        this.#wake(instance);
      }
    }
  }

  #wake(instance: MutableInstance): void {
    if (instance.phase === 'pending') {
      this.#dirtyInstances.add(instance);
    }
  }
}

function itemsFor(
  upstream: Node,
  mapped: string,
): readonly {readonly state: string; readonly status: string; readonly isDecided: boolean}[] {
  const view = (instance: MutableInstance) => ({
    state: instance.state,
    status: instance.status,
    isDecided: instance.phase === 'launched' || instance.phase === 'left',
  });
  if (mapped.includes('%')) {
    const pattern = new TestPattern(`%/${mapped}`);
    return [...upstream.instances.values()]
      .filter((instance) => pattern.matches('', instance.itemPath))
      .map(view);
  }
  const instance = upstream.instances.get(mapped);
  return instance === undefined ? [] : [view(instance)];
}

/** Waitons before what waits for them; members of a cycle at the end, in plan order. */
function inUpstreamOrder(tests: readonly PlannedTest[]): readonly PlannedTest[] {
  const byName = new Map(tests.map((test) => [test.testName, test]));
  const left = new Map(
    tests.map((test) => [test.testName, test.waitons.filter(({testName}) => byName.has(testName)).length]),
  );
  const dependants = new Map<string, string[]>();
  for (const test of tests) {
    for (const {testName} of test.waitons) {
      dependants.set(testName, [...(dependants.get(testName) ?? []), test.testName]);
    }
  }
  const order: PlannedTest[] = [];
  const done = new Set<string>();
  const queue = tests.filter((test) => left.get(test.testName) === 0).map((test) => test.testName);
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    const test = byName.get(name);
    if (test === undefined || done.has(name)) {
      continue;
    }
    done.add(name);
    order.push(test);
    for (const dependant of dependants.get(name) ?? []) {
      const count = (left.get(dependant) ?? 0) - 1;
      left.set(dependant, count);
      if (count === 0) {
        queue.push(dependant);
      }
    }
  }
  return [...order, ...tests.filter((test) => !done.has(test.testName))];
}

/** Tests with waitons first, then higher priority, then names in descending order (runs.md 7.1). */
function byLaunchOrder(a: Node, b: Node): number {
  const waits = Number(b.plan.waitons.length > 0) - Number(a.plan.waitons.length > 0);
  return waits || b.plan.priority - a.plan.priority || (a.plan.testName < b.plan.testName ? 1 : -1);
}

/**
 * What one driver does next: a pure object that is told of rows registered and changed, and answers with what is to be done.
 *
 * A test is `waiting` (its gate is closed), `expanding` (its items are being asked for), `registering` (its rows are being made),
 * `open` (its instances wait, are launched or left) or `closed` (blocked, without items, or part of a cycle). An instance is
 * `pending` (its gate is closed), `ready` (only a slot is missing), `launching` (its row does not say so yet), `launched`,
 * `backoff` (it failed and is launched again after a pause) or `left`. A finished test costs its own update and a look at what
 * waits for it, whatever the size of the run.
 */
import {
  type PlannedItem,
  type PlannedTest,
  type StateStatus,
  stateKind,
  TestPattern,
  wantedItems,
} from '@megatest/model';
import {type Action, type BlockedStatus, block, blockedStatus, message, noteActions} from './action.ts';
import {announce, type Wake, wakeInstances} from './announce.ts';
import {explainDependants, explainWaiting} from './explain.ts';
import {stronger, type Verdict} from './gate.ts';
import {changeOf} from './instance-change.ts';
import {judgeEdge} from './judge-edge.ts';
import {inLaunchOrder} from './launch-order.ts';
import {Others} from './others.ts';
import {Parking} from './parking.ts';
import {ReadyQueue} from './ready-queue.ts';
import {instancesOf} from './registration.ts';
import {
  connect,
  expectedSize,
  fullName,
  isDecided,
  isLeftOut,
  isSettled,
  makeNode,
  type Node,
  type Phase,
  type ScheduledInstance,
  standingOfRow,
} from './schedule-node.ts';
import type {ReadyInstance, RegisteredRow, ScheduleOptions} from './schedule-options.ts';
import {type ProgressCounts, Tally} from './tally.ts';

export type {Action} from './action.ts';
export type {Instance, ReadyInstance, RegisteredRow, ScheduleOptions} from './schedule-options.ts';

/** An explanation names at most this many of the tests that wait. */
const namedDependants = 10;

export class RunSchedule {
  readonly #options: ScheduleOptions;
  readonly #pattern: TestPattern;
  readonly #nodes = new Map<string, Node>();
  readonly #queue = new ReadyQueue();
  readonly #tally = new Tally();
  readonly #dirtyNodes = new Set<Node>();
  readonly #dirtyInstances = new Set<ScheduledInstance>();
  readonly #parking = new Parking();
  /** Launches of an instance after its first one. */
  readonly #retries = new Map<ScheduledInstance | undefined, number>();
  readonly #others: Others;
  readonly #wake: Wake;
  #actions: Action[] = [];
  #hasStopped = false;

  constructor(
    plan: {readonly tests: readonly PlannedTest[]; readonly testPatt: string},
    options: ScheduleOptions,
  ) {
    this.#options = options;
    this.#pattern = new TestPattern(plan.testPatt);
    this.#others = new Others(options.mayOthersStart ?? (() => false));
    this.#wake = {
      node: (node) => {
        if (node.phase === 'waiting') {
          this.#dirtyNodes.add(node);
        }
      },
      instance: (instance) => {
        if (instance.phase === 'pending') {
          this.#dirtyInstances.add(instance);
        }
      },
    };
    for (const [rank, test] of inLaunchOrder(plan.tests, options.order).entries()) {
      this.#nodes.set(test.testName, makeNode(test, rank));
    }
    for (const node of this.#nodes.values()) {
      for (const {testName, itemMap} of node.plan.waitons) {
        const upstream = this.#nodes.get(testName);
        if (upstream !== undefined) {
          connect(node, upstream, itemMap);
        }
      }
      this.#tally.expect(undefined, 'waiting', expectedSize(node));
      this.#tally.settle(node);
      this.#dirtyNodes.add(node);
    }
  }

  /** What is to be done now; call after every change. */
  advance(): readonly Action[] {
    while (this.#dirtyNodes.size > 0 || this.#dirtyInstances.size > 0) {
      for (const node of this.#dirtyNodes) {
        this.#dirtyNodes.delete(node);
        this.#tryExpand(node);
      }
      for (const instance of this.#dirtyInstances) {
        this.#dirtyInstances.delete(instance);
        this.#tryInstance(instance);
      }
    }
    const actions = this.#actions;
    this.#actions = [];
    return actions;
  }

  /** Present values of the row with empty item path, which exists from the start. */
  parentRegistered(testName: string, _testId: number, row: StateStatus): void {
    const node = this.#nodes.get(testName);
    if (node !== undefined) {
      node.parent = this.#tally.shared(row);
      this.#announce(node, undefined);
    }
  }

  expanded(testName: string, items: readonly PlannedItem[]): void {
    const node = this.#nodes.get(testName);
    if (node?.phase === 'expanding') {
      node.items = wantedItems(testName, items, this.#pattern, (level, text) => {
        this.#actions.push({kind: 'message', level, text});
      });
      this.#register(node, items.length);
    }
  }

  registered(testName: string, rows: readonly RegisteredRow[]): void {
    const node = this.#nodes.get(testName);
    if (node?.phase !== 'registering') {
      return;
    }
    this.#tally.expect('waiting', undefined, expectedSize(node));
    node.phase = 'open';
    const {instances, notes, resumed} = instancesOf(node, rows, this.#options);
    for (const instance of instances) {
      this.#tally.add(instance);
      this.#wake.instance(instance);
    }
    for (const {instance, row, retry} of resumed) {
      this.#retries.set(instance, retry);
      this.#instanceChanged(instance, row);
    }
    this.#actions = this.#actions.concat(noteActions(testName, notes));
    this.#announce(node, undefined);
    wakeInstances(node, this.#wake);
    if (this.#hasStopped) {
      this.#leave(node);
    }
  }

  /**
   * A row of this run has new values. Rows that are there before the run are to be told too, between `parentRegistered` and the
   * first `advance`: the gates look at them.
   */
  rowChanged(testName: string, itemPath: string, row: StateStatus): void {
    const node = this.#nodes.get(testName);
    if (node === undefined) {
      return;
    }
    if (itemPath === '') {
      node.parent = this.#tally.shared(row);
    }
    const instance = node.instances.get(itemPath);
    if (instance !== undefined) {
      this.#instanceChanged(instance, row);
    } else if (itemPath !== '') {
      this.#strangerChanged(node, itemPath, row);
    }
    this.#announce(node, itemPath);
    if (this.#tally.failures >= (this.#options.maxFail ?? Number.POSITIVE_INFINITY) && !this.#hasStopped) {
      this.#stop();
    }
  }

  /** The next instance to launch, in order, of a test that `mayLaunch` allows; it counts as launched from now on. */
  takeReady(mayLaunch: (jobgroup: string) => boolean): ReadyInstance | undefined {
    for (let next = this.#queue.take(mayLaunch); next !== undefined; next = this.#queue.take(mayLaunch)) {
      if (next.phase !== 'ready') {
        continue;
      }
      // Something may have happened to its waitons while it waited for a slot.
      this.#tally.move(next, 'pending');
      if (this.#mayGo(next)) {
        const {node, itemPath, vars, testId} = next;
        this.#tally.move(next, 'launching');
        node.hasLaunched = true;
        this.#announce(node, itemPath);
        const retry = this.#retries.get(next) ?? 0;
        return {instance: {testName: node.plan.testName, itemPath, vars, testId}, plan: node.plan, retry};
      }
    }
    return undefined;
  }

  /** What `takeReady` gave was not launched after all: it was skipped, or somebody else had launched it. */
  notLaunched(testName: string, itemPath: string, row: StateStatus): void {
    const node = this.#nodes.get(testName);
    const instance = node?.instances.get(itemPath);
    if (node !== undefined && instance?.phase === 'launching') {
      this.#move(instance, 'left', row);
      this.#announce(node, itemPath);
    }
  }

  /** The pause before a retry is over. */
  retryDue(testName: string, itemPath: string): void {
    const instance = this.#nodes.get(testName)?.instances.get(itemPath);
    if (instance?.phase === 'backoff') {
      this.#tally.move(instance, 'pending');
      this.#dirtyInstances.add(instance);
    }
  }

  /** Something has ended in the area, `freed` if it is known what: exclusive instances that waited for it may go now. */
  recheckExclusive(freed?: {readonly testName: string; readonly itemPath: string}): void {
    const node = this.#nodes.get(freed?.testName ?? '');
    if (freed === undefined) {
      this.#parking.releaseAll(this.#wake);
    } else if (node !== undefined) {
      this.#parking.release(node, freed.itemPath, this.#wake);
    }
  }

  /** Another runner of this run has decided something, or ended. True when there is something to `advance`. */
  recheckOthers(): boolean {
    return this.#others.release(this.#wake);
  }

  /** A test as the gates of its dependants see it; to look at. */
  nodeOf(testName: string): Node | undefined {
    return this.#nodes.get(testName);
  }

  /** Whether something of a test may still be launched by this schedule. */
  mayStart(testName: string): boolean {
    const node = this.#nodes.get(testName);
    return node !== undefined && !isSettled(node);
  }

  /** Nothing has been running for too long: what still waits will not go (spec runs.md 7.6). */
  giveUp(): void {
    for (const node of this.#nodes.values()) {
      this.#leave(node, 'TIMED_OUT');
    }
  }

  /** Nothing is left to launch or to decide. */
  get isDone(): boolean {
    return this.#tally.unsettled === 0;
  }

  /** Whether `advance` has something to say: `takeReady` may have found a gate that has closed since. */
  get mustAdvance(): boolean {
    return this.#actions.length > 0 || this.#dirtyNodes.size > 0 || this.#dirtyInstances.size > 0;
  }

  get hasReady(): boolean {
    return this.#tally.ready > 0;
  }

  /** `maxFail` has been reached; a retry pass would only go on failing. */
  get hasStopped(): boolean {
    return this.#hasStopped;
  }

  /** Variables of an item; none when it is not known (yet). */
  varsOf(testName: string, itemPath: string): PlannedItem['vars'] {
    return this.#nodes.get(testName)?.instances.get(itemPath)?.vars ?? [];
  }

  /** Instances that are known so far, as a user counts tests. */
  progress(): ProgressCounts {
    return this.#tally.progress;
  }

  /** Why an instance has not been launched: what it waits for. */
  explain(testName: string, itemPath: string): string {
    const node = this.#nodes.get(testName);
    if (node === undefined) {
      return `${testName} is not part of this run: the pattern "${this.#pattern.text}" does not want it`;
    }
    const instance = node.instances.get(itemPath);
    const judged = node.upstream.map((edge) =>
      judgeEdge(edge, itemPath, instance === undefined, this.#others.mayStart),
    );
    const retries = this.#retries.get(instance) ?? 0;
    return explainWaiting({node, itemPath, judged, retries, testPatt: this.#pattern.text});
  }

  /** What waits for an instance, or for a test as a whole: full names, the last one perhaps `and N more`. */
  explainDependants(testName: string, itemPath: string): readonly string[] {
    const node = this.#nodes.get(testName);
    return node === undefined ? [] : explainDependants(node, itemPath, namedDependants);
  }

  #tryExpand(node: Node): void {
    if (node.phase !== 'waiting') {
      return;
    }
    if (node.plan.isInCycle) {
      this.#blockNode(node, 'discard');
      return;
    }
    if (isLeftOut(node)) {
      this.#close(node);
      return;
    }
    const verdict = this.#verdict(node, '', true);
    this.#others.judged(verdict === 'wait' ? node : undefined);
    if (verdict === 'fail' || verdict === 'discard') {
      this.#blockNode(node, verdict);
    } else if (verdict === 'go') {
      const {testName, testDir, iterated, modes, itemCount, items} = node.plan;
      if (modes.includes('exclusive') && this.#options.isRunningAnywhere(testName, undefined)) {
        this.#parking.park(node);
      } else if (iterated === 'later') {
        node.phase = 'expanding';
        this.#actions.push({kind: 'expand', testName, testDir});
      } else {
        this.#register(node, itemCount ?? items.length);
      }
    }
  }

  #register(node: Node, itemCount: number): void {
    const {testName, iterated} = node.plan;
    if (node.items.length > 0) {
      node.phase = 'registering';
      this.#actions.push({kind: 'register', testName, items: node.items});
      return;
    }
    if (iterated !== 'no' && itemCount === 0 && node.strangers.size === 0) {
      this.#block(node, 'ZERO_ITEMS');
    }
    this.#close(node);
  }

  #tryInstance(instance: ScheduledInstance): void {
    if (instance.phase === 'pending' && this.#mayGo(instance)) {
      this.#tally.move(instance, 'ready');
      this.#queue.push(instance);
    }
  }

  /** Whether the gate is open; if not, it is seen to that the instance is looked at again, or it is blocked. */
  #mayGo(instance: ScheduledInstance): boolean {
    const {node, itemPath} = instance;
    const {testName, modes} = node.plan;
    const verdict = this.#verdict(node, itemPath, false);
    this.#others.judged(verdict === 'wait' ? instance : undefined);
    if (verdict === 'fail' || verdict === 'discard') {
      this.#blockInstance(instance, verdict);
    }
    const isBusy =
      verdict === 'go' && modes.includes('exclusive') && this.#options.isRunningAnywhere(testName, itemPath);
    if (isBusy) {
      this.#parking.park(node, instance);
    }
    return verdict === 'go' && !isBusy;
  }

  #verdict(node: Node, itemPath: string, isExpansion: boolean): Verdict {
    this.#others.judged();
    let result: Verdict = 'go';
    for (const edge of node.upstream) {
      result = stronger(result, judgeEdge(edge, itemPath, isExpansion, this.#others.mayStart).verdict);
    }
    return result;
  }

  #blockNode(node: Node, verdict: 'fail' | 'discard'): void {
    const {testName, modes} = node.plan;
    const culprits = node.upstream
      .filter((edge) =>
        ['fail', 'discard'].includes(judgeEdge(edge, '', true, this.#others.mayStart).verdict),
      )
      .map(({upstream}) => `${upstream.plan.testName}:${upstream.parent.state}/${upstream.parent.status}`);
    const names = node.plan.isInCycle ? 'it waits for itself through its waitons' : culprits.join(', ');
    const text = `test ${testName} (mode=${modes.join(' ')}) has failed prerequisite(s); ${names}; removing it from to-do list`;
    this.#actions.push(message(1, text));
    this.#block(node, blockedStatus(verdict));
    this.#close(node);
  }

  #blockInstance(instance: ScheduledInstance, verdict: 'fail' | 'discard'): void {
    const {node, itemPath} = instance;
    const text = `WARNING: test ${fullName(instance)} has FAILED prerequisites and will not be run`;
    this.#actions.push(message(0, text));
    this.#leaveInstance(instance, blockedStatus(verdict));
    this.#announce(node, itemPath);
  }

  /** Blocks the row of a test, unless it holds a result of an earlier invocation or somebody else is moving it. */
  #block(node: Node, status: BlockedStatus): void {
    if (stateKind(node.parent.state) === 'waiting' || stateKind(node.parent.state) === 'gone') {
      this.#actions.push(block(node.plan.testName, '', status));
      node.parent = this.#tally.shared({state: 'NOT_STARTED', status});
    }
  }

  #close(node: Node): void {
    node.phase = 'closed';
    node.version += 1;
    this.#tally.expect('waiting', standingOfRow(node.parent), expectedSize(node));
    this.#announce(node, undefined);
  }

  #instanceChanged(instance: ScheduledInstance, row: StateStatus): void {
    const isSame = row.state === instance.state && row.status === instance.status;
    // A blocked row is waited for as it will be; until then NOT_STARTED is an echo of the time before.
    if (instance.phase === 'blocking' ? !isSame && row.state === 'NOT_STARTED' : isSame) {
      return;
    }
    const retries = this.#hasStopped ? undefined : (this.#retries.get(instance) ?? 0);
    const {phase, retry, note} = changeOf(instance, row, this.#options, retries);
    this.#tally.move(instance, phase, row);
    if (note !== undefined) {
      this.#actions.push({kind: 'message', level: note.level, text: note.text});
    }
    if (retry !== undefined) {
      const {testName, retry: rule} = instance.node.plan;
      this.#retries.set(instance, retry.retry);
      const which = `retry ${retry.retry} of ${rule?.count ?? retry.retry}`;
      const text = `test ${fullName(instance)} has ended with ${row.status}, ${which} follows in ${retry.delayS} s`;
      this.#actions.push(message(1, text), {
        kind: 'retry',
        testName,
        itemPath: instance.itemPath,
        delayS: retry.delayS,
      });
    }
  }

  #strangerChanged(node: Node, itemPath: string, row: StateStatus): void {
    if (row.state === 'DELETED') {
      node.strangers.delete(itemPath);
    } else {
      node.strangers.set(itemPath, this.#tally.shared(row));
    }
    node.version += 1;
  }

  /** `maxFail` has been reached. */
  #stop(): void {
    this.#hasStopped = true;
    const text = `INFO: (0) ${this.#tally.failures} tests have failed: nothing more is launched, running tests go on`;
    this.#actions.push(message(0, text));
    for (const node of this.#nodes.values()) {
      this.#leave(node);
    }
  }

  /** Gives up what is not decided yet; with a status its rows say so, else they stay as they are. */
  #leave(node: Node, status?: BlockedStatus): void {
    if (node.phase === 'waiting' || node.phase === 'expanding') {
      if (status !== undefined) {
        this.#block(node, status);
      }
      this.#close(node);
      return;
    }
    if (node.undecided > 0) {
      for (const instance of node.instances.values()) {
        if (!isDecided(instance)) {
          this.#leaveInstance(instance, status);
        }
      }
      this.#announce(node, undefined);
    }
  }

  #leaveInstance(instance: ScheduledInstance, status: BlockedStatus | undefined): void {
    const {node, itemPath, state} = instance;
    const kind = stateKind(state);
    if (status === undefined || (kind !== 'waiting' && kind !== 'gone')) {
      this.#tally.move(instance, 'left');
      return;
    }
    this.#actions.push(block(node.plan.testName, itemPath, status));
    this.#move(instance, itemPath === '' ? 'left' : 'blocking', {state: 'NOT_STARTED', status});
  }

  /** The row of a test without items is its parent row too. */
  #move(instance: ScheduledInstance, phase: Phase, row: StateStatus): void {
    this.#tally.move(instance, phase, row);
    if (instance.itemPath === '') {
      instance.node.parent = this.#tally.shared(row);
    }
  }

  #announce(node: Node, itemPath: string | undefined): void {
    this.#tally.settle(node);
    announce(node, itemPath, this.#others.mayStart, this.#wake);
  }
}

/**
 * A whole run without processes, sockets or time: the real plan and the real schedule, with managers, users and rows that are made
 * up from a seed. Tests fail, managers get lost and come back, reports come twice and late, users kill, a second runner works on the
 * same run; and at every step the laws of `laws.ts` are checked.
 *
 * `npm test` runs a few hundred small ones; `npm run soak -- scheduler` one of a million tests.
 */
import {isRunning, type PlannedItem, type PlannedTest, type StateStatus} from '@megatest/model';
import type {DecisionOptions} from '../../packages/homehost/src/scheduler/launch-decision.ts';
import type {LaunchOrder} from '../../packages/homehost/src/scheduler/launch-order.ts';
import {type Action, RunSchedule} from '../../packages/homehost/src/scheduler/run-schedule.ts';
import {type FakeRow, FakeStore} from './fake-store.ts';
import {areWaitonsMet, checkEndStates, checkRollUp} from './laws.ts';
import {Random} from './random.ts';
import type {RandomArea} from './random-plan.ts';
import {VirtualClock} from './virtual-clock.ts';

export type SimulationOptions = {
  readonly seed: number;
  readonly slots: number;
  /** Slots of the job group `few`. */
  readonly groupSlots: number;
  /** Runners that work on the run at the same time. */
  readonly runners: 1 | 2;
  readonly maxFail?: number;
  readonly order?: LaunchOrder;
  /** After the run, the same command again with `-rerun FAIL,ABORT,DEAD`. */
  readonly runsAgain?: boolean;
  /** Chances, from 0 to 1, of what may happen to a launch. */
  readonly fails: number;
  readonly losesManager: number;
  readonly isKilled: number;
  readonly isSkipped: number;
  readonly comesTwice: number;
};

export type SimulationResult = {
  readonly launches: number;
  readonly rows: number;
  /** Stands for every event in its order: equal digests mean equal runs. */
  readonly digest: string;
  readonly virtualS: number;
};

type Runner = {schedule: RunSchedule; pass: string; readonly warned: Set<string>};

type Launch = {readonly row: FakeRow; readonly launchId: string};

const goodStatuses = ['PASS', 'PASS', 'PASS', 'WARN', 'SKIP', 'CHECK', 'WAIVED'];
const badStatuses = ['FAIL', 'FAIL', 'ABORT', 'STUCK/DEAD'];
const maxRunS = 60;
const deadtimeS = 300;

export class Simulation {
  readonly store = new FakeStore();
  readonly #area: RandomArea;
  readonly #options: SimulationOptions;
  readonly #random: Random;
  readonly #clock = new VirtualClock();
  readonly #tests: ReadonlyMap<string, PlannedTest>;
  readonly #runners: Runner[] = [];
  readonly #active = new Set<number>();
  readonly #activeInGroup = new Map<string, number>();
  /** Taken from a schedule, not written yet. */
  #launching = 0;
  #launches = 0;
  #digest = 0x811c9dc5;
  /** A result came after the test had been declared dead: what was decided in between may look wrong now. */
  #hasLateResults = false;

  constructor(area: RandomArea, options: SimulationOptions) {
    this.#area = area;
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#tests = new Map(area.plan.tests.map((test) => [test.testName, test]));
  }

  run(): SimulationResult {
    const {plan} = this.#area;
    for (const {testName} of plan.tests) {
      this.store.register(testName, '');
    }
    this.store.takeChanges();
    for (let index = 0; index < this.#options.runners; index += 1) {
      const runner: Runner = {schedule: this.#schedule({}), pass: 'first', warned: new Set()};
      this.#runners.push(runner);
      this.#clock.after(index * this.#random.below(30), () => this.#advance(runner));
    }
    this.#clock.run();
    this.#nextPass('retry', {isRetry: true});
    if (this.#options.runsAgain === true) {
      this.#nextPass('again', {rerun: ['FAIL', 'ABORT', 'DEAD']});
    }
    this.#checkEnd();
    const digest = (this.#digest >>> 0).toString(16);
    return {launches: this.#launches, rows: this.store.rows.length, digest, virtualS: this.#clock.nowS};
  }

  #schedule(decision: Partial<DecisionOptions>): RunSchedule {
    const {maxFail, order} = this.#options;
    const schedule = new RunSchedule(this.#area.plan, {
      force: false,
      rerun: undefined,
      isRetry: false,
      ...decision,
      ...(order === undefined ? {} : {order}),
      isRunningAnywhere: (testName, itemPath) => this.#isRunning(testName, itemPath),
      mayOthersStart: (testName) =>
        this.#runners.some(({schedule: other}) => other !== schedule && other.mayStart(testName)),
      maxFail,
    });
    for (const row of this.store.rows) {
      if (row.itemPath === '') {
        schedule.parentRegistered(row.testName, row.testId, row);
      } else {
        schedule.rowChanged(row.testName, row.itemPath, row);
      }
    }
    return schedule;
  }

  /** One more pass of the first runner over the same tests, when the one before has ended by itself. */
  #nextPass(pass: string, decision: Partial<DecisionOptions>): void {
    const [runner] = this.#runners;
    if (runner === undefined || this.#runners.some(({schedule}) => !schedule.isDone || schedule.hasStopped)) {
      return;
    }
    runner.pass = pass;
    runner.schedule = this.#schedule(decision);
    this.#advance(runner);
    this.#clock.run();
  }

  /** Acts for one runner, and for the others as far as what it decided concerns them. */
  #advance(runner: Runner): void {
    let next: Runner | undefined = runner;
    while (next !== undefined) {
      for (const action of next.schedule.advance()) {
        this.#execute(next, action);
      }
      this.#pump(next);
      next = this.#runners.find(({schedule}) => schedule.recheckOthers() || schedule.mustAdvance);
    }
  }

  #execute(runner: Runner, action: Action): void {
    const {schedule} = runner;
    switch (action.kind) {
      case 'message':
        this.#note(`say ${action.text}`);
        if (action.text.startsWith('WARNING: test ')) {
          this.#checkWarnedOnce(runner, action.text);
        }
        return;
      case 'block':
        this.#soon(() => this.#block(action.testName, action.itemPath, action.status));
        return;
      case 'register':
        this.#soon(() => this.#register(runner, schedule, action.testName, action.items));
        return;
      case 'expand':
        this.#soon(() => {
          schedule.expanded(action.testName, this.#area.laterItems.get(action.testName) ?? []);
          this.#advance(runner);
        });
        return;
      case 'retry':
        this.#clock.after(action.delayS, () => {
          schedule.retryDue(action.testName, action.itemPath);
          this.#advance(runner);
        });
    }
  }

  #checkWarnedOnce(runner: Runner, text: string): void {
    const key = `${runner.pass} ${text}`;
    if (runner.warned.has(key)) {
      throw new Error(`said twice: ${text}`);
    }
    runner.warned.add(key);
  }

  /** As a driver writes it: only over a row that has not started. */
  #block(testName: string, itemPath: string, status: string): void {
    const row = this.store.find(testName, itemPath);
    if (row !== undefined && row.state === 'NOT_STARTED') {
      this.#write(row, {state: 'NOT_STARTED', status});
      this.#commit();
    }
  }

  #register(runner: Runner, schedule: RunSchedule, testName: string, items: readonly PlannedItem[]): void {
    const rows = items.map(({itemPath}) => this.store.register(testName, itemPath));
    const found = rows.map(({testId, itemPath, state, status}) => ({
      testId,
      itemPath,
      state,
      status,
      isOwnLaunch: false,
    }));
    this.#commit();
    this.#soon(() => {
      schedule.registered(testName, found);
      this.#advance(runner);
    });
  }

  #pump(runner: Runner): void {
    const {slots, groupSlots} = this.#options;
    while (this.#active.size + this.#launching < slots) {
      const next = runner.schedule.takeReady(
        (group) => group === '' || (this.#activeInGroup.get(group) ?? 0) < groupSlots,
      );
      if (next === undefined) {
        return;
      }
      const {testName, itemPath, testId} = next.instance;
      const row = this.store.rows[testId];
      if (row === undefined || row.testName !== testName || row.itemPath !== itemPath) {
        throw new Error(`${testName}/${itemPath} was launched as the test ${testId}`);
      }
      if (!areWaitonsMet(next.plan, itemPath, this.store)) {
        throw new Error(`${testName}/${itemPath} was launched before its waitons`);
      }
      this.#launching += 1;
      this.#countGroup(next.plan, 1);
      const seen = row.launchId;
      const {schedule} = runner;
      this.#soon(() => this.#claim(runner, schedule, row, seen));
    }
  }

  /** Compare and set: another runner may have launched it since. */
  #claim(runner: Runner, schedule: RunSchedule, row: FakeRow, seen: string): void {
    const {testName, itemPath, testId} = row;
    this.#launching -= 1;
    this.#countGroup(this.#tests.get(testName), -1);
    if (row.launchId !== seen || isRunning(row.state) || row.state === 'KILLREQ') {
      schedule.notLaunched(testName, itemPath, row);
      this.#advance(runner);
      return;
    }
    if (this.#random.chance(this.#options.isSkipped)) {
      this.#write(row, {state: 'COMPLETED', status: 'SKIP'});
      schedule.notLaunched(testName, itemPath, row);
      this.#commit();
      return;
    }
    this.#launches += 1;
    const launchId = String(this.#launches);
    this.store.setLaunch(testId, launchId);
    this.#write(row, {state: 'LAUNCHED', status: 'n/a'});
    if (this.#active.size >= this.#options.slots) {
      throw new Error(`${testName}/${itemPath} was launched without a free slot`);
    }
    this.#commit();
    this.#execution({row, launchId});
  }

  /** What a manager reports of one launch, and when it arrives. */
  #execution(launch: Launch): void {
    const random = this.#random;
    const {fails, losesManager, isKilled} = this.#options;
    const durationS = 1 + random.below(maxRunS);
    const status = random.chance(fails) ? random.pick(badStatuses) : random.pick(goodStatuses);
    const reports: readonly StateStatus[] = [
      {state: 'REMOTEHOSTSTART', status: 'n/a'},
      {state: 'RUNNING', status: 'n/a'},
      {state: 'COMPLETED', status},
    ];
    if (random.chance(losesManager)) {
      this.#lose(launch, reports.at(-1) ?? {state: 'COMPLETED', status});
      return;
    }
    for (const [index, report] of reports.entries()) {
      // Reports overtake each other on the way: an older one that comes after a newer one is no news.
      const atS = index === 2 ? durationS : random.below(durationS);
      this.#clock.after(atS, () => this.#report(launch, index + 1, report));
      if (random.chance(this.#options.comesTwice)) {
        this.#clock.after(atS + random.below(20), () => this.#report(launch, index + 1, report));
      }
    }
    if (random.chance(isKilled)) {
      this.#clock.after(random.below(durationS), () => this.#kill(launch));
    }
  }

  #report({row, launchId}: Launch, number: number, values: StateStatus): void {
    if (row.state === 'KILLREQ' && values.state !== 'KILLED') {
      return;
    }
    if (this.store.takeReport(row.testId, launchId, number)) {
      this.#write(row, values);
      this.#commit();
    }
  }

  /** A manager that is lost: its journal comes when it is back, or never; meanwhile the test may be declared dead. */
  #lose(launch: Launch, result: StateStatus): void {
    const {row, launchId} = launch;
    const isBack = this.#random.chance(0.7);
    const backS = this.#random.below(2 * deadtimeS);
    this.#clock.after(deadtimeS, () => {
      if (row.launchId === launchId && isRunning(row.state)) {
        this.#write(row, {state: 'COMPLETED', status: 'DEAD'});
        this.#commit();
      }
    });
    if (isBack) {
      this.#clock.after(backS, () => {
        this.#hasLateResults ||= !isRunning(row.state);
        this.#report(launch, 3, result);
      });
    }
  }

  #kill(launch: Launch): void {
    const {row, launchId} = launch;
    if (row.launchId !== launchId || !isRunning(row.state)) {
      return;
    }
    this.#write(row, {state: 'KILLREQ', status: 'n/a'});
    this.#commit();
    this.#clock.after(5, () => this.#report(launch, 4, {state: 'KILLED', status: 'KILLED'}));
  }

  #write(row: FakeRow, values: StateStatus): void {
    this.#note(`${row.testId} ${values.state}/${values.status}`);
    this.store.setState(row.testId, values);
  }

  /** Tells every runner of the rows that changed, all of one commit before anybody acts on one of them. */
  #commit(): void {
    const freed: FakeRow[] = [];
    for (const row of this.store.takeChanges()) {
      if (this.#countActive(row)) {
        freed.push(row);
      }
      for (const {schedule} of this.#runners) {
        schedule.rowChanged(row.testName, row.itemPath, row);
      }
    }
    for (const runner of this.#runners) {
      for (const row of freed) {
        runner.schedule.recheckExclusive(row);
      }
      this.#advance(runner);
    }
    this.#checkProgress();
  }

  /** Keeps the slots counted; true when one became free. */
  #countActive(row: FakeRow): boolean {
    const test = this.#tests.get(row.testName);
    const isParent = row.itemPath === '' && test?.iterated !== 'no';
    if (isParent || isRunning(row.state) === this.#active.has(row.testId)) {
      return false;
    }
    if (isRunning(row.state)) {
      this.#active.add(row.testId);
      this.#countGroup(test, 1);
      return false;
    }
    this.#active.delete(row.testId);
    this.#countGroup(test, -1);
    return true;
  }

  #countGroup(test: PlannedTest | undefined, by: 1 | -1): void {
    const group = test?.jobgroup ?? '';
    const count = (this.#activeInGroup.get(group) ?? 0) + by;
    this.#activeInGroup.set(group, count);
    if (group !== '' && count > this.#options.groupSlots) {
      throw new Error(`${count} tests of the job group ${group} were launched at once`);
    }
  }

  #isRunning(testName: string, itemPath: string | undefined): boolean {
    const rows = itemPath === undefined ? this.store.rowsOf(testName) : [this.store.find(testName, itemPath)];
    return [...rows].some((row) => row !== undefined && this.#active.has(row.testId));
  }

  #checkProgress(): void {
    if (this.#runners.length > 1) {
      return;
    }
    for (const {schedule} of this.#runners) {
      const {running} = schedule.progress();
      const expected = this.#active.size + this.#launching;
      if (running !== expected) {
        throw new Error(`${running} tests run by the counters, ${expected} by the rows`);
      }
    }
  }

  #checkEnd(): void {
    for (const {schedule} of this.#runners) {
      if (!schedule.isDone) {
        const why = this.store.rows
          .filter(({testName}) => schedule.mayStart(testName))
          .map(({testName, itemPath}) => schedule.explain(testName, itemPath));
        throw new Error(`nothing happens any more and the run is not done: ${why.join('; ')}`);
      }
      if (schedule.hasReady || this.#active.size > 0) {
        throw new Error('the run is done and something can still be launched, or runs');
      }
    }
    const hasStopped = this.#runners.some(({schedule}) => schedule.hasStopped);
    checkEndStates(this.store, (row) => hasStopped || this.#isLeftOut(row));
    checkRollUp(this.store, this.#area.plan.tests);
    this.#checkCounts();
    if (this.#runners.length === 1 && !this.#hasLateResults && !hasStopped) {
      this.#checkNobodyWasForgotten();
    }
  }

  /** Rows that stay open: no item of the test is wanted, so only the row with the empty item path is there. */
  #isLeftOut(row: FakeRow): boolean {
    const test = this.#tests.get(row.testName);
    return row.itemPath === '' && (test?.iterated === 'later' || test?.items.length === 0);
  }

  /** The counters of the schedule against a count of all rows. */
  #checkCounts(): void {
    const [runner] = this.#runners;
    const {total, done, running, failed} = runner?.schedule.progress() ?? {
      total: 0,
      done: 0,
      running: 0,
      failed: 0,
    };
    if (running !== 0 || done > total || failed > done) {
      throw new Error(`the counters say ${done} of ${total} done, ${running} running, ${failed} failed`);
    }
  }

  /** What is blocked must have a waiton that keeps it blocked now that all is over. */
  #checkNobodyWasForgotten(): void {
    for (const row of this.store.rows) {
      const test = this.#tests.get(row.testName);
      const isBlocked = row.state === 'NOT_STARTED' && row.status.startsWith('PREQ_');
      const isWhole = row.itemPath === '' && test?.iterated !== 'no';
      if (
        test !== undefined &&
        isBlocked &&
        !isWhole &&
        !test.isInCycle &&
        areWaitonsMet(test, row.itemPath, this.store)
      ) {
        throw new Error(
          `${row.testName}/${row.itemPath} was blocked as ${row.status} although its waitons are met`,
        );
      }
    }
  }

  #soon(happen: () => void): void {
    this.#clock.after(this.#random.below(3), happen);
  }

  #note(text: string): void {
    for (let index = 0; index < text.length; index += 1) {
      this.#digest = Math.imul(this.#digest ^ text.charCodeAt(index), 0x01000193);
    }
  }
}

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
import {type Accidents, FakeManagers} from './fake-managers.ts';
import {type FakeRow, FakeStore} from './fake-store.ts';
import {areWaitonsMet, checkEndStates, checkRollUp} from './laws.ts';
import {Random} from './random.ts';
import type {RandomArea} from './random-plan.ts';
import {VirtualClock} from './virtual-clock.ts';

export type SimulationOptions = Accidents & {
  readonly seed: number;
  readonly slots: number;
  /** Slots of the job group `few`. */
  readonly groupSlots: number;
  /** Runners that work on the run at the same time. */
  readonly runners: 1 | 2;
  readonly maxFail?: number;
  readonly order?: LaunchOrder;
  /** Chance that the daemon ends in the middle of the run, and another one begins with what the rows say. */
  readonly restarts?: number;
  /** After the run, the same command again with `-rerun FAIL,ABORT,DEAD`. */
  readonly runsAgain?: boolean;
  readonly isSkipped: number;
};

export type SimulationResult = {
  readonly launches: number;
  readonly rows: number;
  /** Stands for every event in its order: equal digests mean equal runs. */
  readonly digest: string;
  readonly virtualS: number;
};

type Runner = {schedule: RunSchedule; pass: string; readonly warned: Set<string>};

export class Simulation {
  readonly store = new FakeStore();
  readonly #area: RandomArea;
  readonly #options: SimulationOptions;
  readonly #random: Random;
  readonly #clock = new VirtualClock();
  readonly #managers: FakeManagers;
  readonly #tests: ReadonlyMap<string, PlannedTest>;
  readonly #runners: Runner[] = [];
  readonly #active = new Set<number>();
  readonly #activeInGroup = new Map<string, number>();
  /** Taken from a schedule, not written yet. */
  #launching = 0;
  #launches = 0;
  /** Launches by the runners' first pass, for the law of retries: each with which retry it was. */
  readonly #ownLaunches = new Map<
    number,
    {readonly runner: Runner; readonly retry: number; readonly count: number}
  >();
  #digest = 0x811c9dc5;
  #hasRestarted = false;

  constructor(area: RandomArea, options: SimulationOptions) {
    this.#area = area;
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#managers = new FakeManagers(this.#random, this.#clock, this.store, options, (row, values) => {
      this.#write(row, values);
      this.#commit();
    });
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
      if (this.#random.chance(this.#options.restarts ?? 0)) {
        this.#clock.after(this.#random.below(200), () => this.#restart(runner));
      }
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

  /** All that the schedule knew is gone; what it had asked for and not got yet never comes. */
  #restart(runner: Runner): void {
    if (runner.schedule.isDone) {
      return;
    }
    this.#note('restart');
    this.#hasRestarted = true;
    runner.schedule = this.#schedule({});
    runner.warned.clear();
    this.#advance(runner);
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
          // Of a daemon that has ended since, nobody waits for the answer.
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
      isOwnLaunch: state !== 'NOT_STARTED' && this.#ownLaunches.get(testId)?.runner === runner,
      retry: this.#ownLaunches.get(testId)?.retry ?? 0,
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
      this.#soon(() => {
        this.#launching -= 1;
        this.#countGroup(next.plan, -1);
        if (runner.schedule === schedule) {
          this.#claim(runner, row, seen, next.retry);
        }
      });
    }
  }

  /** Compare and set: another runner may have launched it since. */
  #claim(runner: Runner, row: FakeRow, seen: string, retry: number): void {
    const {testName, itemPath, testId} = row;
    const {schedule} = runner;
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
    this.#countLaunch(runner, row, retry);
    this.#write(row, {state: 'LAUNCHED', status: 'n/a'});
    if (this.#active.size >= this.#options.slots) {
      throw new Error(`${testName}/${itemPath} was launched without a free slot`);
    }
    this.#commit();
    this.#managers.execute({row, launchId});
  }

  /** A runner launches an instance once in its first pass, and again only as often as its retries say. */
  #countLaunch(runner: Runner, {testId, testName, itemPath}: FakeRow, retry: number): void {
    if (runner.pass !== 'first') {
      return;
    }
    const count = (this.#ownLaunches.get(testId)?.count ?? 0) + 1;
    this.#ownLaunches.set(testId, {runner, retry, count});
    const limit = (this.#tests.get(testName)?.retry?.count ?? 0) + 1;
    if (this.#runners.length === 1 && count > limit) {
      throw new Error(`${testName}/${itemPath} was launched ${count} times, at most ${limit} are allowed`);
    }
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
    // After a restart the schedule learns only step by step what runs.
    if (this.#runners.length > 1 || this.#hasRestarted) {
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
    if (this.#runners.length === 1 && !this.#managers.hasLateResults && !hasStopped) {
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

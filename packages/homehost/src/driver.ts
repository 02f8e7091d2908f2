/**
 * Drives one submitted run: from the plan to the last result (spec runs.md 3, 7).
 *
 * Stages: `planning` -> `running` -> `waiting` (run-wait: nothing left to launch) -> `retrying` (one more pass) -> `ended`. A driver
 * of a daemon that was restarted begins again at `planning` (no plan stored yet) or `running`, with the rows as they are.
 *
 * Everything here that touches rows runs inside a transaction of the homehost; what follows from a change is committed with it.
 */
import {isRunning} from '@megatest/model';
import type {RunPlan, SubmitOptions} from '@megatest/rpc';
import type {RunnerRow, Store, TestCore, TestRow} from '@megatest/store';
import {DriverOutput, type OutputEntry} from './driver-output.ts';
import {isLaunchOf, retryOf} from './launch-id.ts';
import {
  autoRerun,
  CLEAN_RERUN_DEFAULTS,
  parseAutoRerun,
  planResets,
  type RerunAction,
  repeatsSome,
} from './resets.ts';
import type {LaunchOrder} from './scheduler/launch-order.ts';
import {type Action, RunSchedule} from './scheduler/run-schedule.ts';

export type Submission = {
  readonly uuid: string;
  readonly action: RerunAction;
  readonly target: string;
  readonly runName: string;
  readonly options: SubmitOptions;
  readonly manager: {readonly host: string; readonly user: string};
  readonly argv: readonly string[];
  readonly owner: string;
  /** The job that it is. */
  readonly jobId?: number;
};

/** A plan as it is stored: with the instances that a rerun of some repeats. */
export type StoredPlan = RunPlan & {readonly wanted?: readonly string[]};

/** What a driver needs of the homehost around it. */
export type DriverWorld = {
  readonly store: Store;
  readonly nowS: () => number;
  /** Whether the end of a test that is to be killed is to be expected. */
  readonly mayHearOf: (testId: number) => boolean;
  readonly isRunningAnywhere: (testName: string, itemPath: string | undefined) => boolean;
  /** Whether another driver of the same run may still start something of a test. */
  readonly mayOthersStart: (driver: Driver, testName: string) => boolean;
  /** Rows were written: tell whom they concern before going on. */
  readonly tellChanges: () => void;
  /** Asks a manager; its answer comes back through `expanded`. */
  readonly expandItems: (driver: Driver, testName: string, testDir: string) => void;
  /** Calls `change` in a transaction of its own, after a pause. */
  readonly later: (delayMs: number, change: () => void) => void;
  readonly onOutput: (driver: Driver, entry: OutputEntry) => void;
  readonly onResult: (driver: Driver, row: TestCore) => void;
  readonly onProgress: (driver: Driver) => void;
  readonly onEnd: (driver: Driver, exitCode: number) => void;
};

/** Rows of one test that are made in one transaction: more would make everybody else wait. */
const rowsPerTransaction = 2000;

/** A test whose rows are being made, a part in each transaction. */
type Registering = {
  readonly testName: string;
  readonly items: readonly {readonly itemPath: string}[];
  readonly rows: Parameters<RunSchedule['registered']>[1][number][];
};

export class Driver {
  readonly id: number;
  readonly submission: Submission;
  readonly runId: number;
  stage: 'planning' | 'running' | 'waiting' | 'retrying' | 'ended' = 'planning';
  plan: RunPlan | undefined;
  schedule: RunSchedule | undefined;
  exitCode: number | null = null;
  lastLaunchMs = Number.NEGATIVE_INFINITY;
  /** Nothing is launched before: a pause between launches, or a host that is too busy. */
  pausedUntilMs = Number.NEGATIVE_INFINITY;
  readonly #world: DriverWorld;
  readonly #output: DriverOutput;
  /** Rows of this run that take a slot. */
  readonly #active = new Set<number>();
  /** Rows of this run that are to be killed. */
  readonly #ending = new Set<number>();
  readonly #warned = new Set<string>();
  readonly #iterated = new Set<string>();
  readonly #jobgroups = new Map<string, string>();
  readonly #registering: Registering[] = [];
  #wanted: ReadonlySet<string> | undefined;

  constructor(row: Pick<RunnerRow, 'id'>, submission: Submission, runId: number, world: DriverWorld) {
    this.id = row.id;
    this.submission = submission;
    this.runId = runId;
    this.#world = world;
    const {target, runName} = submission;
    this.#output = new DriverOutput(`lt/${target}/${runName}`, (entry) => world.onOutput(this, entry));
  }

  get nextSeq(): number {
    return this.#output.nextSeq;
  }

  output(fromSeq: number): readonly OutputEntry[] {
    return this.#output.from(fromSeq);
  }

  say(level: number, text: string, stream: OutputEntry['stream'] = 'log'): void {
    this.#output.say(level, text, stream);
  }

  /** Takes a fresh plan: sets rows back as the submission asks, stores the plan, and begins. */
  start(planned: RunPlan): void {
    const {store} = this.#world;
    const {action} = this.submission;
    const known = repeatsSome(action) ? this.#knownTestsOf(planned) : planned;
    const plan = action === 'rerun-step' ? ofStepsAlone(known) : known;
    const wanted = this.#reset(plan);
    this.#wanted = wanted === undefined ? undefined : new Set(wanted);
    const stored: StoredPlan = wanted === undefined ? plan : {...plan, wanted};
    store.runners.setPlan(this.id, JSON.stringify(stored), plan.testPatt);
    this.begin(plan, false);
  }

  /** What has been there is repeated: tests that the run never had do not join it. */
  #knownTestsOf(plan: RunPlan): RunPlan {
    const rows = this.#world.store.tests.list({runIds: [this.runId]});
    const known = new Set(rows.map(({testName}) => testName));
    return {...plan, tests: plan.tests.filter(({testName}) => known.has(testName))};
  }

  /** Goes on with a plan that an earlier daemon stored, or after a transaction that was undone. */
  resume(stored: StoredPlan): void {
    const {wanted, ...plan} = stored;
    this.#wanted = wanted === undefined ? undefined : new Set(wanted);
    this.begin(plan, false);
  }

  /** Registers the parent rows; what may go is seen by `advance`. */
  begin(plan: RunPlan, isRetry: boolean): void {
    const {store, nowS} = this.#world;
    this.plan = plan;
    this.#registering.length = 0;
    this.#active.clear();
    this.#ending.clear();
    for (const test of plan.tests) {
      if (test.iterated !== 'no') {
        this.#iterated.add(test.testName);
      }
      this.#jobgroups.set(test.testName, test.jobgroup);
    }
    if (plan.tests.length === 0) {
      this.say(0, 'INFO: (0) No tests to run');
      this.end(0);
      return;
    }
    this.#autoRerun(plan);
    const parents = store.tests.register(
      this.runId,
      plan.tests.map(({testName}) => ({testName, itemPath: ''})),
      nowS(),
    );
    this.#world.tellChanges();
    const schedule = new RunSchedule(plan, this.#scheduleOptions(plan, isRetry));
    for (const [index, test] of plan.tests.entries()) {
      const row = parents[index];
      if (row !== undefined) {
        schedule.parentRegistered(test.testName, row.testId, row);
      }
    }
    // The gates look at the rows of earlier invocations too.
    for (const row of store.tests.list({runIds: [this.runId]})) {
      this.#countActive(row);
      schedule.rowChanged(row.testName, row.itemPath, row);
    }
    this.schedule = schedule;
    this.stage = isRetry ? 'retrying' : 'running';
    if (!isRetry) {
      for (const row of store.tests.list({runIds: [this.runId]})) {
        if (this.#output.isNewResult(row)) {
          this.#output.sayResult(row, nowS());
        }
      }
    }
  }

  /** Executes what the schedule asks for until it asks for nothing more. */
  advance(): void {
    this.#registerSome();
    for (let actions = this.#nextActions(); actions.length > 0; actions = this.#nextActions()) {
      for (const action of actions) {
        this.#execute(action);
      }
    }
    this.#world.onProgress(this);
    this.#checkEnd();
  }

  #nextActions(): readonly Action[] {
    return this.schedule?.advance() ?? [];
  }

  /** A row of this run has changed. */
  rowChanged(row: TestCore): void {
    this.#countActive(row);
    this.schedule?.rowChanged(row.testName, row.itemPath, row);
    this.#reportResult(row);
  }

  expanded(
    testName: string,
    items: readonly {readonly itemPath: string; readonly vars: readonly (readonly [string, string])[]}[],
  ): void {
    this.schedule?.expanded(testName, items);
  }

  /** Nothing has been running for too long: what still waits will not go. */
  giveUp(): void {
    this.schedule?.giveUp();
  }

  fail(error: unknown): void {
    this.say(0, `ERROR: ${error instanceof Error ? error.message : String(error)}`);
    this.end(1);
  }

  end(exitCode: number): void {
    if (this.stage !== 'ended') {
      this.stage = 'ended';
      this.exitCode = exitCode;
      this.schedule = undefined;
      this.#world.onEnd(this, exitCode);
    }
  }

  progress(): {
    readonly total: number;
    readonly done: number;
    readonly running: number;
    readonly failed: number;
  } {
    return this.schedule?.progress() ?? {total: 0, done: 0, running: 0, failed: 0};
  }

  /** A launch that nobody could start: the row goes back, the driver ends, other tests go on. */
  launchImpossible(name: string, reason: string): void {
    this.say(0, `ERROR: ${name} could not be launched: ${reason}`);
    this.end(1);
  }

  /** Empty = none; `undefined` when the test is not part of the plan, or there is none yet. */
  jobgroupOf(testName: string): string | undefined {
    return this.#jobgroups.get(testName);
  }

  /** The transaction in which it ended, or did anything else, was undone: it is as it was before its plan began. */
  reopen(): void {
    this.stage = 'planning';
    this.exitCode = null;
    this.schedule = undefined;
  }

  preclean(): boolean {
    return (
      (this.submission.options.preclean ?? false) ||
      !['run', 'rerun-step'].includes(this.submission.action) ||
      this.stage === 'retrying'
    );
  }

  #scheduleOptions(plan: RunPlan, isRetry: boolean): ConstructorParameters<typeof RunSchedule>[1] {
    const {options} = this.submission;
    const wanted = this.#wanted;
    return {
      force: options.force ?? false,
      rerun: options.rerun,
      isRetry,
      isRunningAnywhere: this.#world.isRunningAnywhere,
      mayOthersStart: (testName) => this.#world.mayOthersStart(this, testName),
      maxFail: options.maxFail,
      order: this.#order(plan),
      ...(wanted === undefined
        ? {}
        : {
            isWanted: (testName: string, itemPath: string) =>
              wanted.has(itemPath === '' ? testName : `${testName}/${itemPath}`),
          }),
    };
  }

  #order(plan: RunPlan): LaunchOrder {
    const {shuffle} = this.submission.options;
    if (shuffle !== undefined) {
      return {kind: 'shuffle', seed: shuffle};
    }
    return plan.settings.ordersByDuration
      ? {kind: 'critical-path', durationS: (testName) => this.#world.store.tests.meanDurationS(testName)}
      : {kind: 'priority'};
  }

  /** The resets of reruns (runs.md 12, execution.md 12.8); where only some are repeated, their names. */
  #reset(plan: RunPlan): readonly string[] | undefined {
    const {action, options} = this.submission;
    if (action === 'run') {
      return undefined;
    }
    const {store, nowS} = this.#world;
    const rows = store.tests.list({
      runIds: [this.runId],
      ...(repeatsSome(action) ? {testPatt: options.testPatt} : {}),
    });
    const {states, statuses} = plan.settings.cleanRerun;
    const ids = planResets(action, rows, {
      states: states ?? CLEAN_RERUN_DEFAULTS.states,
      statuses: statuses ?? CLEAN_RERUN_DEFAULTS.statuses,
    });
    for (const id of ids) {
      const comment = action === 'rerun-step' ? undefined : '';
      store.tests.setState(id, {state: 'NOT_STARTED', status: 'n/a', comment}, nowS());
    }
    if (!repeatsSome(action)) {
      return undefined;
    }
    const chosen = new Set(ids);
    return rows
      .filter(({id}) => chosen.has(id))
      .map(({testName, itemPath}) => (itemPath === '' ? testName : `${testName}/${itemPath}`));
  }

  /** `[setup] allow-auto-rerun`, at the start of each pass. */
  #autoRerun(plan: RunPlan): void {
    const rules = parseAutoRerun(plan.settings.allowAutoRerun);
    if (rules.length === 0) {
      return;
    }
    const {store, nowS} = this.#world;
    const names = new Set(plan.tests.map(({testName}) => testName));
    for (const row of store.tests.list({runIds: [this.runId]})) {
      const next = names.has(row.testName) ? autoRerun(rules, row) : undefined;
      if (next !== undefined) {
        store.tests.setState(row.id, next, nowS());
      }
    }
  }

  #execute(action: Action): void {
    const {store, nowS} = this.#world;
    switch (action.kind) {
      case 'message':
        if (!this.#warned.has(action.text)) {
          this.#warned.add(action.text);
          this.say(action.level, action.text);
        }
        return;
      case 'block': {
        const {testName, itemPath, status, comment} = action;
        const row = store.tests.find(this.runId, testName, itemPath);
        if (row !== undefined && (row.state === 'NOT_STARTED' || row.state === 'DELETED')) {
          store.tests.setState(row.id, {state: 'NOT_STARTED', status, comment}, nowS());
          this.#world.tellChanges();
        }
        return;
      }
      case 'expand':
        this.#world.expandItems(this, action.testName, action.testDir);
        return;
      case 'register':
        this.#registering.push({testName: action.testName, items: action.items, rows: []});
        this.#registerSome();
        return;
      case 'retry': {
        const {testName, itemPath, delayS} = action;
        this.#world.later(delayS * 1000, () => this.schedule?.retryDue(testName, itemPath));
        return;
      }
    }
  }

  /** Makes as many rows as one transaction may; the rest follows in the next ones. */
  #registerSome(): void {
    const {store, nowS} = this.#world;
    let left = rowsPerTransaction;
    for (let next = this.#registering[0]; next !== undefined && left > 0; next = this.#registering[0]) {
      const {testName, items, rows} = next;
      const part = items.slice(rows.length, rows.length + left);
      left -= part.length;
      const paths = part.map(({itemPath}) => ({testName, itemPath}));
      const made = store.tests.register(this.runId, paths, nowS());
      for (const [index, {testId, state, status}] of made.entries()) {
        const launchId = state === 'NOT_STARTED' ? '' : store.tests.launchId(testId);
        rows.push({
          testId,
          itemPath: part[index]?.itemPath ?? '',
          state,
          status,
          // After a restart of the daemon: what this driver launched already is not launched again by -force or -rerun.
          isOwnLaunch: isLaunchOf(this.id, launchId),
          retry: retryOf(launchId),
        });
      }
      if (rows.length === items.length) {
        this.#registering.shift();
        this.#world.tellChanges();
        this.schedule?.registered(testName, rows);
      }
    }
    if (this.#registering.length > 0) {
      // An empty change: the transaction around it makes the next part.
      this.#world.later(0, () => {});
    }
  }

  #countActive(row: TestCore | TestRow): void {
    if (!this.#isParent(row) && isRunning(row.state)) {
      this.#active.add(row.id);
    } else {
      this.#active.delete(row.id);
    }
    if (!this.#isParent(row) && row.state === 'KILLREQ') {
      this.#ending.add(row.id);
    } else {
      this.#ending.delete(row.id);
    }
  }

  /** It may be waiting for the end of tests whose manager is lost by now, of which no row tells. */
  get waitsForKilled(): boolean {
    return this.stage !== 'ended' && this.#active.size === 0 && this.#ending.size > 0;
  }

  /**
   * run-wait is for what runs (runs.md 7.8), and for what is to be killed as long as somebody is there to end it: no dead-test detection
   * finds that row, so with its manager lost it would be waited for in vain.
   */
  get #isToWait(): boolean {
    return this.#active.size > 0 || [...this.#ending].some((testId) => this.#world.mayHearOf(testId));
  }

  /** The row of a test as a whole, whose items are rows of their own. */
  #isParent(row: TestCore | TestRow): boolean {
    const {testName, itemPath} = row;
    if (itemPath !== '' || this.#iterated.has(testName)) {
      return itemPath === '';
    }
    return !this.#jobgroups.has(testName) && this.#world.store.tests.hasItems(this.runId, testName);
  }

  /** Moves on when there is nothing left to launch or to wait for. */
  #checkEnd(): void {
    const {schedule, plan} = this;
    if (schedule === undefined || plan === undefined || !schedule.isDone || this.#registering.length > 0) {
      return;
    }
    if (this.stage === 'running') {
      this.say(1, 'INFO: (1) All tests launched');
      this.stage = 'waiting';
    }
    const waits = (this.submission.options.runWait ?? false) || plan.settings.runWait;
    if (waits && this.#isToWait) {
      return;
    }
    if (this.stage === 'waiting' && plan.settings.reruns > 0 && !schedule.hasStopped) {
      this.begin(plan, true);
      this.advance();
    } else if (this.stage === 'waiting' || this.stage === 'retrying') {
      this.end(0);
    }
  }

  #reportResult(row: TestCore): void {
    if (this.#output.isNewResult(row)) {
      this.#output.sayResult(row, this.#world.nowS());
      if (!this.#isParent(row)) {
        this.#world.onResult(this, row);
      }
    }
  }
}

/** A test that is repeated from a step waits for nothing and is not tried twice. */
function ofStepsAlone(plan: RunPlan): RunPlan {
  return {
    ...plan,
    tests: plan.tests.map(({retry: _, ...test}) => ({...test, waitons: [], skip: null})),
    settings: {...plan.settings, reruns: 0},
  };
}

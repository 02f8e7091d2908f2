/**
 * Drives one submitted run: from the plan to the last result (spec runs.md 3, 7).
 *
 * Stages: `planning` -> `running` -> `waiting` (run-wait: nothing left to launch) -> `retrying` (one more pass) -> `ended`. A driver
 * of a daemon that was restarted begins again at `planning` (no plan stored yet) or `running`, with the rows as they are.
 */
import {hasFailed, isRunning, stateKind} from '@megatest/model';
import type {RunPlan, SubmitOptions} from '@megatest/rpc';
import type {RunnerRow, Store, TestRow} from '@megatest/store';
import {resultHeader, resultLine} from './result-line.ts';
import {type Action, type Instance, RunSchedule} from './scheduler/run-schedule.ts';

export type Submission = {
  readonly uuid: string;
  readonly action: 'run' | 'rerun-clean' | 'rerun-all' | 'rerun-failed';
  readonly target: string;
  readonly runName: string;
  readonly options: SubmitOptions;
  readonly manager: {readonly host: string; readonly user: string};
  readonly argv: readonly string[];
  readonly owner: string;
};

export type OutputEntry = {
  readonly seq: number;
  readonly stream: 'stdout' | 'log';
  readonly level: number;
  readonly text: string;
};

/** What a driver needs of the daemon around it. */
export type DriverWorld = {
  readonly store: Store;
  readonly write: <T>(change: () => T) => Promise<T>;
  readonly nowS: () => number;
  readonly isRunningAnywhere: (testName: string, itemPath: string | undefined) => boolean;
  readonly expandItems: (
    driver: Driver,
    testName: string,
    testDir: string,
  ) => Promise<readonly {readonly itemPath: string; readonly vars: readonly (readonly [string, string])[]}[]>;
  /** Something may be launched now. */
  readonly pump: () => void;
  readonly onOutput: (driver: Driver, entry: OutputEntry) => void;
  readonly onResult: (driver: Driver, row: TestRow) => void;
  readonly onProgress: (driver: Driver) => void;
  readonly onEnd: (driver: Driver, exitCode: number) => void;
};

const keptOutput = 10_000;
/** States that a run does not report as results. */
const silentStates = new Set(['NOT_STARTED', 'LAUNCHED', 'REMOTEHOSTSTART', 'RUNNING', 'DELETED']);
const headerPauseS = 600;

export class Driver {
  readonly id: number;
  readonly submission: Submission;
  readonly runId: number;
  stage: 'planning' | 'running' | 'waiting' | 'retrying' | 'ended' = 'planning';
  plan: RunPlan | undefined;
  schedule: RunSchedule | undefined;
  exitCode: number | null = null;
  lastLaunchMs = Number.NEGATIVE_INFINITY;
  readonly #world: DriverWorld;
  readonly #output: OutputEntry[] = [];
  /** Rows of this run that take a slot. */
  readonly #active = new Set<number>();
  readonly #reported = new Map<number, string>();
  readonly #warned = new Set<string>();
  readonly #iterated = new Set<string>();
  #nextSeq = 0;
  #lastHeaderS = 0;
  #isAdvancing = false;
  #mustAdvance = false;

  constructor(row: Pick<RunnerRow, 'id'>, submission: Submission, runId: number, world: DriverWorld) {
    this.id = row.id;
    this.submission = submission;
    this.runId = runId;
    this.#world = world;
  }

  get nextSeq(): number {
    return this.#nextSeq;
  }

  output(fromSeq: number): readonly OutputEntry[] {
    return this.#output.filter((entry) => entry.seq >= fromSeq);
  }

  say(level: number, text: string, stream: 'stdout' | 'log' = 'log'): void {
    const entry: OutputEntry = {seq: this.#nextSeq, stream, level, text};
    this.#nextSeq += 1;
    this.#output.push(entry);
    if (this.#output.length > keptOutput) {
      this.#output.shift();
    }
    this.#world.onOutput(this, entry);
  }

  /** Begins with a plan: registers the parent rows and looks at what may go. */
  async begin(plan: RunPlan, isRetry = false): Promise<void> {
    const {store, write, nowS} = this.#world;
    this.plan = plan;
    for (const test of plan.tests) {
      if (test.iterated !== 'no') {
        this.#iterated.add(test.testName);
      }
    }
    if (plan.tests.length === 0) {
      this.say(0, 'INFO: (0) No tests to run');
      this.end(0);
      return;
    }
    const options = this.submission.options;
    const schedule = new RunSchedule(plan, {
      force: options.force ?? false,
      rerun: options.rerun,
      isRetry,
      isRunningAnywhere: this.#world.isRunningAnywhere,
    });
    const parents = await write(() =>
      store.tests.register(
        this.runId,
        plan.tests.map(({testName}) => ({testName, itemPath: ''})),
        nowS(),
      ),
    );
    this.schedule = schedule;
    this.stage = isRetry ? 'retrying' : 'running';
    for (const [index, test] of plan.tests.entries()) {
      const row = parents[index];
      if (row !== undefined) {
        schedule.parentRegistered(test.testName, row.testId, row);
      }
    }
    if (!isRetry) {
      this.#reportEarlierResults();
    }
    await this.advance();
  }

  /** Executes what the schedule asks for until it asks for nothing more. */
  async advance(): Promise<void> {
    if (this.#isAdvancing) {
      this.#mustAdvance = true;
      return;
    }
    this.#isAdvancing = true;
    try {
      do {
        this.#mustAdvance = false;
        for (let actions = this.#nextActions(); actions.length > 0; actions = this.#nextActions()) {
          for (const action of actions) {
            await this.#execute(action);
          }
        }
      } while (this.#mustAdvance);
    } finally {
      this.#isAdvancing = false;
    }
    this.#world.pump();
    this.#world.onProgress(this);
    this.checkEnd();
  }

  #nextActions(): readonly Action[] {
    return this.stage === 'ended' ? [] : (this.schedule?.advance() ?? []);
  }

  /** A row of this run has changed. */
  rowChanged(row: TestRow): void {
    if (!this.#isParent(row) && isRunning(row.state)) {
      this.#active.add(row.id);
    } else {
      this.#active.delete(row.id);
    }
    this.schedule?.rowChanged(row.testName, row.itemPath, row);
    this.#reportResult(row);
  }

  /** The row of a test as a whole, whose items are rows of their own. */
  #isParent(row: TestRow): boolean {
    return row.itemPath === '' && this.#iterated.has(row.testName);
  }

  /** Moves on when there is nothing left to launch or to wait for. */
  checkEnd(): void {
    if (this.schedule === undefined || this.#isAdvancing || !this.schedule.isDone) {
      return;
    }
    if (this.stage === 'running') {
      this.say(1, 'INFO: (1) All tests launched');
      this.stage = 'waiting';
    }
    const waits = (this.submission.options.runWait ?? false) || (this.plan?.settings.runWait ?? false);
    if (waits && this.#active.size > 0) {
      return;
    }
    if (this.stage === 'waiting' && this.plan !== undefined && this.plan.settings.reruns > 0) {
      void this.begin(this.plan, true).catch((error: unknown) => this.fail(error));
      return;
    }
    if (this.stage === 'waiting' || this.stage === 'retrying') {
      this.end(0);
    }
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

  isOwnLaunch(launchId: string): boolean {
    return launchId.startsWith(`${this.id}.`);
  }

  preclean(): boolean {
    return (
      (this.submission.options.preclean ?? false) ||
      this.submission.action !== 'run' ||
      this.stage === 'retrying'
    );
  }

  async #execute(action: Action): Promise<void> {
    const {store, write, nowS} = this.#world;
    switch (action.kind) {
      case 'message':
        if (!this.#warned.has(action.text)) {
          this.#warned.add(action.text);
          this.say(action.level, action.text);
        }
        return;
      case 'block': {
        const {testName, itemPath, status, comment} = action;
        await write(() => {
          const row = store.tests.find(this.runId, testName, itemPath);
          if (row !== undefined) {
            store.tests.setState(row.id, {state: 'NOT_STARTED', status, comment}, nowS());
          }
        });
        return;
      }
      case 'expand': {
        const items = await this.#world.expandItems(this, action.testName, action.testDir);
        this.schedule?.expanded(action.testName, items);
        return;
      }
      case 'register': {
        const {testName, items} = action;
        const rows = await write(() => {
          const registered = store.tests.register(
            this.runId,
            items.map(({itemPath}) => ({testName, itemPath})),
            nowS(),
          );
          return registered.map((row, index) => ({
            ...row,
            itemPath: items[index]?.itemPath ?? '',
            // After a restart of the daemon: what this driver launched already is not launched again by -force or -rerun.
            isOwnLaunch: row.state !== 'NOT_STARTED' && this.isOwnLaunch(store.tests.launchId(row.testId)),
          }));
        });
        this.schedule?.registered(testName, rows);
        for (const row of rows) {
          if (isRunning(row.state)) {
            this.#active.add(row.testId);
          }
        }
        return;
      }
    }
  }

  #reportEarlierResults(): void {
    for (const row of this.#world.store.tests.list({runIds: [this.runId]})) {
      this.#reportResult(row);
    }
  }

  #reportResult(row: TestRow): void {
    const now = `${row.state}/${row.status}`;
    if (
      silentStates.has(row.state) ||
      stateKind(row.state) === 'busy' ||
      this.#reported.get(row.id) === now
    ) {
      return;
    }
    this.#reported.set(row.id, now);
    if (!this.#isParent(row)) {
      this.#world.onResult(this, row);
    }
    const nowS = this.#world.nowS();
    if (nowS - this.#lastHeaderS > headerPauseS) {
      this.#lastHeaderS = nowS;
      this.say(0, resultHeader(), 'stdout');
    }
    const {target, runName} = this.submission;
    const path = `lt/${target}/${runName}/${row.testName}${row.itemPath === '' ? '' : `/${row.itemPath}`}`;
    this.say(
      0,
      resultLine({
        state: row.state,
        status: row.status,
        eventTimeS: row.eventTime,
        durationS: row.runDuration,
        path,
      }),
      'stdout',
    );
  }

  /** Instances of the run that have failed, for its exit code in the new style. */
  failures(): number {
    return this.#world.store.runs
      .counts(this.runId)
      .filter(({state, status}) => hasFailed(state, status))
      .reduce((sum, {count}) => sum + count, 0);
  }
}

export type {Instance};

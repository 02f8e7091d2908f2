/**
 * The homehost of one area: the store with its grouped writes, the drivers, the managers, and the limits that all runs share.
 *
 * Everything that changes a row goes through `write`. Before a transaction commits, the rows that changed in it are told to the
 * drivers of their runs, and what follows (rows made or blocked, instances claimed for a launch) is written in the same transaction:
 * a test that ends and the launch that takes its place cost one commit. What others are told waits for the commit.
 */
import {isRunning, stateKind} from '@megatest/model';
import {type Connected, RpcError, type RunPlan} from '@megatest/rpc';
import {
  type Changes,
  type Connection,
  GroupCommitter,
  noChanges,
  type RunnerRow,
  Store,
  type TestCore,
} from '@megatest/store';
import {type ChangedRows, ChangeFeed} from './change-feed.ts';
import {ChangeLog} from './change-log.ts';
import {Driver, type DriverWorld, type StoredPlan, type Submission} from './driver.ts';
import type {OutputEntry} from './driver-output.ts';
import {JobQueue, type JobQueueOptions} from './job-queue.ts';
import {toJob} from './job-request.ts';
import {isLaunchOf, makeLaunchId, retryOf} from './launch-id.ts';
import {LaunchOrders} from './launch-orders.ts';
import {LiveDrivers} from './live-drivers.ts';
import {ask, type Manager, Managers} from './managers.ts';
import {OwnManager} from './own-manager.ts';
import {PlanOrders} from './plan-orders.ts';
import {registerSubmission} from './register-submission.ts';
import {DEAD_COMMENT, deadTests} from './scheduler/dead-tests.ts';
import {Slots} from './scheduler/slots.ts';
import {jobSettings} from './settings.ts';
import {Palette} from './views/palette.ts';
import {Watchers, type Wish} from './watchers.ts';

export type HomehostOptions = {
  readonly db: Connection;
  readonly nowS?: () => number;
  /** After every commit. */
  readonly onCommit?: () => void;
  readonly log: (level: 'INFO' | 'WARNING' | 'ERROR', text: string) => void;
  readonly jobs?: Pick<JobQueueOptions, 'settings' | 'areaPath'>;
  /** Starts a manager of the daemon's own user on this host. */
  readonly startManager?: () => void;
};

/** Output and result of a driver that has ended stay readable for this long. */
const keepEndedMs = 600_000;
/** Of what a driver says, what stands in the log of its job: as much as a command shows that nobody asked for more. */
const mostLoggedLevel = 1;
/** Tests that died without a word are looked for this often. */
const deadCheckS = 900;

/** Who stops a driver: a client, or something that is none, by its name. */
export type Stopper = string | {readonly user: string; readonly host: string; readonly pid: number};

export class Homehost {
  readonly store: Store;
  readonly managers = new Managers();
  readonly drivers = new Map<number, Driver>();
  readonly nowS: () => number;
  readonly changeLog = new ChangeLog();
  readonly palette = new Palette();
  readonly feed: ChangeFeed;
  readonly jobs: JobQueue;
  readonly ownManager: OwnManager;
  /** Rows of this transaction that have been told to drivers, and will be to others when it is committed. */
  #changed = noChanges();
  readonly #committer: GroupCommitter;
  readonly #log: HomehostOptions['log'];
  readonly #slots = new Slots();
  readonly #orders: LaunchOrders;
  readonly #planOrders: PlanOrders;
  readonly #watchers = new Watchers();
  readonly #live = new LiveDrivers();
  /** Drivers to be looked at before the transaction commits. */
  readonly #dirty = new Set<Driver>();
  #afterCommit: (() => void)[] = [];
  #isLeaving = false;
  readonly #waits = new Set<{readonly isOver: () => boolean; readonly resolve: () => void}>();
  /** Since when nothing of the area has been running. */
  #idleSinceS: number;
  #lastDeadCheckS: number;

  constructor(options: HomehostOptions) {
    this.store = new Store(options.db);
    this.nowS = options.nowS ?? (() => Math.floor(Date.now() / 1000));
    this.#idleSinceS = this.nowS();
    this.#lastDeadCheckS = this.nowS();
    this.#log = options.log;
    const rows: ChangedRows = {
      test: (testId) => this.store.tests.core(testId),
      runner: (runnerId) => withoutPlan(this.store.runners.get(runnerId)),
      job: (jobId) => {
        const job = this.store.jobs.get(jobId);
        return job === undefined ? undefined : toJob(job);
      },
    };
    this.feed = new ChangeFeed(this.changeLog, rows, this.palette);
    this.#committer = new GroupCommitter(options.db, {
      onBegin: () => this.store.tests.remember(),
      beforeCommit: () => this.#follow(),
      onCommit: () => {
        this.#onCommit();
        options.onCommit?.();
      },
      onRollback: (isWhole) => this.#onRollback(isWhole),
    });
    this.#orders = new LaunchOrders({
      store: this.store,
      managers: this.managers,
      slots: this.#slots,
      nowS: this.nowS,
      log: options.log,
    });
    this.#planOrders = new PlanOrders({
      store: this.store,
      managers: this.managers,
      nowS: this.nowS,
      write: this.write,
      change: async (driver, change) => await this.#change(driver, change),
      fail: async (driver, error) => await this.#fail(driver, error),
      endRunning: async (runId) => await this.#endRunning(runId),
    });
    this.#takeSlots();
    this.ownManager = new OwnManager(this.managers, () => {
      if (!this.#isLeaving) {
        options.startManager?.();
      }
    });
    const {settings = jobSettings.parse({}), areaPath = ''} = options.jobs ?? {};
    this.jobs = new JobQueue(this, {settings, areaPath, log: options.log});
  }

  get writes(): number {
    return this.#committer.writes;
  }

  /** Nothing is written any more. */
  get isLeaving(): boolean {
    return this.#isLeaving;
  }

  write = async <T>(change: () => T): Promise<T> => {
    if (this.#isLeaving) {
      throw new RpcError('shuttingDown', 'the daemon is leaving; the next one writes');
    }
    return await this.#committer.write(change);
  };

  /** Commits what waits; whatever would be written after that is left to the next daemon. */
  async leave(): Promise<void> {
    const last = this.write(() => {});
    this.#isLeaving = true;
    await last;
  }

  /** Somebody else wrote rows of these tests into M: drivers and slots go by them from now on. */
  takeForeign(testIds: readonly number[]): void {
    this.store.invalidate();
    this.jobs.look();
    void this.write(() => this.store.noteChanged(testIds)).catch((error: unknown) => {
      this.#log('ERROR', `rows of ${testIds.length} tests were taken, and nobody could be told: ${error}`);
    });
  }

  /** Notes how far M was copied to T: does not count as a write. */
  async noteFlush({stamp, seq}: {readonly stamp: number; readonly seq: number}): Promise<void> {
    const note = () => {
      this.store.setMeta('SYNC_STAMP', String(stamp));
      this.store.setMeta('SYNC_SEQ', String(seq));
    };
    await this.#committer.write(note, {isMark: true});
  }

  /** Whether a daemon may leave: nothing is running, nobody is being driven, no job is to be done. */
  get isIdle(): boolean {
    return this.#slots.size === 0 && this.#live.isEmpty && this.jobs.isIdle;
  }

  /** Brings back the drivers and jobs that had not ended when the last daemon did. */
  restore(): void {
    for (const row of this.store.runners.live()) {
      const driver = this.#makeDriver(row.id, JSON.parse(row.options) as Submission, row.runId ?? 0);
      if (row.plan === '') {
        void this.#planOrders.plan(driver);
      } else {
        void this.#change(driver, () => driver.resume(JSON.parse(row.plan) as StoredPlan));
      }
    }
    void this.jobs.restore().catch((error: unknown) => {
      this.#log('ERROR', `the jobs of the last daemon could not be taken up: ${error}`);
    });
  }

  /** Registers a submission; the same uuid again gives the same driver. */
  async submit(
    submission: Submission,
    client: {readonly host: string; readonly pid: number},
  ): Promise<{readonly driverId: number; readonly runId: number | null}> {
    const known = this.store.runners.byUuid(submission.uuid);
    if (known !== undefined) {
      return {driverId: known.id, runId: known.runId};
    }
    const {driverId, runId} = await this.write(() =>
      registerSubmission(this.store, submission, client, this.nowS()),
    );
    void this.#planOrders.plan(this.#makeDriver(driverId, submission, runId));
    return {driverId, runId};
  }

  /** Nothing new is launched; true when the driver was still at it. Whoever watches is told who it was, when it was somebody else. */
  async stopDriver(driverId: number, who: Stopper): Promise<boolean> {
    const driver = this.drivers.get(driverId);
    if (driver === undefined || driver.stage === 'ended') {
      return false;
    }
    await this.write(() => {
      const submitter = this.store.runners.get(driverId);
      const isOther = typeof who === 'string' || submitter?.host !== who.host || submitter.pid !== who.pid;
      const name = typeof who === 'string' ? who : `${who.user}@${who.host}`;
      const what = isOther ? `WARNING: stopped by ${name}` : 'INFO: (0) stopped';
      driver.say(0, `${what}: nothing new is launched, running tests go on`);
      driver.end(130);
    });
    return true;
  }

  /** Sends the output of a driver to a connection from now on. */
  watch(driver: Driver, connection: Connected, wish: Wish): void {
    this.#watchers.add(driver, connection, wish);
  }

  /** Resolves when the condition, which is looked at after every commit and now and then, holds. */
  async waitUntil(isOver: () => boolean): Promise<void> {
    if (!isOver()) {
      await new Promise<void>((resolve) => {
        this.#waits.add({isOver, resolve});
      });
    }
  }

  /**
   * A manager is there (again): tests that it has are its own, launches that it never got are ordered again, and what it has of an
   * older launch it is told to forget.
   */
  managerRegistered(
    manager: Manager,
    launches: readonly {readonly testId: number; readonly launchId: string}[],
  ): readonly string[] {
    const forget: string[] = [];
    const known = new Set<number>();
    for (const {testId, launchId} of launches) {
      if (this.store.tests.get(testId) !== undefined && this.store.tests.launchId(testId) === launchId) {
        known.add(testId);
      } else {
        forget.push(launchId);
      }
    }
    this.managers.add(manager, [...known]);
    // After the answer to the registration, which tells the manager what to forget first.
    setImmediate(() => this.#orders.orderAgain(manager, known, this.#live));
    return forget;
  }

  /**
   * A launch that was lost with its manager is made anew, under an id that makes the old one void should it still begin. To be called
   * within a transaction.
   */
  launchAnew({id, runId, launchId}: TestCore): void {
    const driver = this.driversOfRun(runId).find((candidate) => isLaunchOf(candidate.id, launchId));
    if (driver === undefined) {
      this.store.tests.setState(
        id,
        {state: 'NOT_STARTED', status: 'n/a', comment: 'its launch was lost'},
        this.nowS(),
      );
      return;
    }
    const next = makeLaunchId(driver.id, retryOf(launchId));
    this.store.tests.setState(id, {state: 'LAUNCHED', status: 'n/a', launchId: next}, this.nowS());
    this.#afterCommit.push(() => {
      const {host, user} = driver.submission.manager;
      const manager = this.managers.find(host, user);
      if (manager !== undefined) {
        const others = [...this.#slots.holders()].map(({testId}) => testId).filter((testId) => testId !== id);
        this.#orders.orderAgain(manager, new Set(others), [driver]);
      }
    });
  }

  /** Kill requests: rows become KILLREQ, and whoever has the tests is told at once. */
  async kill(testIds: readonly number[], reason: string): Promise<number> {
    const asked = await this.write(() =>
      testIds.filter((testId) => {
        const row = this.store.tests.get(testId);
        if (row === undefined || !isRunning(row.state)) {
          return false;
        }
        this.store.tests.setState(testId, {state: 'KILLREQ', status: 'n/a', comment: reason}, this.nowS());
        return true;
      }),
    );
    this.tellToKill(asked, reason);
    return asked.length;
  }

  tellToKill(testIds: readonly number[], reason: string): void {
    for (const [manager, ids] of this.managers.owners(testIds)) {
      // A manager that is gone by now learns of the request from its next heartbeat.
      void ask(manager, 'manager.kill', {tests: ids.map((testId) => ({testId, reason}))}).catch(() => {});
    }
  }

  driversOfRun(runId: number): readonly Driver[] {
    return [...this.#live.of(runId)];
  }

  /** What takes a slot of the limits; to look at. */
  get slots(): Pick<Slots, 'size' | 'inRun' | 'inGroup' | 'isRunning'> {
    return this.#slots;
  }

  /** What is still being driven for a manager's host and user. */
  submissionsAt(host: string, user: string): readonly string[] {
    return [...this.#live]
      .filter(({submission: {manager}}) => manager.host === host && manager.user === user)
      .map(({submission}) => submission.uuid);
  }

  /** What only time brings: runs that wait for nothing any more, and tests that died without a word. To be called now and then. */
  lookAround(): void {
    if (this.#isLeaving) {
      return;
    }
    const nowS = this.nowS();
    const hopeless = [...this.#live].filter(
      ({plan}) =>
        this.#slots.size === 0 &&
        plan !== undefined &&
        nowS - this.#idleSinceS > plan.settings.giveUpWaitingS,
    );
    for (const driver of hopeless) {
      void this.#change(driver, () => driver.giveUp());
    }
    for (const driver of this.#live) {
      if (driver.waitsForKilled) {
        void this.#change(driver, () => {});
      }
    }
    this.ownManager.look();
    this.jobs.lookAround();
    this.#tellWaiting();
    if (nowS - this.#lastDeadCheckS >= deadCheckS) {
      this.#lastDeadCheckS = nowS;
      for (const driver of this.#live) {
        void this.markDead(driver.runId, driver.plan?.settings.deadtimeS ?? 0);
      }
    }
  }

  /** As `markDeadNow`, in a transaction of its own. */
  async markDead(runId: number, deadtimeS: number): Promise<readonly number[]> {
    return await this.write(() => this.markDeadNow(runId, deadtimeS));
  }

  /** Marks tests of a run that died without a word (runs.md 11); returns their ids. To be called within a transaction. */
  markDeadNow(runId: number, deadtimeS: number): readonly number[] {
    const nowS = this.nowS();
    const isManaged = (testId: number) => this.managers.ownerOf(testId) !== undefined;
    const dead = deadTests(this.store.tests.unended(runId), {nowS, deadtimeS, isManaged});
    for (const id of dead) {
      this.store.tests.setState(id, {state: 'COMPLETED', status: 'DEAD', comment: DEAD_COMMENT}, nowS);
    }
    for (const driver of dead.length === 0 ? [] : this.driversOfRun(runId)) {
      driver.say(0, `WARNING: tests ${dead.join(', ')} have died without a word: COMPLETED/DEAD`);
    }
    return dead;
  }

  #makeDriver(id: number, submission: Submission, runId: number): Driver {
    const world: DriverWorld = {
      store: this.store,
      nowS: this.nowS,
      mayHearOf: (testId) => this.managers.mayHearOf(testId),
      isRunningAnywhere: (testName, itemPath) => this.#slots.isRunning(testName, itemPath),
      mayOthersStart: (driver, testName) =>
        this.driversOfRun(runId).some(
          (other) => other !== driver && (other.schedule?.mayStart(testName) ?? true),
        ),
      tellChanges: () => this.#tellChanges(),
      expandItems: (driver, testName, testDir) =>
        void this.#planOrders.expandItems(driver, testName, testDir),
      later: (delayMs, change) => {
        setTimeout(() => void this.#change(driver, change), delayMs).unref();
      },
      onOutput: (driver, entry) => this.#afterCommit.push(() => this.#tellOutput(driver, entry)),
      onResult: (driver, row) => {
        const progress = driver.progress();
        this.#afterCommit.push(() => this.#watchers.tellResult(driver, row, progress));
      },
      onProgress: (driver) => this.#watchers.tellProgress(driver),
      onEnd: (driver, exitCode) => this.#endDriver(driver, exitCode),
    };
    const driver = new Driver({id}, submission, runId, world);
    this.drivers.set(id, driver);
    this.#live.add(driver);
    return driver;
  }

  /** Changes a driver in a transaction of its own; what it cannot do ends it. */
  async #change(driver: Driver, change: () => void): Promise<void> {
    if (driver.stage === 'ended') {
      return;
    }
    try {
      await this.write(() => {
        change();
        this.#dirty.add(driver);
      });
    } catch (error) {
      await this.#fail(driver, error);
    }
  }

  async #fail(driver: Driver, error: unknown): Promise<void> {
    if (this.#isLeaving) {
      // Nothing of it was written: the next daemon finds the driver as it was.
      return;
    }
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#log('ERROR', `driver ${driver.id}: ${text}`);
    await this.write(() => driver.fail(error)).catch(() => {
      // The database takes no writes at all: the next daemon finds the driver as it was.
    });
  }

  /** `rerun all`: what is active is killed, and set back after it has ended (runs.md 12.3). */
  async #endRunning(runId: number): Promise<void> {
    const isActive = (state: string | undefined) => isRunning(state ?? '') || state === 'KILLREQ';
    const active = this.store.tests.list({runIds: [runId]}).filter((row) => isActive(row.state));
    await this.kill(
      active.map((row) => row.id),
      'killed by rerun all',
    );
    await this.waitUntil(() =>
      active.every(({id}) => {
        const state = this.store.tests.get(id)?.state;
        return !isActive(state) || (state === 'KILLREQ' && !this.managers.mayHearOf(id));
      }),
    );
  }

  #tellOutput(driver: Driver, entry: OutputEntry): void {
    this.#watchers.tellOutput(driver, entry);
    const {jobId} = driver.submission;
    if (jobId !== undefined && entry.level <= mostLoggedLevel) {
      this.jobs.logs.say(jobId, entry.text);
    }
  }

  /** Inside the transaction: what follows from the changed rows, until nothing follows any more. */
  #follow(): void {
    do {
      this.#tellChanges();
      for (const driver of this.#dirty) {
        this.#dirty.delete(driver);
        try {
          driver.advance();
        } catch (error) {
          // A fault of one run must not undo what everybody else has written.
          this.#log('ERROR', `driver ${driver.id}: ${error instanceof Error ? error.stack : error}`);
          driver.fail(error);
        }
        this.#recheckOthers(driver);
      }
      this.#launchReady();
    } while (this.#dirty.size > 0 || this.store.hasChangedTests);
  }

  /** Tells the drivers of their changed rows, and keeps the slots counted. */
  #tellChanges(): void {
    while (this.store.hasChangedTests) {
      for (const testId of this.#takeChanges().tests) {
        const row = this.store.tests.core(testId);
        if (row === undefined) {
          continue;
        }
        this.#countSlot(row);
        for (const driver of this.#live.of(row.runId)) {
          driver.rowChanged(row);
          this.#dirty.add(driver);
        }
      }
    }
  }

  #takeChanges(): Changes {
    const changes = this.store.takeChanges();
    for (const kind of ['runs', 'tests', 'runners', 'jobs'] as const) {
      for (const id of changes[kind]) {
        this.#changed[kind].add(id);
      }
    }
    return changes;
  }

  #countSlot(row: TestCore): void {
    const {id: testId, testName, itemPath} = row;
    if (isRunning(row.state)) {
      const isParent = itemPath === '' && this.store.tests.hasItems(row.runId, testName);
      if (!isParent) {
        const jobgroup = this.#jobgroupOf(row.runId, testName);
        this.#slots.take({testId, runId: row.runId, testName, itemPath, jobgroup});
      }
      return;
    }
    if (stateKind(row.state) !== 'ending') {
      this.managers.forget(testId);
    }
    const freed = this.#slots.free(testId);
    if (freed === undefined) {
      return;
    }
    this.#idleSinceS = this.nowS();
    for (const driver of this.#live) {
      driver.schedule?.recheckExclusive(freed);
      if (driver.schedule?.mustAdvance === true) {
        this.#dirty.add(driver);
      }
    }
  }

  /** Of all that is active, by the rows. */
  #takeSlots(): void {
    for (const {id, runId, testName, itemPath} of this.store.tests.activeInstances()) {
      this.#slots.take({testId: id, runId, testName, itemPath, jobgroup: this.#jobgroupOf(runId, testName)});
    }
  }

  /** A test that nobody drives (any more), or whose driver has not read its plan yet, has the group that was recorded last. */
  #jobgroupOf(runId: number, testName: string): string {
    const planned = this.driversOfRun(runId).map((driver) => driver.jobgroupOf(testName));
    return planned.find((group) => group !== undefined) ?? this.store.meta.jobgroupOf(testName);
  }

  /** Another driver of the same run may wait for what this one has just decided. */
  #recheckOthers(driver: Driver): void {
    for (const other of this.#live.of(driver.runId)) {
      if (other !== driver && other.schedule?.recheckOthers() === true) {
        this.#dirty.add(other);
      }
    }
  }

  /** Claims what may go while there are slots: the only place that starts tests. */
  #launchReady(): void {
    for (const driver of this.#live) {
      const {schedule} = driver;
      if (schedule === undefined || !schedule.hasReady) {
        continue;
      }
      const {launches, pauseMs} = this.#orders.claimReady(driver);
      if (pauseMs !== undefined) {
        // An empty change: the transaction around it launches what may go then.
        setTimeout(() => void this.#change(driver, () => {}), pauseMs).unref();
      }
      if (launches.length > 0) {
        this.#afterCommit.push(() => void this.#orders.order(driver, launches));
      }
      // A gate may have closed while an instance waited for its slot.
      if (schedule.mustAdvance) {
        this.#dirty.add(driver);
      }
    }
  }

  #endDriver(driver: Driver, exitCode: number): void {
    const state = exitCode === 130 ? 'killed' : 'done';
    this.store.runners.end(driver.id, state, exitCode, this.nowS());
    this.store.runs.refreshStats(driver.runId);
    this.#live.remove(driver);
    this.jobs.driverEnded(driver, exitCode);
    this.#recheckOthers(driver);
    this.#afterCommit.push(() => {
      this.#watchers.tellEnd(driver, exitCode);
      const {uuid, manager: at} = driver.submission;
      const manager = this.managers.find(at.host, at.user);
      if (manager !== undefined) {
        // One that is gone by now learns of it when it registers.
        void ask(manager, 'manager.closeSubmission', {uuid}).catch(() => {});
      }
      setTimeout(() => this.drivers.delete(driver.id), keepEndedMs).unref();
    });
  }

  #onCommit(): void {
    this.store.tests.forget();
    this.#takeChanges();
    const {runs, tests, runners, jobs} = this.#changed;
    if (runs.size + tests.size + runners.size + jobs.size > 0) {
      this.changeLog.add(this.#changed);
      this.#changed = noChanges();
      this.feed.changed();
    }
    const told = this.#afterCommit;
    this.#afterCommit = [];
    for (const tell of told) {
      tell();
    }
    this.#tellWaiting();
  }

  #tellWaiting(): void {
    for (const wait of [...this.#waits]) {
      if (wait.isOver()) {
        this.#waits.delete(wait);
        wait.resolve();
      }
    }
  }

  /** Of a write that failed alone nothing was told; of a whole transaction everything was, and is taken back from the rows. */
  #onRollback(isWhole: boolean): void {
    this.store.invalidate();
    if (!isWhole) {
      return;
    }
    this.store.tests.forget();
    this.store.takeChanges();
    this.#changed = noChanges();
    this.#afterCommit = [];
    this.#dirty.clear();
    for (const {testId} of [...this.#slots.holders()]) {
      this.#slots.free(testId);
    }
    this.#takeSlots();
    for (const row of this.store.runners.live()) {
      const driver = this.drivers.get(row.id);
      if (driver !== undefined && row.plan !== '') {
        driver.reopen();
        this.#live.add(driver);
        const plan = JSON.parse(row.plan) as RunPlan;
        setTimeout(() => void this.#change(driver, () => driver.resume(plan)), 1000).unref();
      }
    }
  }
}

function withoutPlan(row: RunnerRow | undefined): Omit<RunnerRow, 'plan'> | undefined {
  if (row === undefined) {
    return undefined;
  }
  const {plan: _, ...rest} = row;
  return rest;
}

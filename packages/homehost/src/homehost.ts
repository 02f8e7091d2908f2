/**
 * The homehost of one area: the store with its grouped writes, the drivers, the managers, and the limits that all runs share.
 *
 * Everything that changes a row goes through `write`. After each commit the rows that changed are read once and told to the drivers
 * of their runs; what may be launched then is launched. So a finished test costs its own rows and its dependants, whatever the size
 * of the run.
 */
import {randomBytes} from 'node:crypto';
import {isRunning} from '@megatest/model';
import {type Connected, type Launch, planReply, RpcError, type RunPlan} from '@megatest/rpc';
import {type Connection, GroupCommitter, Store, type TestRow} from '@megatest/store';
import {Driver, type DriverWorld, type OutputEntry, type Submission} from './driver.ts';
import {ask, type Manager, Managers} from './managers.ts';

export type HomehostOptions = {
  readonly db: Connection;
  readonly nowS?: () => number;
  readonly log: (level: 'INFO' | 'WARNING' | 'ERROR', text: string) => void;
};

const managerWaitMs = 60_000;
/** Output and result of a driver that has ended stay readable for this long. */
const keepEndedMs = 600_000;
const progressPauseMs = 250;
/** An order of launches to one manager carries at most this many. */
const maxLaunchBatch = 500;

export class Homehost {
  readonly store: Store;
  readonly managers = new Managers();
  readonly drivers = new Map<number, Driver>();
  readonly nowS: () => number;
  readonly #committer: GroupCommitter;
  readonly #log: HomehostOptions['log'];
  /** Instances of the area that take a slot, with their job group. */
  readonly #active = new Map<
    number,
    {readonly testName: string; readonly itemPath: string; readonly runId: number}
  >();
  readonly #jobgroups = new Map<string, string>();
  /** Launches that are being written or ordered: they take a slot before their row says so. */
  readonly #launching = new Set<number>();
  readonly #watchers = new Map<number, Set<Connected>>();
  readonly #progressTimers = new Map<number, NodeJS.Timeout>();
  readonly #waits = new Set<{readonly isOver: () => boolean; readonly resolve: () => void}>();
  #isPumping = false;

  constructor(options: HomehostOptions) {
    this.store = new Store(options.db);
    this.nowS = options.nowS ?? (() => Math.floor(Date.now() / 1000));
    this.#log = options.log;
    this.#committer = new GroupCommitter(options.db, {
      onCommit: () => this.#onCommit(),
      onRollback: () => this.store.invalidate(),
    });
    for (const instance of this.store.tests.activeInstances()) {
      this.#active.set(instance.id, instance);
    }
  }

  get writes(): number {
    return this.#committer.writes;
  }

  write = async <T>(change: () => T): Promise<T> => await this.#committer.write(change);

  /** Whether a daemon may leave: nothing is running, nobody is being driven. */
  get isIdle(): boolean {
    return this.#active.size === 0 && [...this.drivers.values()].every((driver) => driver.stage === 'ended');
  }

  /** Brings back the drivers that had not ended when the last daemon did. */
  restoreDrivers(): void {
    for (const row of this.store.runners.live()) {
      const submission = JSON.parse(row.options) as Submission;
      const driver = this.#makeDriver(row.id, submission, row.runId ?? 0);
      const start = row.plan === '' ? this.#plan(driver) : driver.begin(JSON.parse(row.plan) as RunPlan);
      void start.catch((error: unknown) => driver.fail(error));
    }
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
    const {target, runName, options, owner, action} = submission;
    const values = target.split('/');
    if (values.length !== this.store.keys.length) {
      throw new RpcError(
        'invalidValue',
        `Invalid target, "${target}" should be: ${this.store.keys.join('/')}`,
        {field: 'target', value: target},
      );
    }
    const {driverId, runId} = await this.write(() => {
      const run = this.store.runs.register(
        {target: values, runName, state: 'new', status: 'n/a', owner, contour: options.contour ?? ''},
        this.nowS(),
      );
      if (action !== 'run' && this.store.runs.get(run.runId)?.state === 'locked') {
        throw new RpcError('conflict', `run ${target}/${runName} is locked; unlock it first`, {
          current: 'locked',
        });
      }
      const id = this.store.runners.add(
        {
          uuid: submission.uuid,
          action,
          owner,
          host: client.host,
          pid: client.pid,
          target,
          runName,
          testPatt: options.testPatt ?? '%',
          options: JSON.stringify(submission),
        },
        this.nowS(),
      );
      this.store.runners.setRun(id, run.runId);
      return {driverId: id, runId: run.runId};
    });
    const driver = this.#makeDriver(driverId, submission, runId);
    void this.#plan(driver).catch((error: unknown) => driver.fail(error));
    return {driverId, runId};
  }

  stopDriver(driverId: number): boolean {
    const driver = this.drivers.get(driverId);
    if (driver === undefined || driver.stage === 'ended') {
      return false;
    }
    driver.say(0, 'INFO: (0) stopped: nothing new is launched, running tests go on');
    driver.end(130);
    return true;
  }

  /** Sends the output of a driver to a connection from now on. */
  watch(driver: Driver, connection: Connected, fromSeq: number): void {
    for (const entry of driver.output(fromSeq)) {
      connection.notify('driver.output', {driverId: driver.id, ...entry});
    }
    if (driver.stage === 'ended') {
      connection.notify('driver.ended', {driverId: driver.id, exitCode: driver.exitCode ?? 0});
      return;
    }
    connection.notify('driver.progress', {driverId: driver.id, ...driver.progress()});
    const watchers = this.#watchers.get(driver.id) ?? new Set();
    this.#watchers.set(driver.id, watchers.add(connection));
    connection.onClose(() => watchers.delete(connection));
  }

  /** Resolves when the condition, which is looked at after every commit, holds. */
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
    const own: number[] = [];
    const known = new Set<number>();
    for (const {testId, launchId} of launches) {
      if (this.store.tests.get(testId) !== undefined && this.store.tests.launchId(testId) === launchId) {
        own.push(testId);
        known.add(testId);
      } else {
        forget.push(launchId);
      }
    }
    this.managers.add(manager, own);
    setImmediate(() => this.#orderAgain(manager, known));
    return forget;
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
    const byManager = new Map<Manager, number[]>();
    for (const testId of testIds) {
      const manager = this.managers.ownerOf(testId);
      if (manager !== undefined) {
        byManager.set(manager, [...(byManager.get(manager) ?? []), testId]);
      }
    }
    for (const [manager, ids] of byManager) {
      // A manager that is gone by now learns of the request from its next heartbeat.
      void ask(manager, 'manager.kill', {tests: ids.map((testId) => ({testId, reason}))}).catch(() => {});
    }
  }

  driversOfRun(runId: number): readonly Driver[] {
    return [...this.drivers.values()].filter((driver) => driver.runId === runId && driver.stage !== 'ended');
  }

  /** What is still being driven for a manager's host and user. */
  submissionsAt(host: string, user: string): readonly string[] {
    return [...this.drivers.values()]
      .filter(
        ({stage, submission: {manager}}) =>
          stage !== 'ended' && manager.host === host && manager.user === user,
      )
      .map(({submission}) => submission.uuid);
  }

  #makeDriver(id: number, submission: Submission, runId: number): Driver {
    const world: DriverWorld = {
      store: this.store,
      write: this.write,
      nowS: this.nowS,
      isRunningAnywhere: (testName, itemPath) =>
        [...this.#active.values()].some(
          (one) => one.testName === testName && (itemPath === undefined || one.itemPath === itemPath),
        ),
      expandItems: async (driver, testName, testDir) => await this.#expandItems(driver, testName, testDir),
      pump: () => this.#pump(),
      onOutput: (driver, entry) => this.#tellWatchers(driver, entry),
      onResult: (driver, row) => this.#tellResult(driver, row),
      onProgress: (driver) => this.#tellProgress(driver),
      onEnd: (driver, exitCode) => void this.#onDriverEnd(driver, exitCode),
    };
    const driver = new Driver({id}, submission, runId, world);
    this.drivers.set(id, driver);
    return driver;
  }

  async #plan(driver: Driver): Promise<void> {
    const {submission} = driver;
    if (submission.action !== 'run') {
      await this.#reset(driver);
    }
    const {uuid, target, runName, options} = submission;
    const {host, user} = submission.manager;
    for (;;) {
      const manager = await this.managers.wait(host, user, managerWaitMs);
      try {
        const reply = planReply.parse(
          await ask(manager, 'manager.plan', {
            submission: {uuid, target, runName, options},
            argv: [...submission.argv],
          }),
        );
        for (const {stream, level, text} of reply.messages) {
          driver.say(level, text, stream);
        }
        if (reply.plan.exitCode !== null) {
          driver.end(reply.plan.exitCode);
          return;
        }
        await this.write(() =>
          this.store.runners.setPlan(driver.id, JSON.stringify(reply.plan), reply.plan.testPatt),
        );
        await driver.begin(reply.plan);
        return;
      } catch (error) {
        if (this.managers.find(host, user) === manager) {
          throw error;
        }
        // The manager was lost while it planned: the next one plans anew.
      }
    }
  }

  /** The resets of `rerun clean`, `all` and `failed` (runs.md 12). */
  async #reset(driver: Driver): Promise<void> {
    const {action, options} = driver.submission;
    const rows = this.store.tests.list({
      runIds: [driver.runId],
      ...(action === 'rerun-failed' ? {testPatt: options.testPatt} : {}),
    });
    if (action === 'rerun-all') {
      await this.kill(
        rows.filter((row) => isRunning(row.state)).map((row) => row.id),
        'killed by rerun all',
      );
      await this.waitUntil(() =>
        rows.every(
          (row) =>
            !['KILLREQ', 'RUNNING', 'REMOTEHOSTSTART', 'LAUNCHED'].includes(
              this.store.tests.get(row.id)?.state ?? '',
            ),
        ),
      );
    }
    const {mustReset} = await import('./resets.ts');
    await this.write(() => {
      const items = new Set(rows.filter((row) => row.itemPath !== '').map((row) => row.testName));
      for (const row of rows) {
        // Parent rows follow from their items.
        const isParent = row.itemPath === '' && items.has(row.testName);
        if (!isParent && mustReset(action, row)) {
          this.store.tests.setState(row.id, {state: 'NOT_STARTED', status: 'n/a', comment: ''}, this.nowS());
        } else if (isParent && row.state === 'NOT_STARTED' && action !== 'run') {
          this.store.tests.setState(row.id, {state: 'NOT_STARTED', status: 'n/a', comment: ''}, this.nowS());
        }
      }
    });
  }

  async #expandItems(driver: Driver, testName: string, testDir: string) {
    const {uuid, target, runName, options, manager: at} = driver.submission;
    for (;;) {
      const manager = await this.managers.wait(at.host, at.user, undefined);
      try {
        const reply = await ask(manager, 'manager.expandItems', {
          submission: {uuid, target, runName, options},
          testName,
          testDir,
        });
        for (const {stream, level, text} of reply.messages) {
          driver.say(level, text, stream);
        }
        return reply.items;
      } catch (error) {
        if (this.managers.find(at.host, at.user) === manager) {
          throw error;
        }
        // Lost while it read: the next one reads again.
      }
    }
  }

  #onCommit(): void {
    const changes = this.store.takeChanges();
    const touched = new Set<Driver>();
    let freed = false;
    for (const testId of changes.tests) {
      const row = this.store.tests.get(testId);
      if (row === undefined) {
        continue;
      }
      freed = this.#countActive(row) || freed;
      for (const driver of this.driversOfRun(row.runId)) {
        driver.rowChanged(row);
        touched.add(driver);
      }
    }
    for (const driver of touched) {
      void driver.advance().catch((error: unknown) => driver.fail(error));
    }
    if (freed) {
      for (const driver of this.drivers.values()) {
        driver.schedule?.recheckExclusive();
      }
      this.#pump();
    }
    for (const wait of [...this.#waits]) {
      if (wait.isOver()) {
        this.#waits.delete(wait);
        wait.resolve();
      }
    }
  }

  /** Keeps the slots counted; true when one became free. */
  #countActive(row: TestRow): boolean {
    if (isRunning(row.state)) {
      const isParent =
        row.itemPath === '' &&
        !this.#launching.has(row.id) &&
        !this.#active.has(row.id) &&
        this.store.tests.hasItems(row.runId, row.testName);
      if (!isParent) {
        this.#active.set(row.id, {testName: row.testName, itemPath: row.itemPath, runId: row.runId});
      }
      this.#launching.delete(row.id);
      return false;
    }
    this.#launching.delete(row.id);
    return this.#active.delete(row.id);
  }

  /** Launches what may go while there are slots: the only place that starts tests. */
  #pump(): void {
    if (this.#isPumping) {
      return;
    }
    this.#isPumping = true;
    setImmediate(() => {
      this.#isPumping = false;
      for (const driver of this.drivers.values()) {
        this.#launchReady(driver);
      }
    });
  }

  #launchReady(driver: Driver): void {
    const {schedule, plan} = driver;
    if (schedule === undefined || plan === undefined || !schedule.hasReady) {
      return;
    }
    const {maxConcurrentJobs, jobgroups, launchDelayS} = plan.settings;
    const taken: {readonly row: Launch; readonly name: string}[] = [];
    while (this.#active.size + this.#launching.size < maxConcurrentJobs && taken.length < maxLaunchBatch) {
      const waitMs = launchDelayS * 1000 - (performance.now() - driver.lastLaunchMs);
      if (waitMs > 0) {
        setTimeout(() => this.#pump(), waitMs).unref();
        break;
      }
      const next = schedule.takeReady(
        (group) =>
          group === '' || jobgroups[group] === undefined || this.#activeInGroup(group) < jobgroups[group],
      );
      if (next === undefined) {
        break;
      }
      const {instance, plan: test} = next;
      driver.lastLaunchMs = performance.now();
      this.#launching.add(instance.testId);
      if (test.jobgroup !== '') {
        this.#jobgroups.set(test.testName, test.jobgroup);
      }
      const row = this.store.tests.get(instance.testId);
      taken.push({
        name: instance.itemPath === '' ? instance.testName : `${instance.testName}/${instance.itemPath}`,
        row: {
          launchId: `${driver.id}.${randomBytes(8).toString('hex')}`,
          testId: instance.testId,
          runId: driver.runId,
          testName: instance.testName,
          itemPath: instance.itemPath,
          vars: instance.vars.map(([name, value]): [string, string] => [name, value]),
          testDir: test.testDir,
          preclean: driver.preclean(),
          rundir: row?.rundir ?? '',
          shortdir: row?.shortdir ?? '',
        },
      });
    }
    if (taken.length > 0) {
      void this.#launch(
        driver,
        taken.map(({row}) => row),
      ).catch((error: unknown) => driver.fail(error));
    }
  }

  #activeInGroup(group: string): number {
    let count = 0;
    for (const {testName} of this.#active.values()) {
      count += this.#jobgroups.get(testName) === group ? 1 : 0;
    }
    for (const testId of this.#launching) {
      count += this.#jobgroups.get(this.store.tests.get(testId)?.testName ?? '') === group ? 1 : 0;
    }
    return count;
  }

  async #launch(driver: Driver, launches: readonly Launch[]): Promise<void> {
    const claimed = await this.write(() =>
      launches.filter((launch) => {
        const row = this.store.tests.get(launch.testId);
        // Two drivers never launch the same instance: the second one finds it running.
        if (row === undefined || isRunning(row.state) || row.state === 'KILLREQ') {
          this.#launching.delete(launch.testId);
          return false;
        }
        this.store.tests.setState(
          launch.testId,
          {state: 'LAUNCHED', status: 'n/a', comment: ''},
          this.nowS(),
        );
        this.store.tests.setLaunchId(launch.testId, launch.launchId);
        return true;
      }),
    );
    const {host, user} = driver.submission.manager;
    const manager = this.managers.find(host, user);
    if (manager !== undefined) {
      await this.#order(driver, manager, claimed);
    }
    // Without it they wait: whatever manager comes up there is given every launch that it does not know.
  }

  async #order(driver: Driver, manager: Manager, launches: readonly Launch[]): Promise<void> {
    const {uuid, target, runName, options} = driver.submission;
    for (const {testId} of launches) {
      this.managers.setOwner(testId, manager.id);
    }
    try {
      await ask(manager, 'manager.launch', {
        submission: {uuid, target, runName, options},
        launches: [...launches],
      });
    } catch (error) {
      if (this.managers.find(manager.host, manager.user) === manager) {
        this.#log(
          'WARNING',
          `manager ${manager.id} refused ${launches.length} launches: ${error instanceof Error ? error.message : error}`,
        );
      }
    }
  }

  /** Rows that are LAUNCHED for this manager's host and user, and that it does not know of. */
  #orderAgain(manager: Manager, known: ReadonlySet<number>): void {
    for (const driver of this.drivers.values()) {
      const {host, user} = driver.submission.manager;
      if (host !== manager.host || user !== manager.user || driver.plan === undefined) {
        continue;
      }
      const testsByName = new Map(driver.plan.tests.map((test) => [test.testName, test]));
      const launches: Launch[] = [];
      for (const [testId, {testName, itemPath, runId}] of this.#active) {
        const test = testsByName.get(testName);
        const launchId = this.store.tests.launchId(testId);
        const row = this.store.tests.get(testId);
        if (
          runId !== driver.runId ||
          known.has(testId) ||
          row?.state !== 'LAUNCHED' ||
          test === undefined ||
          !driver.isOwnLaunch(launchId)
        ) {
          continue;
        }
        const vars = test.items.find((item) => item.itemPath === itemPath)?.vars ?? [];
        launches.push({
          launchId,
          testId,
          runId,
          testName,
          itemPath,
          vars: vars.map(([name, value]): [string, string] => [name, value]),
          testDir: test.testDir,
          preclean: driver.preclean(),
          rundir: row.rundir,
          shortdir: row.shortdir,
        });
      }
      if (launches.length > 0) {
        void this.#order(driver, manager, launches);
      }
    }
  }

  #tellWatchers(driver: Driver, entry: OutputEntry): void {
    for (const connection of this.#watchers.get(driver.id) ?? []) {
      connection.notify('driver.output', {driverId: driver.id, ...entry});
    }
  }

  #tellResult(driver: Driver, row: TestRow): void {
    const watchers = this.#watchers.get(driver.id);
    if (watchers === undefined) {
      return;
    }
    const {id: testId, testName, itemPath, state, status, runDuration, host, comment} = row;
    const {done, total} = driver.progress();
    for (const connection of watchers) {
      connection.notify('driver.result', {
        driverId: driver.id,
        testId,
        testName,
        itemPath,
        state,
        status,
        runDuration,
        host,
        comment,
        done,
        total,
      });
    }
  }

  #tellProgress(driver: Driver): void {
    if (!this.#watchers.has(driver.id) || this.#progressTimers.has(driver.id)) {
      return;
    }
    const timer = setTimeout(() => {
      this.#progressTimers.delete(driver.id);
      this.#notifyProgress(driver);
    }, progressPauseMs);
    timer.unref();
    this.#progressTimers.set(driver.id, timer);
  }

  #notifyProgress(driver: Driver): void {
    if (driver.stage === 'ended') {
      return;
    }
    for (const connection of this.#watchers.get(driver.id) ?? []) {
      connection.notify('driver.progress', {driverId: driver.id, ...driver.progress()});
    }
  }

  async #onDriverEnd(driver: Driver, exitCode: number): Promise<void> {
    const state = exitCode === 130 ? 'killed' : 'done';
    await this.write(() => {
      this.store.runners.end(driver.id, state, exitCode, this.nowS());
      this.store.runs.refreshStats(driver.runId);
    });
    for (const connection of this.#watchers.get(driver.id) ?? []) {
      connection.notify('driver.ended', {driverId: driver.id, exitCode});
    }
    this.#watchers.delete(driver.id);
    const {uuid, manager: at} = driver.submission;
    const manager = this.managers.find(at.host, at.user);
    if (manager !== undefined) {
      // One that is gone by now learns of it when it registers.
      void ask(manager, 'manager.closeSubmission', {uuid}).catch(() => {});
    }
    setTimeout(() => this.drivers.delete(driver.id), keepEndedMs).unref();
  }
}

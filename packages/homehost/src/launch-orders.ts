/**
 * From an instance that may go to the order that its manager gets: the row is claimed in the transaction, the order follows after
 * the commit, and is given again to whatever manager comes up without knowing of it (spec runs.md 7.3, execution.md 6.4).
 */
import {join} from 'node:path';
import {attemptDirectory, isOverloaded, isRunning, type SkipRule} from '@megatest/model';
import type {Launch, RunPlan} from '@megatest/rpc';
import type {Store, TestCore} from '@megatest/store';
import type {Driver} from './driver.ts';
import {isLaunchOf, makeLaunchId, retryOf} from './launch-id.ts';
import {ask, type Manager, type Managers} from './managers.ts';
import type {ReadyInstance} from './scheduler/schedule-options.ts';
import {decideSkip, RUNDELAY_STATES, RUNDELAY_STATUSES} from './scheduler/skip-decision.ts';
import type {Slots} from './scheduler/slots.ts';

export type LaunchWorld = {
  readonly store: Store;
  readonly managers: Managers;
  readonly slots: Slots;
  readonly nowS: () => number;
  readonly log: (level: 'WARNING', text: string) => void;
};

/** An order carries at most this many launches, and one transaction makes at most this many. */
const maxLaunchBatch = 500;

export class LaunchOrders {
  readonly #world: LaunchWorld;

  constructor(world: LaunchWorld) {
    this.#world = world;
  }

  /** Claims what a driver may launch now; `pauseMs` = more may go after so long. */
  claimReady(driver: Driver): {readonly launches: readonly Launch[]; readonly pauseMs?: number} {
    const {schedule, plan} = driver;
    const launches: Launch[] = [];
    if (schedule === undefined || plan === undefined) {
      return {launches};
    }
    const {slots} = this.#world;
    const {maxConcurrentJobs, jobgroups, launchDelayS} = plan.settings;
    while (slots.size < maxConcurrentJobs && schedule.hasReady && performance.now() >= driver.pausedUntilMs) {
      const waitMs = Math.max(
        launchDelayS * 1000 - (performance.now() - driver.lastLaunchMs),
        this.#loadPauseMs(driver, plan),
      );
      if (waitMs > 0 || launches.length >= maxLaunchBatch) {
        const pauseMs = Math.max(0, waitMs);
        driver.pausedUntilMs = performance.now() + pauseMs;
        return {launches, pauseMs};
      }
      const ready = schedule.takeReady((group) => slots.hasRoom(group, maxConcurrentJobs, jobgroups));
      if (ready === undefined) {
        break;
      }
      const launch = this.#claim(driver, ready);
      if (launch !== undefined) {
        driver.lastLaunchMs = performance.now();
        launches.push(launch);
      }
    }
    return {launches};
  }

  /** Milliseconds to wait because the launching host is too busy (`[jobtools] maxload`). */
  #loadPauseMs(driver: Driver, {settings: {maxLoad, waitDelayS}}: RunPlan): number {
    const {host, user} = driver.submission.manager;
    const load = maxLoad === null ? undefined : this.#world.managers.loadOf(host, user);
    if (load === undefined || maxLoad === null || !isOverloaded(load, maxLoad)) {
      return 0;
    }
    driver.say(
      0,
      `INFO: (0) the load of ${host} is ${load.load1}, above ${maxLoad} for each of its ${load.cpus} CPUs: launching waits ${waitDelayS} s`,
    );
    return waitDelayS * 1000;
  }

  /** Claims the row; `undefined` when it is not to be launched after all, which the schedule has been told then. */
  #claim(driver: Driver, ready: ReadyInstance): Launch | undefined {
    const {store, slots, nowS} = this.#world;
    const {instance, plan, retry} = ready;
    const {testId, testName, itemPath} = instance;
    const row = store.tests.core(testId);
    // Two drivers never launch the same instance: the second one finds it running.
    if (row === undefined || isRunning(row.state) || row.state === 'KILLREQ') {
      driver.schedule?.notLaunched(testName, itemPath, row ?? {state: 'DELETED', status: 'n/a'});
      return undefined;
    }
    if (plan.skip !== null && this.#skips(driver, ready, plan.skip)) {
      return undefined;
    }
    if (retry > 0) {
      this.#keepAttempt(testId, retry);
    }
    const launchId = makeLaunchId(driver.id, retry);
    const comment = driver.submission.action === 'rerun-step' ? undefined : '';
    store.tests.setState(testId, {state: 'LAUNCHED', status: 'n/a', comment, launchId}, nowS());
    slots.take({testId, runId: driver.runId, testName, itemPath, jobgroup: plan.jobgroup});
    return this.#launch(driver, row, launchId, plan, instance.vars);
  }

  /** Whether a rule of its testconfig keeps an instance from being launched; its row and the schedule say so then. */
  #skips(driver: Driver, {instance}: ReadyInstance, rule: SkipRule): boolean {
    const {store, slots, nowS} = this.#world;
    const {testId, testName, itemPath} = instance;
    const name = itemPath === '' ? testName : `${testName}/${itemPath}`;
    const skipped = decideSkip(name, rule, {
      nowS: nowS(),
      isRunningAnywhere: slots.isRunning(testName, itemPath === '' ? undefined : itemPath),
      // The launching manager looks for it: only there is the file seen as the test would see it.
      doesFileExist: false,
      lastResultS:
        rule.kind === 'rundelay'
          ? store.tests.lastResultS(testName, itemPath, RUNDELAY_STATES, RUNDELAY_STATUSES)
          : undefined,
    });
    if (skipped === undefined) {
      return false;
    }
    driver.say(1, skipped.text);
    const result = {state: 'COMPLETED', status: 'SKIP'} as const;
    store.tests.setState(testId, {...result, comment: skipped.comment}, nowS());
    driver.schedule?.notLaunched(testName, itemPath, result);
    return true;
  }

  /** Gives an order to the driver's manager, if it is there. */
  async order(driver: Driver, launches: readonly Launch[]): Promise<void> {
    const {managers} = this.#world;
    const {host, user} = driver.submission.manager;
    const manager = managers.find(host, user);
    // Without it they wait: whatever manager comes up there is given every launch that it does not know.
    if (manager !== undefined) {
      await this.#orderAt(manager, driver, launches);
    }
  }

  /** Rows that are LAUNCHED for this manager's host and user, and that it does not know of. */
  orderAgain(manager: Manager, known: ReadonlySet<number>, drivers: Iterable<Driver>): void {
    const {store, slots} = this.#world;
    for (const driver of drivers) {
      const {host, user} = driver.submission.manager;
      const {plan} = driver;
      if (host !== manager.host || user !== manager.user || plan === undefined) {
        continue;
      }
      const tests = new Map(plan.tests.map((test) => [test.testName, test]));
      const launches: Launch[] = [];
      for (const {testId, testName, itemPath} of slots.holders()) {
        const test = tests.get(testName);
        const row = store.tests.core(testId);
        const isLost =
          row?.state === 'LAUNCHED' &&
          row.runId === driver.runId &&
          !known.has(testId) &&
          isLaunchOf(driver.id, row.launchId);
        if (isLost && test !== undefined) {
          const vars = driver.schedule?.varsOf(testName, itemPath) ?? [];
          launches.push(this.#launch(driver, row, row.launchId, test, vars));
        }
      }
      for (let at = 0; at < launches.length; at += maxLaunchBatch) {
        void this.#orderAt(manager, driver, launches.slice(at, at + maxLaunchBatch));
      }
    }
  }

  #launch(
    driver: Driver,
    row: TestCore,
    launchId: string,
    test: {readonly testDir: string; readonly skip: {readonly kind: string; readonly value: string} | null},
    vars: readonly (readonly [string, string])[],
  ): Launch {
    const {id: testId, runId, testName, itemPath, rundir, shortdir} = row;
    return {
      launchId,
      testId,
      runId,
      testName,
      itemPath,
      vars: vars.map(([name, value]): [string, string] => [name, value]),
      testDir: test.testDir,
      preclean: driver.preclean(),
      retry: retryOf(launchId),
      skipIfExists: test.skip?.kind === 'fileexists' ? test.skip.value : null,
      rundir,
      shortdir,
    };
  }

  /** What the attempt before this one came to; the manager keeps its files. */
  #keepAttempt(testId: number, attempt: number): void {
    const {store} = this.#world;
    const row = store.tests.get(testId);
    if (row === undefined) {
      return;
    }
    store.attempts.add(row.id, row.runId, store.tests.launchId(testId), {
      attempt,
      result: `${row.state}/${row.status}`,
      comment: row.comment,
      startTime: row.eventTime,
      endTime: row.eventTime + row.runDuration,
      directory: join(row.shortdir, attemptDirectory(attempt)),
    });
  }

  async #orderAt(manager: Manager, driver: Driver, launches: readonly Launch[]): Promise<void> {
    const {managers, log} = this.#world;
    const {uuid, target, runName, options} = driver.submission;
    for (const {testId} of launches) {
      managers.setOwner(testId, manager.id);
    }
    try {
      await ask(manager, 'manager.launch', {
        submission: {uuid, target, runName, options},
        launches: [...launches],
      });
    } catch (error) {
      if (managers.find(manager.host, manager.user) === manager) {
        const why = error instanceof Error ? error.message : String(error);
        log('WARNING', `manager ${manager.id} refused ${launches.length} launches: ${why}`);
      }
    }
  }
}

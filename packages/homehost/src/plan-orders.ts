/**
 * What only the submitter's manager can read, asked of it: plans, items that are known late, the pre-hook. When the manager is lost
 * meanwhile, the next one of the same host and user is asked.
 */
import {planReply} from '@megatest/rpc';
import type {Store} from '@megatest/store';
import type {Driver} from './driver.ts';
import {ask, type Manager, ManagerLost, type Managers} from './managers.ts';

export type PlanWorld = {
  readonly store: Store;
  readonly managers: Managers;
  readonly nowS: () => number;
  readonly write: <T>(change: () => T) => Promise<T>;
  /** A change of a driver, in a transaction. */
  readonly change: (driver: Driver, change: () => void) => Promise<void>;
  readonly fail: (driver: Driver, error: unknown) => Promise<void>;
  readonly endRunning: (runId: number) => Promise<void>;
};

const managerWaitMs = 60_000;

export class PlanOrders {
  readonly #world: PlanWorld;

  constructor(world: PlanWorld) {
    this.#world = world;
  }

  /** A plan for a new driver, and what comes before its first test. */
  async plan(driver: Driver): Promise<void> {
    const {uuid, target, runName, options, manager: at, argv, action, jobId} = driver.submission;
    for (;;) {
      let manager: Manager | undefined;
      try {
        manager = await this.#world.managers.wait(at.host, at.user, managerWaitMs);
        if (jobId !== undefined) {
          await ask(manager, 'manager.openSubmission', {uuid, target});
        }
        const reply = planReply.parse(
          await ask(manager, 'manager.plan', {
            submission: {uuid, target, runName, options},
            argv: [...argv],
          }),
        );
        if (action === 'rerun-all') {
          await this.#world.endRunning(driver.runId);
        }
        await this.#preHook(driver, reply.plan.settings.preHook, manager);
        await this.#world.change(driver, () => {
          for (const {stream, level, text} of reply.messages) {
            driver.say(level, text, stream);
          }
          for (const {testName, values} of reply.testMeta) {
            for (const {field, value} of this.#world.store.meta.update(testName, values)) {
              driver.say(0, `Updating ${testName} ${field} to ${value}`, 'stdout');
            }
          }
          if (reply.plan.exitCode === null) {
            driver.start(reply.plan);
          } else {
            driver.end(reply.plan.exitCode);
          }
        });
        return;
      } catch (error) {
        if (manager !== undefined && error instanceof ManagerLost) {
          // It may be told a moment before the end of its connection is.
          this.#world.managers.left(manager);
        }
        const isLost = manager !== undefined && this.#world.managers.find(at.host, at.user) !== manager;
        if (!isLost) {
          await this.#world.fail(driver, error);
          return;
        }
        // The manager was lost while it planned: the next one plans anew.
      }
    }
  }

  /** `[runs] pre-hook`, for a run that has no tests yet (runs.md 16); its exit code decides nothing. */
  async #preHook(driver: Driver, command: string | null, manager: Manager): Promise<void> {
    if (command === null) {
      return;
    }
    const hasTests = this.#world.store.tests.list({runIds: [driver.runId], limit: 1}).length > 0;
    const startS = this.#world.nowS();
    const say = async (text: string) => await this.#world.write(() => driver.say(0, `INFO: (0) ${text}`));
    if (hasTests) {
      await say(`Skipping pre-hook call, the run has tests already: "${command}"`);
      return;
    }
    await say(`running pre-hook: "${command}"`);
    const {uuid, target, runName, options} = driver.submission;
    const {exitCode} = await ask(manager, 'manager.preHook', {
      submission: {uuid, target, runName, options},
      command,
    });
    await say(`pre-hook ended with exit code ${exitCode} after ${this.#world.nowS() - startS} seconds`);
  }

  /** The items of a test that are known only now, from what its waitons left. */
  async expandItems(driver: Driver, testName: string, testDir: string): Promise<void> {
    const {uuid, target, runName, options, manager: at} = driver.submission;
    for (;;) {
      const manager = await this.#world.managers.wait(at.host, at.user, undefined);
      try {
        const reply = await ask(manager, 'manager.expandItems', {
          submission: {uuid, target, runName, options},
          testName,
          testDir,
        });
        await this.#world.change(driver, () => {
          for (const {stream, level, text} of reply.messages) {
            driver.say(level, text, stream);
          }
          driver.expanded(testName, reply.items);
        });
        return;
      } catch (error) {
        if (error instanceof ManagerLost) {
          this.#world.managers.left(manager);
        }
        if (this.#world.managers.find(at.host, at.user) === manager) {
          await this.#world.fail(driver, error);
          return;
        }
        // Lost while it read: the next one reads again.
      }
    }
  }
}

/** What follows a write of a test once the daemon has it: its triggers, and the page of the test it is an item of. */
import type {Env} from '@megatest/config';
import type {DaemonClient} from '@megatest/rpc';
import {type CommandInfo, parentDirectory} from './execution/cmdinfo.ts';
import type {TriggeredTest} from './execution/execution-world.ts';
import {type IteratedTest, RollUpPages, type RollUpWorld} from './execution/roll-up-pages.ts';
import type {RollUpItem} from './execution/rollup-html.ts';
import type {Written} from './execution/test-records.ts';
import {startTriggers} from './execution/triggers.ts';
import type {Journal} from './journal.ts';
import type {ManagerLog} from './manager-log.ts';
import type {AreaContext} from './plan/area-context.ts';

/** Rows of one answer when a whole test is read. */
const rowsOfCall = 5000;

/** Reads and writes what the page of an iterated test needs through the daemon. */
export function rollUpWorld(
  daemon: DaemonClient,
  say: (text: string) => void,
  log: (text: string) => void,
): RollUpWorld {
  const top = ({runId, testName}: IteratedTest) => ({test: {runId, testName, itemPath: ''}});
  return {
    finalLog: async (test) => (await daemon.call('tests.get', top(test)))?.finalLogf,
    items: async (test) => await itemsOf(daemon, test),
    setFinalLog: async (test, finalLogf) => {
      await daemon.call('tests.update', {...top(test), set: {finalLogf}});
    },
    say,
    log,
  };
}

async function itemsOf(daemon: DaemonClient, test: IteratedTest): Promise<readonly RollUpItem[]> {
  const {runId, testName} = test;
  const items: RollUpItem[] = [];
  for (let afterId = 0; ; ) {
    const rows = await daemon.call('tests.list', {
      runIds: [runId],
      testPatt: `${testName}/%`,
      afterId,
      limit: rowsOfCall,
    });
    items.push(...rows.filter(({itemPath}) => itemPath !== ''));
    afterId = rows.at(-1)?.id ?? 0;
    if (rows.length < rowsOfCall) {
      return items;
    }
  }
}

export class FollowUps {
  readonly #daemon: DaemonClient;
  readonly #journal: Journal;
  readonly #log: ManagerLog;
  readonly #pages: RollUpPages;
  /** Triggers start in the order of the writes that fire them. */
  #triggering: Promise<void> = Promise.resolve();

  constructor(daemon: DaemonClient, journal: Journal, log: ManagerLog) {
    this.#daemon = daemon;
    this.#journal = journal;
    this.#log = log;
    this.#pages = new RollUpPages(rollUpWorld(daemon, (text) => log.write(`INFO: (1) ${text}`), log.write));
  }

  fire(test: TriggeredTest, written: Written): void {
    this.#triggering = this.#triggering.then(async () => await this.#trigger(test, written));
  }

  itemEnded(info: CommandInfo, env: Env, context: AreaContext): void {
    const testName = info['test-name'];
    const command = new Map(context.rollUpCommands).get(testName);
    this.#pages.itemEnded({runId: info['run-id'], testName, directory: parentDirectory(info), command, env});
  }

  /** For the test, and for the whole test of an item: its row changed in the same transaction. */
  async #trigger(test: TriggeredTest, written: Written): Promise<void> {
    const {info, triggers, env} = test;
    try {
      await this.#journal.settled();
      const testId = info['test-id'];
      // AUTO is never what ends up in the row.
      const own = written.status.startsWith('AUTO')
        ? await this.#daemon.call('tests.get', {test: {testId}})
        : written;
      const {state, status} = own ?? written;
      this.#start({triggers, env, testId, rundir: info['work-area'], state, status});
      if (info.itemdat.length > 0) {
        const parent = {runId: info['run-id'], testName: info['test-name'], itemPath: ''};
        const top = await this.#daemon.call('tests.get', {test: parent});
        if (top !== null) {
          const {id, rundir, ...row} = top;
          const topEnv = {...env, MT_ITEMPATH: '', MT_ITEM_INFO: '()', MT_TEST_RUN_DIR: rundir};
          this.#start({triggers, env: topEnv, testId: id, rundir, state: row.state, status: row.status});
        }
      }
    } catch (error) {
      this.#log.write(`ERROR: triggers: ${error instanceof Error ? error.message : error}`);
    }
  }

  #start(call: Parameters<typeof startTriggers>[0]): void {
    startTriggers(call, this.#log.path, this.#log.write);
  }
}

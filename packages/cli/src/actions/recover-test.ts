/**
 * `-recover-test RUN_ID,TEST_ID`: the end of a test whose manager is gone, on the host where it ran (spec execution.md 22.2).
 *
 * A manager that knows the test, also one that begins now and finds it in its files, brings it to its end as if nothing had
 * happened; only a test that no manager knows is judged from what is left of it.
 */
import {readlinkSync, realpathSync, statSync} from 'node:fs';
import {hostname} from 'node:os';
import {writeSummaryPage} from '@megatest/manager';
import {UserError} from '@megatest/model';
import {RpcError} from '@megatest/rpc';
import type {TestRow} from '@megatest/store';
import type {Session} from '../session.ts';

const lookMs = 1000;
/** What a script that ended may still have to say of its test comes within this time. */
const lastWordMs = 10_000;
const openStates = ['RUNNING', 'REMOTEHOSTSTART'];

export async function recoverTest(session: Session, words: string): Promise<number> {
  const [, runId, testId] = /^(\d+),(\d+)$/.exec(words.replaceAll(' ', '')) ?? [];
  if (runId === undefined || testId === undefined) {
    throw new UserError(`-recover-test takes RUN_ID,TEST_ID, two whole numbers, not ${words}`, {exitCode: 1});
  }
  return await new Recovery(session, Number(runId), Number(testId)).run();
}

class Recovery {
  readonly #session: Session;
  readonly #runId: number;
  readonly #testId: number;

  constructor(session: Session, runId: number, testId: number) {
    this.#session = session;
    this.#runId = runId;
    this.#testId = testId;
  }

  async run(): Promise<number> {
    const row = await this.#row();
    const {messages} = this.#session;
    if (!openStates.includes(row.state)) {
      messages.print(`test ${row.id} is ${row.state}/${row.status}, there is nothing to recover\n`);
      return 0;
    }
    if (row.host !== hostname()) {
      throw new UserError(`test ${row.id} runs on ${row.host}, not on ${hostname()}`, {
        hint: `give the command on ${row.host}`,
        exitCode: 1,
      });
    }
    const {uid = process.getuid?.()} = statSync(row.rundir, {throwIfNoEntry: false}) ?? {};
    if (uid !== process.getuid?.()) {
      throw new UserError(`test ${row.id} belongs to the user with the number ${uid}`, {
        hint: 'whether it still runs only that user can see',
        exitCode: 1,
      });
    }
    if (await this.#isManaged()) {
      messages.print(`the manager of this host has test ${row.id} in hand\n`);
      while (openStates.includes((await this.#row()).state) && (await this.#isManaged())) {
        await pause();
      }
    }
    await this.#judge(await this.#row());
    const {state, status} = await this.#row();
    messages.print(`test ${row.id} is ${state}/${status}\n`);
    return 0;
  }

  /** The end of a test that no manager knows; one that has ended keeps what it is. */
  async #judge(row: TestRow): Promise<void> {
    if (!openStates.includes(row.state)) {
      return;
    }
    if (!isOfTest(row.attemptnum, row)) {
      await this.#end('DEAD', 'Test failed to complete: its manager and its processes are gone');
      return;
    }
    this.#session.messages.print(`waiting for process ${row.attemptnum} of test ${row.id}\n`);
    while (isOfTest(row.attemptnum, row)) {
      await pause();
    }
    if (!(await this.#saysItsEnd())) {
      await this.#end('FAIL', 'Its manager was lost, so the exit code of the test is unknown');
    }
  }

  async #row(): Promise<TestRow> {
    const row = await this.#session.daemon.call('tests.get', {test: {testId: this.#testId}});
    if (row === null || row.runId !== this.#runId) {
      throw new UserError(`there is no test ${this.#testId} in run ${this.#runId}`, {exitCode: 1});
    }
    return row;
  }

  /** Asks the manager of this user and host; one that has to be started first takes up what it finds. */
  async #isManaged(): Promise<boolean> {
    const {testIds} = await this.#session.manager.call('manager.status', {});
    return testIds.includes(this.#testId);
  }

  /** Whether the row says soon that the test has ended. */
  async #saysItsEnd(): Promise<boolean> {
    const deadline = performance.now() + lastWordMs;
    while (openStates.includes((await this.#row()).state)) {
      if (performance.now() > deadline) {
        return false;
      }
      await pause();
    }
    return true;
  }

  /** Somebody who gave the test a result meanwhile was right. */
  async #end(status: string, comment: string): Promise<void> {
    const test = {testId: this.#testId};
    try {
      await this.#session.daemon.call('tests.setState', {
        test,
        state: 'COMPLETED',
        status,
        comment,
        expect: {states: openStates},
      });
    } catch (error) {
      if (error instanceof RpcError && error.kind === 'conflict') {
        return;
      }
      throw error;
    }
    const row = await this.#row();
    const steps = await this.#session.daemon.call('steps.list', {testIds: [row.id]});
    const page = {...row, testId: row.id, finalLog: row.finalLogf, startS: row.eventTime, steps};
    writeSummaryPage(row.rundir, {...page, durationS: row.runDuration}, (text) =>
      this.#session.messages.say(0, text),
    );
  }
}

/** Whether a process is this user's and works in the run directory: a number alone may have gone to somebody else. */
function isOfTest(pid: number, {rundir}: TestRow): boolean {
  try {
    const isMine = pid > 1 && statSync(`/proc/${pid}`).uid === process.getuid?.();
    return isMine && readlinkSync(`/proc/${pid}/cwd`) === realpathSync(rundir);
  } catch {
    return false;
  }
}

async function pause(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, lookMs));
}

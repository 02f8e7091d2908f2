/**
 * `-pilot`: what a launcher such as `slurm-pilot` makes a job of. It takes test after test that was launched for it, hands each to the
 * manager of its host, and leaves when nothing is left and nothing that could bring more is being run.
 */
import {existsSync} from 'node:fs';
import {availableParallelism} from 'node:os';
import {decodePilot, readPilotOrder, removePilotOrder} from '@megatest/manager';
import {UserError} from '@megatest/model';
import {
  type DaemonClient,
  decideHomehost,
  type ManagerClient,
  makeDaemonClient,
  makeManagerClient,
  startManager,
} from '@megatest/rpc';
import type {Messages} from '../messages.ts';
import {bundlePath} from '../programs.ts';
import {environment} from '../session.ts';

/** Without a daemon for this long nobody will bring tests any more. */
const longestSilenceS = 1200;
/** Where batch systems say how many processors a job has on its host. */
const slotVariables = ['SLURM_CPUS_ON_NODE', 'NSLOTS', 'LSB_DJOB_NUMPROC', 'NCPUS'];

type Launched = {readonly testId: number; readonly launchId: string; readonly rundir: string};

export async function pilot(argument: string, messages: Messages): Promise<number> {
  const {info, jobId} = decodePilot(argument);
  const {area, key, manager: launching} = info;
  if (!existsSync(area.path)) {
    throw new UserError(`${area.path} does not exist on this host`, {
      hint: 'are the disks of the area mounted here?',
      exitCode: 1,
    });
  }
  const slots = info.slots ?? slotsOf(process.env);
  const daemon = makeDaemonClient({
    areaPath: area.path,
    homehost: decideHomehost(area.path, undefined),
    kind: 'test',
    giveUpS: longestSilenceS,
  });
  const manager = makeManagerClient({
    area,
    giveUpS: undefined,
    start: () => startManager(bundlePath('manager'), area, undefined),
  });
  const tests = new PilotTests(daemon, manager, messages);
  const signalled = tests.interruptOnSignal();
  const job = `${key} ${jobId}`;
  messages.print(`pilot ${job} takes up to ${slots} tests at a time\n`);
  let exitCode: number | undefined;
  let isOver = false;
  while (exitCode === undefined && !(isOver && tests.running.size === 0)) {
    const free = slots - tests.running.size;
    if (isOver || free <= 0) {
      exitCode = await Promise.race([...tests.running.values(), signalled]);
    }
    if (exitCode === undefined && free > 0) {
      const known = [...tests.running.keys(), ...tests.refused];
      const asked = daemon.call('pilot.next', {job, manager: launching, taken: known, max: free});
      const answer = await Promise.race([asked, signalled]);
      if (typeof answer === 'number') {
        exitCode = answer;
      } else {
        isOver = answer.isOver;
        for (const test of answer.tests) {
          tests.take(test);
        }
      }
    }
  }
  await Promise.all(tests.running.values());
  daemon.close();
  manager.close();
  return exitCode ?? 0;
}

class PilotTests {
  /** By launch id. */
  readonly running = new Map<string, Promise<undefined>>();
  /** Launches that could not be started; they are asked for no more. */
  readonly refused = new Set<string>();
  readonly #daemon: DaemonClient;
  readonly #manager: ManagerClient;
  readonly #messages: Messages;

  constructor(daemon: DaemonClient, manager: ManagerClient, messages: Messages) {
    this.#daemon = daemon;
    this.#manager = manager;
    this.#messages = messages;
  }

  take(test: Launched): void {
    const {launchId} = test;
    const ended = this.#run(test)
      .catch(async (error: unknown) => await this.#giveUp(test, error))
      .finally(() => this.running.delete(launchId));
    this.running.set(launchId, ended);
  }

  /** Until the test has ended. */
  async #run({rundir}: Launched): Promise<undefined> {
    const {encoded, env, umask} = readPilotOrder(rundir);
    const {exitCode} = await this.#manager.call('execute.handOver', {
      cmdinfo: encoded,
      env: {...environment(), ...env, MT_CMDINFO: encoded},
      cwd: rundir,
      umask,
      output: null,
    });
    removePilotOrder(rundir);
    this.#messages.print(`${rundir} ended with ${exitCode}\n`);
    return undefined;
  }

  /** One test that cannot be started must not take the others with it. */
  async #giveUp({testId, launchId, rundir}: Launched, error: unknown): Promise<undefined> {
    const reason = error instanceof Error ? error.message : String(error);
    this.#messages.error(`${rundir}: ${reason}`);
    this.refused.add(launchId);
    const comment = `the pilot could not start it: ${reason}`;
    const expect = {states: ['LAUNCHED']};
    await this.#daemon
      .call('tests.setState', {test: {testId}, state: 'COMPLETED', status: 'DEAD', comment, expect})
      // It has gone on all the same, and says itself how it ends.
      .catch(() => {});
    return undefined;
  }

  /** A batch system that takes the job away ends the tests of it too; resolves with the exit code for it. */
  async interruptOnSignal(): Promise<number> {
    return await new Promise((resolve) => {
      for (const [signal, code] of [
        ['SIGINT', 130],
        ['SIGTERM', 143],
      ] as const) {
        process.on(signal, () => {
          this.#messages.print(`Received signal ${signal}, ending the tests\n`);
          for (const launchId of this.running.keys()) {
            void this.#manager.call('execute.interrupt', {launchId, signal});
          }
          resolve(code);
        });
      }
    });
  }
}

function slotsOf(env: NodeJS.ProcessEnv): number {
  const told = slotVariables.map((name) => Number.parseInt(env[name] ?? '', 10)).find((count) => count >= 1);
  return told ?? availableParallelism();
}

/**
 * The tests of a manager: launched on the daemon's order, handed over by launchers, taken over from the manager before, killed; and
 * the helper calls of their scripts. What is under way stands in the launch log before anything is started.
 */
import {type Launch, processStart, type ReportEntry} from '@megatest/rpc';
import {type CommandInfo, decodeCommandInfo} from './execution/cmdinfo.ts';
import {Execution} from './execution/execution.ts';
import {readRecovery} from './execution/recovery-record.ts';
import type {FrontCall} from './helper/call-server.ts';
import type {BatchJobs} from './launch/batch-jobs.ts';
import {batchNamed, jobLabel} from './launch/batch-system.ts';
import {findJob} from './launch/find-job.ts';
import {launchTest} from './launch/launch-test.ts';
import {watchSent} from './launch/sent-launch.ts';
import type {OpenLaunch} from './launch-log.ts';
import type {Planning, Submission} from './planning.ts';
import type {Submissions} from './submissions.ts';
import {batchWorld, executionWorld, launchWorld, type ManagerParts} from './worlds.ts';

/** What the words of a helper call report; `undefined` when they are for the command itself to answer. */
export type ReadHelperCall = (
  words: readonly string[],
  info: CommandInfo,
) => Promise<readonly ReportEntry[] | undefined>;

export type HandOver = {
  readonly cmdinfo: string;
  readonly env: Readonly<Record<string, string>>;
  readonly umask: number;
  readonly output: string | null;
};

type SentStage = Extract<OpenLaunch['stage'], {readonly kind: 'sent'}>;

type Neighbours = {
  readonly planning: Planning;
  readonly submissions: Submissions;
  readonly batch: BatchJobs;
  readonly readHelperCall: ReadHelperCall;
};

/** Tests whose memory is looked at in one beat: a look takes a tenth of a millisecond, and all calls wait for it. */
const looksPerBeat = 50;

export class ManagedTests {
  readonly #parts: ManagerParts;
  readonly #neighbours: Neighbours;
  readonly #executions = new Map<string, {readonly execution: Execution; readonly ended: Promise<number>}>();
  /** What is being taken over from the manager before, by launch id: settled once it is known whether its execution goes on. */
  readonly #adopting = new Map<string, Promise<void>>();
  /** Launches that were killed before their execution began. */
  readonly #killedEarly = new Map<number, string>();
  /** How often the memory of a test was looked at. */
  #looks = 0;
  #handOvers = 0;

  constructor(parts: ManagerParts, neighbours: Neighbours) {
    this.#parts = parts;
    this.#neighbours = neighbours;
  }

  /** Tests that run. */
  get size(): number {
    return this.#executions.size;
  }

  get isBusy(): boolean {
    return this.#executions.size > 0 || this.#handOvers > 0;
  }

  get running(): readonly Execution[] {
    return [...this.#executions.values()].map(({execution}) => execution);
  }

  /** The daemon does not know a launch any more. */
  forget(launchId: string): void {
    const running = this.#executions.get(launchId);
    if (running !== undefined) {
      void running.execution.kill('a newer launch has taken its place');
    } else {
      this.#parts.launches.end(launchId);
    }
  }

  async interrupt(launchId: string, signal: string): Promise<void> {
    await this.#executions.get(launchId)?.execution.interrupt(signal);
  }

  /** Resolves once the daemon has it. */
  async reportOfScript(entries: readonly ReportEntry[]): Promise<void> {
    for (const entry of entries) {
      const execution = await this.#executionOf(entry.launchId);
      this.#parts.journal.add((await execution?.noted(entry)) ?? entry);
    }
    await this.#parts.journal.settled();
  }

  async answerFront({launchId, checksum, words}: FrontCall): Promise<boolean> {
    const execution = await this.#executionOf(launchId);
    if (execution === undefined || !execution.encoded.endsWith(checksum)) {
      return false;
    }
    const entries = await this.#neighbours.readHelperCall(words, execution.info);
    if (entries === undefined) {
      return false;
    }
    await this.reportOfScript(entries);
    return true;
  }

  async #executionOf(launchId: string): Promise<Execution | undefined> {
    await this.#adopting.get(launchId);
    return this.#executions.get(launchId)?.execution;
  }

  /** Goes around when there are many. */
  lookAtMemory(): void {
    const all = [...this.#executions.values()];
    const count = Math.min(all.length, looksPerBeat);
    for (let look = 0; look < count; look += 1) {
      all[(this.#looks + look) % all.length]?.execution.lookAtMemory();
    }
    this.#looks += count;
  }

  order(submission: Submission, launches: readonly Launch[]): void {
    const ended = new Set(this.#parts.journal.unheardEnds.map(({launchId}) => launchId));
    for (const launch of launches) {
      const {launchId, testId} = launch;
      if (this.#parts.launches.get(launchId) === undefined && !ended.has(launchId)) {
        this.#parts.launches.put({launchId, testId, uuid: submission.uuid, launch, stage: {kind: 'ordered'}});
        setImmediate(() => void this.#launch(submission, launch));
      }
    }
  }

  async #launch(submission: Submission, launch: Launch): Promise<void> {
    const {launchId, testId} = launch;
    try {
      const submitted = this.#neighbours.planning.submitted(submission.uuid);
      const context = await this.#neighbours.planning.contextOf(submission, submitted);
      const {target, runName, options} = submission;
      const result = await launchTest(
        launch,
        {target, runName, options, env: submitted.env, umask: submitted.umask, context},
        launchWorld(this.#parts),
        (pid, job) => {
          const pidStart = pid === 0 ? '' : processStart(pid);
          const stage = {kind: 'sent', pid, pidStart, ...(job === undefined ? {} : {job})} as const;
          // Started again, or begun before this was known.
          if (pid === 0 || this.#parts.launches.get(launchId)?.stage.kind === 'sent') {
            this.#parts.launches.put({launchId, testId, uuid: submission.uuid, launch, stage});
          }
        },
      );
      if (result.kind === 'runHere') {
        const world = executionWorld(this.#parts, submitted.umask, false);
        const execution = Execution.start(result.info, result.encoded, result.env, context, world);
        await this.#run(execution, {launchId, testId, uuid: submission.uuid, launch}, false);
      } else if (result.kind === 'queued') {
        const {system, jobId} = result.job;
        // A job that began at once has gone further already.
        const stageNow = this.#parts.launches.get(launchId)?.stage.kind;
        if (stageNow === 'sent' || stageNow === 'ordered') {
          const stage = {kind: 'queued', system, jobId} as const;
          this.#parts.launches.put({launchId, testId, uuid: submission.uuid, launch, stage});
        }
        this.#neighbours.batch.follow(result.job);
        this.#killIfAsked(testId);
      } else if (result.kind === 'accepted' && this.#parts.launches.get(launchId)?.stage.kind === 'sent') {
        const stage = {kind: 'accepted'} as const;
        this.#parts.launches.put({launchId, testId, uuid: submission.uuid, launch, stage});
      } else if (result.kind === 'notStarted') {
        this.#killedEarly.delete(testId);
        this.#parts.launches.end(launchId);
      }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#parts.log.write(`ERROR: launch of test ${testId}: ${reason}`);
      this.#parts.journal.add({type: 'launchFailed', testId, launchId, reason, fatal: true});
      this.#parts.launches.end(launchId);
    }
  }

  /** Runs an execution to its end, with its place in the launch log. */
  async #run(execution: Execution, of: Omit<OpenLaunch, 'stage'>, isHandedOver: boolean): Promise<number> {
    const {launchId, testId} = of;
    const {rundir} = execution;
    this.#parts.launches.put({...of, stage: {kind: 'running', rundir, isHandedOver}});
    const ended = execution.run();
    this.#executions.set(launchId, {execution, ended});
    const early = this.#killedEarly.get(testId);
    if (early !== undefined) {
      this.#killedEarly.delete(testId);
      void execution.kill(early);
    }
    try {
      return await ended;
    } catch (error) {
      const comment = error instanceof Error ? error.message : String(error);
      this.#parts.log.write(`ERROR: test ${testId} in ${rundir}: ${comment}`);
      const runDuration = execution.runDurationS;
      this.#parts.journal.add({type: 'ended', testId, launchId, status: 'FAIL', comment, runDuration});
      return 1;
    } finally {
      this.#executions.delete(launchId);
      this.#parts.launches.end(launchId);
      execution.release();
      this.sweep();
      if (!this.isBusy) {
        this.#neighbours.planning.onIdle();
      }
    }
  }

  /** Resolves with the exit code of the process that brought the test. */
  async handOver(params: HandOver): Promise<number> {
    this.#handOvers += 1;
    try {
      return await this.#takeOver(params);
    } finally {
      this.#handOvers -= 1;
    }
  }

  async #takeOver(params: HandOver): Promise<number> {
    const info = decodeCommandInfo(params.cmdinfo);
    const launchId = info['launch-id'];
    const running = this.#executions.get(launchId);
    if (running !== undefined) {
      // The same job once more, or its process after a change of managers.
      return await running.ended;
    }
    const context = await this.#neighbours.planning.contextFor(info, params.env);
    const execution = Execution.start(
      info,
      params.cmdinfo,
      params.env,
      context,
      executionWorld(this.#parts, params.umask, true),
      ...(params.output === null ? [] : [params.output]),
    );
    return await this.#run(execution, {launchId, testId: info['test-id'], uuid: null, launch: null}, true);
  }

  /** Takes up what the manager before this one left. */
  adoptAll(): void {
    for (const open of this.#parts.launches.open) {
      const {launchId, testId} = open;
      const adopting = this.#adopt(open)
        .catch((error: unknown) => {
          const reason = error instanceof Error ? error.message : String(error);
          this.#parts.log.write(`ERROR: adopting test ${testId}: ${reason}`);
          const comment = `a new manager could not go on with it: ${reason}`;
          this.#parts.journal.add({type: 'ended', testId, launchId, status: 'FAIL', comment, runDuration: 0});
          this.#parts.launches.end(launchId);
        })
        .finally(() => this.#adopting.delete(launchId));
      this.#adopting.set(launchId, adopting);
    }
  }

  /** Resolves once the execution, if one goes on, is among those of this manager. */
  async #adopt(open: OpenLaunch): Promise<void> {
    const {stage, launch, uuid, launchId} = open;
    switch (stage.kind) {
      case 'sent':
        // Not waited for: helper calls wait for what is being taken over.
        void this.#watchSent(open, stage);
        return;
      case 'accepted':
        return;
      case 'queued':
        this.#neighbours.batch.follow({
          launchId,
          testId: open.testId,
          system: stage.system,
          jobId: stage.jobId,
        });
        return;
      case 'ordered':
        // The daemon orders it again as soon as we do not name it, with everything a launch needs.
        this.#parts.launches.end(launchId);
        return;
      case 'running': {
        const saved = readRecovery(stage.rundir);
        if (saved === undefined || saved.info['launch-id'] !== launchId) {
          // It never came as far as its first file.
          this.#parts.launches.end(launchId);
          return;
        }
        const submitted = uuid === null ? undefined : this.#neighbours.submissions.get(uuid);
        const context =
          submitted?.context ?? (await this.#neighbours.planning.contextFor(saved.info, saved.inherited));
        const world = executionWorld(this.#parts, submitted?.umask ?? process.umask(), stage.isHandedOver);
        const execution = Execution.adopt(saved, context, world);
        this.#parts.log.write(`INFO: adopted test ${open.testId} in ${stage.rundir}`);
        // Reports its own failure.
        void this.#run(execution, {launchId, testId: open.testId, uuid, launch}, stage.isHandedOver);
      }
    }
  }

  async #watchSent(open: OpenLaunch, {pid, pidStart, job}: SentStage): Promise<void> {
    const {testId, launchId} = open;
    const {look, report, env} = batchWorld(this.#parts);
    const batch = job === undefined ? undefined : await batchNamed(job.system);
    const find = async () =>
      job === undefined || batch === undefined ? undefined : await findJob(batch.system, job, env);
    const delay = async (ms: number) => await new Promise<void>((resolve) => setTimeout(resolve, ms));
    try {
      const jobId = await watchSent({testId, launchId, pid, pidStart}, {look, find, report, delay});
      if (jobId !== undefined && job !== undefined && batch !== undefined) {
        this.#followFound(open, {system: job.system, jobId}, jobLabel({key: job.system, ...batch}, jobId));
        return;
      }
    } catch (error) {
      this.#parts.log.write(`WARNING: test ${testId}: ${error instanceof Error ? error.message : error}`);
    }
    if (this.#parts.launches.get(launchId)?.stage.kind === 'sent') {
      this.#killedEarly.delete(testId);
      this.#parts.launches.end(launchId);
    }
  }

  /** The batch system has the job of a launch that the manager before this one sent. */
  #followFound(
    open: OpenLaunch,
    {system, jobId}: {readonly system: string; readonly jobId: string},
    label: string,
  ): void {
    const {testId, launchId} = open;
    // It may have begun since it was found.
    if (this.#parts.launches.get(launchId)?.stage.kind === 'sent') {
      this.#parts.log.write(`INFO: test ${testId} was submitted by the manager before: ${label}`);
      this.#parts.launches.put({...open, stage: {kind: 'queued', system, jobId}});
      this.#neighbours.batch.follow({testId, launchId, system, jobId});
      this.#parts.journal.add({type: 'update', testId, launchId, set: {job: label}});
      this.#killIfAsked(testId);
    }
  }

  /** A request to kill finds nothing to cancel before the job is known. */
  #killIfAsked(testId: number): void {
    const reason = this.#killedEarly.get(testId);
    if (reason !== undefined) {
      this.#killedEarly.delete(testId);
      void this.#neighbours.batch.cancel(testId, reason);
    }
  }

  kill(testId: number, reason: string): void {
    const running = [...this.#executions.values()].find(({execution}) => execution.testId === testId);
    if (running !== undefined) {
      void running.execution.kill(reason);
    } else if (
      this.#parts.launches.open.some(({testId: id, stage}) => id === testId && isWithoutJob(stage))
    ) {
      this.#killedEarly.set(testId, reason);
    } else {
      void this.#neighbours.batch.cancel(testId, reason);
    }
  }

  /** Lets go of submissions that have ended, and of launches that were sent for them. */
  sweep(): void {
    if (!this.#neighbours.submissions.hasClosed) {
      return;
    }
    const isSentOn = ({stage}: OpenLaunch) => stage.kind === 'sent' || stage.kind === 'accepted';
    const needed = new Set(this.#parts.launches.open.filter((open) => !isSentOn(open)).map(({uuid}) => uuid));
    this.#neighbours.submissions.sweep((uuid) => needed.has(uuid));
    for (const open of this.#parts.launches.open) {
      const {launchId, uuid} = open;
      if (isSentOn(open) && uuid !== null && this.#neighbours.submissions.get(uuid) === undefined) {
        this.#parts.launches.end(launchId);
      }
    }
  }
}

/** Nothing that could be cancelled is known of it yet: no process, and no job. */
function isWithoutJob(stage: OpenLaunch['stage']): boolean {
  return stage.kind === 'ordered' || (stage.kind === 'sent' && stage.job !== undefined);
}

/**
 * Runs one test on this host, from its claim to its last record (spec execution.md 10 to 14).
 *
 * Stages: `claiming` -> `running` (step after step, each a process of its own) -> `ended`; a kill request in any stage leads to
 * `ended` as soon as the processes are gone. Before each step the stage stands in `.mt/exec.jsonl`, so the next manager of this host
 * can adopt the test: it waits for a process that still runs, takes the exit status that the step's shell left, or starts the step
 * that had not begun.
 */
import {appendFileSync, existsSync} from 'node:fs';
import {hostname} from 'node:os';
import {join} from 'node:path';
import type {Env} from '@megatest/config';
import {type ReportEntry, withoutTestVariables} from '@megatest/rpc';
import type {AreaContext} from '../plan/area-context.ts';
import {claimTest} from './claim.ts';
import {type CommandInfo, itemPathOf} from './cmdinfo.ts';
import {freeKiBOrUnknown} from './disks.ts';
import {writeEnvFiles} from './env-files.ts';
import {readSnapshot} from './env-snapshot.ts';
import {testEnvironment} from './environment.ts';
import type {ExecutionWorld} from './execution-world.ts';
import {holdGroup, releaseGroup, usageOfTest} from './group-pool.ts';
import {hostUname, loadPerCore} from './host-facts.ts';
import {type JudgedTest, judgeStep, type KeptSteps, outcomeOfScript} from './judge-step.ts';
import {extractRules} from './log-check.ts';
import {deliverPending} from './pending-reports.ts';
import {killTree} from './process-tree.ts';
import {type Kill, type Progress, type Recovered, RecoveryRecord} from './recovery-record.ts';
import {addUsage, highest, memoryOf, noUsage, type ResourceUsage} from './resource-usage.ts';
import {commandOf, makefileRules, prepareSteps, type Step, stepsOf} from './step-list.ts';
import {readExit, readStarted, type StepEnd, signalText, startStep, watchStep} from './step-process.ts';
import {priorOf, type StepRerun, splitSteps} from './step-rerun.ts';
import {finalStatus, rollUpOf} from './step-result.ts';
import type {StepRecord} from './step-view.ts';
import {writeSummaryPage} from './summary-page.ts';
import {TestRecords, type Written} from './test-records.ts';
import type {TestconfigData} from './testconfig-data.ts';
import {timeLimitOf} from './time-limit.ts';
import {heldWaiver} from './waivers.ts';

const outputName = 'mt_launch.log';

export class Execution {
  readonly info: CommandInfo;
  readonly rundir: string;
  readonly encoded: string;
  readonly #inherited: Env;
  readonly #outputPath: string;
  readonly #context: AreaContext;
  readonly #world: ExecutionWorld;
  readonly #records: TestRecords;
  readonly #rerun: StepRerun | undefined;
  /** Steps behind the only one that is repeated, and what is recorded of them. */
  #kept: KeptSteps = {later: [], records: []};
  readonly #hasRules = (stepName: string) => existsSync(join(this.rundir, `${stepName}.logpro`));
  #progress: Progress;
  #record: RecoveryRecord | undefined;
  #env: Env = {};
  #config: TestconfigData | undefined;
  #current = {pid: 0, pidStart: ''};
  #memoryPeakBytes: number | null = null;
  /** Of the kill that goes on: whether nothing is left. */
  #killing: Promise<boolean> | undefined;
  #isAdopted = false;
  #onConfigured: () => void = () => {};
  /** Settled once the rules of the test are known, or never will be. */
  readonly #configured = new Promise<void>((resolve) => {
    this.#onConfigured = resolve;
  });

  private constructor(recovered: Recovered, context: AreaContext, world: ExecutionWorld) {
    const {info, encoded, inherited, progress, outputPath} = recovered;
    this.info = info;
    this.encoded = encoded;
    this.#inherited = inherited;
    this.#outputPath = outputPath;
    this.#progress = progress;
    this.#context = context;
    this.#world = world;
    this.rundir = info['work-area'];
    const from = info['from-step'];
    this.#rerun = from === undefined ? undefined : {from, isOnly: info['only-step'] ?? false};
    this.#records = new TestRecords({testId: this.testId, launchId: this.launchId}, world.report, (written) =>
      this.#fire(written),
    );
  }

  /** `outputPath`: where what no step redirects goes, for a test that came with an output of its own. */
  static start(
    info: CommandInfo,
    encoded: string,
    inherited: Env,
    context: AreaContext,
    world: ExecutionWorld,
    outputPath = join(info['work-area'], outputName),
  ): Execution {
    const progress: Progress = {
      stage: 'claiming',
      position: -1,
      pid: 0,
      pidStart: '',
      startS: world.nowS(),
      rollUp: 0,
      prior: 'pass',
      limitS: null,
      kill: null,
      group: null,
      usage: noUsage,
    };
    return new Execution({info, encoded, inherited, progress, outputPath}, context, world);
  }

  /** Takes over what another manager of this host began. */
  static adopt(recovered: Recovered, context: AreaContext, world: ExecutionWorld): Execution {
    const execution = new Execution(recovered, context, world);
    execution.#isAdopted = true;
    return execution;
  }

  get testId(): number {
    return this.info['test-id'];
  }

  get launchId(): string {
    return this.info['launch-id'];
  }

  get runDurationS(): number {
    return Math.max(0, this.#world.nowS() - this.#progress.startS);
  }

  /** Root of the processes that run for the test now; 0 between steps. */
  get currentPid(): number {
    return this.#current.pid;
  }

  /** Looks at the memory of what runs now: without a control group that counts, the highest look is the peak. */
  lookAtMemory(): void {
    const bytes = memoryOf(this.#current.pid, this.#progress.group?.path ?? null);
    if (bytes !== null) {
      this.#memoryPeakBytes = Math.max(bytes, this.#memoryPeakBytes ?? 0);
    }
  }

  /** Ends the processes of the test; `run` then reports why. */
  async kill(reason: string): Promise<void> {
    await this.#kill({reason, cause: 'request'});
  }

  /** The process that brought the test was told to end: the test counts as stopped, not as killed (execution.md 10.6). */
  async interrupt(signal: string): Promise<void> {
    await this.#kill({reason: `received ${signal}`, cause: 'interrupt'});
  }

  /** The first reason counts. It stands on disk before the first signal: a manager that dies meanwhile leaves a killed test, not a failed one. */
  async #kill(kill: Kill): Promise<void> {
    if (this.#progress.kill === null) {
      this.#save({kill});
    }
    this.#killing = killTree({root: this.#current, ...this.#family});
    await this.#killing;
  }

  /** Takes note of what a script of the test reports; a failure that somebody waived is one no more (execution.md 18). */
  async noted(entry: ReportEntry): Promise<ReportEntry> {
    const waived =
      entry.type === 'state' && entry.status === 'FAIL' ? await this.#waiver(entry.comment) : undefined;
    const noted = waived === undefined ? entry : {...entry, ...waived};
    this.#records.observe(noted);
    return noted;
  }

  /** Runs to the end; resolves with the exit code of the `-execute` process. */
  async run(): Promise<number> {
    using record = RecoveryRecord.open(this.rundir, {
      info: this.info,
      encoded: this.encoded,
      inherited: this.#inherited,
      progress: this.#progress,
      outputPath: this.#outputPath,
    });
    this.#record = record;
    try {
      return await this.#runRecorded();
    } finally {
      this.#record = undefined;
      this.#onConfigured();
    }
  }

  /** When it has ended, and no manager will take it over: its control group may go to another test. */
  release(): void {
    if (this.#progress.group !== null) {
      releaseGroup(this.#progress.group);
    }
  }

  async #runRecorded(): Promise<number> {
    // A repetition of some steps says which before anything of the others is cleared.
    const known = this.#rerun === undefined ? undefined : await this.#configure();
    const isOurs =
      this.#progress.stage === 'running' ||
      (await claimTest(this.info, this.#world, this.#records, {
        isAdopted: this.#isAdopted,
        steps: known?.steps.map(({name}) => name),
      }));
    if (!isOurs) {
      return 0;
    }
    const {env, config, steps, prior} = known ?? (await this.#configure());
    if (this.#progress.stage === 'claiming') {
      if (this.#rerun === undefined) {
        writeEnvFiles(this.rundir, env);
        prepareSteps(this.rundir, config.steps.length > 0);
      }
      this.#save({
        stage: 'running',
        startS: this.#world.nowS(),
        limitS: timeLimitOf(this.info, config, this.#context, this.#world.log),
        prior,
        rollUp: rollUpOf(prior),
      });
      this.#fire({state: 'REMOTEHOSTSTART', status: 'n/a'});
      this.#records.report({
        type: 'update',
        set: {
          uname: hostUname(),
          host: hostname(),
          diskfree: freeKiBOrUnknown(this.rundir),
          cpuload: loadPerCore(),
        },
      });
      this.#records.report({type: 'state', state: 'RUNNING'});
    }
    if (config.steps.length > 0) {
      Object.assign(env, Object.fromEntries(config.preLaunchVars));
    }
    // Of this process and this launch only: no business of the environment files.
    env.MT_LAUNCH_ID = this.launchId;
    env.MT_HELPER_CALLS = this.#world.callsDirectory;
    return await this.#runSteps(steps, config);
  }

  /** The environment, the rules and the steps; of a repetition also what the other steps count for. */
  async #configure() {
    const {info, rundir} = this;
    const env =
      this.#rerun === undefined
        ? testEnvironment(info, this.encoded, this.#inherited, this.#context)
        : {...readSnapshot(rundir, withoutTestVariables(this.#inherited)), MT_CMDINFO: this.encoded};
    const config = await this.#world.loadTestconfig(env, info.testpath);
    this.#env = env;
    this.#config = config;
    this.#onConfigured();
    const all = stepsOf(config, info.testpath, rundir);
    if (this.#rerun === undefined) {
      return {env, config, steps: all, prior: 'pass'} as const;
    }
    const {earlier, wanted, later} = splitSteps(all, this.#rerun);
    const records = await this.#world.recordedSteps(this.testId);
    this.#kept = {later, records};
    return {env, config, steps: wanted, prior: priorOf(earlier, records, this.#hasRules)};
  }

  async #runSteps(steps: readonly Step[], config: TestconfigData): Promise<number> {
    const timer = this.#startLimit();
    let wasSignalled = false;
    let isFinal = false;
    try {
      await this.#resumeKill(steps);
      for (
        let position = Math.max(0, this.#progress.position);
        position < steps.length && this.#progress.kill === null;
        position += 1
      ) {
        const step = steps[position];
        if (step === undefined) {
          break;
        }
        const end = await this.#runStep(step, position, config);
        if (this.#progress.kill !== null) {
          this.#interruptedStep(step, end);
          break;
        }
        if (!existsSync(join(this.rundir, '.mt'))) {
          return this.#vanished(step, end);
        }
        wasSignalled = end.signal !== null;
        const isLast = position === steps.length - 1;
        const outcome = step.isScript
          ? outcomeOfScript(end)
          : await judgeStep(step, end, isLast, this.#judged);
        isFinal = outcome.isFinal;
        // Only now, with every report of it in the journal: a manager that dies before this judges the step once more, the same way.
        const {rollUp, prior, goesOn} = outcome;
        const usage = addUsage(this.#progress.usage, end.usage ?? noUsage);
        this.#save({rollUp, prior, usage, position: goesOn ? position + 1 : steps.length});
        if (!goesOn) {
          break;
        }
      }
    } finally {
      clearTimeout(timer);
    }
    return await this.#finish(wasSignalled, isFinal);
  }

  /** Goes on with a kill that another manager began. */
  async #resumeKill(steps: readonly Step[]): Promise<void> {
    const {kill, position} = this.#progress;
    const step = steps[position];
    if (kill === null) {
      return;
    }
    const started = step === undefined ? undefined : readStarted(this.rundir, step.index);
    this.#current = started ?? this.#current;
    await this.#kill(kill);
    if (step !== undefined && started !== undefined) {
      this.#interruptedStep(step, readExit(this.rundir, step.index) ?? {code: null, signal: 'lost'});
    }
    this.#current = {pid: 0, pidStart: ''};
  }

  async #runStep(step: Step, position: number, config: TestconfigData): Promise<StepEnd> {
    const {index} = step;
    const env = this.#env;
    const started = readStarted(this.rundir, index);
    if (started !== undefined) {
      // Begun under another manager of this host, which may have died before it noted the pid: wait for it or take what it left.
      this.#current = started;
      const end = readExit(this.rundir, index) ?? (await watchStep(this.rundir, index, this.#family));
      this.#current = {pid: 0, pidStart: ''};
      return end;
    }
    if (!step.isScript) {
      const rules = config.logpro.find(([name]) => name === step.name)?.[1];
      extractRules(step.name, rules, this.info.testpath, this.rundir);
      appendFileSync(join(this.rundir, 'Makefile.ezsteps'), makefileRules(step, this.#hasRules(step.name)));
      this.#reportStep(step.name, 'start', '-', '');
    }
    this.#save({position, pid: 0, pidStart: '', group: holdGroup(this.#progress.group)});
    const path = `${env.PATH ?? ''}${step.isScript ? '' : ':.'}`;
    const running = await startStep(
      {
        index,
        command: commandOf(step, env.SHELL),
        rundir: this.rundir,
        env: {...env, PATH: path, ...(step.isScript ? {} : {MT_STEPNAME: step.name})},
        outputPath: this.#outputPath,
        umask: this.#world.umask,
        ...this.#family,
      },
      this.#world.spawner,
    );
    this.#current = {pid: running.pid, pidStart: running.pidStart};
    this.#save({pid: running.pid, pidStart: running.pidStart});
    this.#records.report({type: 'update', set: {attemptnum: running.pid}});
    if (this.#progress.kill !== null) {
      await this.#kill(this.#progress.kill);
    }
    const end = await running.ended;
    this.#current = {pid: 0, pidStart: ''};
    return end;
  }

  /** Rows that show a step as running for ever would be a lie. */
  #interruptedStep(step: Step, end: StepEnd): void {
    if (!step.isScript) {
      this.#reportStep(step.name, 'end', signalText(end), '');
    }
  }

  /** Somebody removed the run directory under the test: there is no log to judge, and nowhere to go on. */
  #vanished(step: Step, end: StepEnd): number {
    const comment = `The run directory ${this.rundir} is gone`;
    this.#world.log(`ERROR: ${comment}`);
    if (!step.isScript) {
      this.#reportStep(step.name, 'end', signalText(end), comment);
    }
    this.#records.report({type: 'ended', status: 'FAIL', comment, runDuration: this.runDurationS});
    this.#tellItemEnded();
    return 1;
  }

  /** WAIVED instead of FAIL, with the comment that goes with it; `undefined` when nothing of the kind holds. */
  async #waiver(
    comment: string | undefined,
  ): Promise<{readonly status: string; readonly comment: string} | undefined> {
    await this.#configured;
    if (this.#config === undefined) {
      return undefined;
    }
    const held = await heldWaiver({
      rules: this.#config,
      rundir: this.rundir,
      env: this.#env,
      previous: async () => await this.#world.previous(this.info),
      log: this.#world.log,
    });
    return held === undefined ? undefined : {status: 'WAIVED', comment: comment ?? held};
  }

  async #finish(wasSignalled: boolean, isFinal: boolean): Promise<number> {
    await deliverPending(this.rundir, async (entry) => this.#world.report(await this.noted(entry)));
    const runDuration = this.runDurationS;
    const usage = this.#usage;
    this.#records.report({
      type: 'update',
      set: {diskfree: freeKiBOrUnknown(this.rundir), cpuload: loadPerCore(), runDuration},
    });
    const {kill} = this.#progress;
    if (kill !== null) {
      const isGone = (await this.#killing) ?? true;
      const state = kill.cause === 'interrupt' ? 'INCOMPLETE' : 'KILLED';
      const status = isGone ? 'KILLED' : 'FAILED TO KILL';
      this.#records.report({type: 'ended', state, status, comment: kill.reason, runDuration, usage});
    } else if (isFinal || !this.#records.isOpen) {
      this.#records.report({type: 'ended', runDuration, usage});
    } else {
      const status = finalStatus(this.#progress.rollUp, wasSignalled);
      const waived = status === 'FAIL' ? await this.#waiver(undefined) : undefined;
      this.#records.report({type: 'ended', status, runDuration, usage, ...waived});
    }
    this.#tellItemEnded();
    this.#writeSummary();
    return wasSignalled && kill === null ? 4 : 0;
  }

  /** Of the whole launch: its shells know what they waited for, its group also what left them. */
  get #usage(): ResourceUsage {
    const {usage, group} = this.#progress;
    const counted = group === null ? noUsage : usageOfTest(group);
    return highest(usage, {...noUsage, memoryPeakBytes: this.#memoryPeakBytes}, counted);
  }

  #tellItemEnded(): void {
    if (this.info.itemdat.length > 0) {
      this.#world.itemEnded(this.info, this.#env, this.#context);
    }
  }

  #writeSummary(): void {
    const {info} = this;
    const page = {
      runId: info['run-id'],
      testId: this.testId,
      testName: info['test-name'],
      itemPath: itemPathOf(info),
      ...this.#records.written,
      finalLog: this.#records.finalLog,
      startS: this.#progress.startS,
      durationS: this.runDurationS,
      steps: this.#records.steps,
    };
    const write = (steps: readonly StepRecord[]) =>
      writeSummaryPage(this.rundir, {...page, steps}, this.#world.log);
    if (this.#isAdopted || this.#rerun !== undefined) {
      // What was reported before is known to the daemon only; without it the page shows the rest.
      void this.#world
        .recordedSteps(this.testId)
        .then(write)
        .catch(() => write(page.steps));
    } else {
      write(page.steps);
    }
  }

  #startLimit(): NodeJS.Timeout | undefined {
    const {limitS} = this.#progress;
    if (limitS === null) {
      return undefined;
    }
    const leftMs = Math.max(0, (limitS - this.runDurationS) * 1000);
    return setTimeout(() => {
      this.#world.log(
        `INFO: (0) KILLING TEST DUE TO TIME LIMIT EXCEEDED ${this.rundir}, runtime ${this.runDurationS} limit ${limitS}`,
      );
      void this.#kill({reason: `killed: time limit ${limitS}s exceeded`, cause: 'limit'});
    }, leftMs);
  }

  get #family(): {readonly launchId: string; readonly group: string | null} {
    return {launchId: this.launchId, group: this.#progress.group?.path ?? null};
  }

  get #judged(): JudgedTest {
    return {
      rundir: this.rundir,
      env: this.#env,
      outputPath: this.#outputPath,
      prior: this.#progress.prior,
      kept: this.#kept,
      hasRules: this.#hasRules,
      world: this.#world,
      records: this.#records,
      waiver: async (comment) => await this.#waiver(comment),
    };
  }

  #save(change: Partial<Progress>): void {
    this.#progress = {...this.#progress, ...change};
    this.#record?.save(change);
  }

  #reportStep(stepName: string, state: string, status: string, comment: string): void {
    this.#records.step({stepName, state, status, eventTime: this.#world.nowS(), comment, logfile: ''});
  }

  #fire(written: Written): void {
    const triggers = this.#config?.triggers ?? [];
    if (triggers.length > 0) {
      this.#world.fire({info: this.info, triggers, env: this.#env}, written);
    }
  }
}

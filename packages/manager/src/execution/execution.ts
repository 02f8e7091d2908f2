/**
 * Runs one test on this host, from its claim to its last record (spec execution.md 10 to 14).
 *
 * Stages: `claiming` -> `running` (step after step, each a process of its own) -> `ended`; a kill request in any stage leads to
 * `ended` as soon as the processes are gone. Before each step the stage stands in `.mt/exec.jsonl`, so the next manager of this host
 * can adopt the test: it waits for a process that still runs, takes the exit status that the step's shell left, or starts the step
 * that had not begun.
 */
import {
  accessSync,
  appendFileSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import {availableParallelism, hostname, loadavg, machine, type as osType, release} from 'node:os';
import {join} from 'node:path';
import type {Env} from '@megatest/config';
import {runLogpro} from '@megatest/logpro';
import {type ReportEntry, RpcError} from '@megatest/rpc';
import type {AreaContext} from '../plan/area-context.ts';
import {type CommandInfo, itemPathOf} from './cmdinfo.ts';
import {envFiles} from './env-files.ts';
import {testEnvironment} from './environment.ts';
import {killTree} from './process-tree.ts';
import {type Progress, type Recovered, RecoveryRecord} from './recovery-record.ts';
import {freeKiBOf} from './run-directory.ts';
import {hasStarted, readExit, type StepEnd, startStep, watchStep} from './step-process.ts';
import {combine, finalStatus, stepClass} from './step-result.ts';
import {type SummaryStep, testSummaryHtml} from './summary-html.ts';
import {parseDat} from './test-data.ts';
import type {TestconfigData} from './testconfig-data.ts';

export type ExecutionWorld = {
  readonly report: (entry: ReportEntry) => void;
  /** Asks the daemon for the right to run the test; `undefined` when the order itself came from the daemon to this manager. */
  readonly claim?: (request: {
    testId: number;
    launchId: string;
    host: string;
    pid: number;
    pidStart: string;
    takeOver?: boolean;
  }) => Promise<{readonly run: boolean}>;
  readonly loadTestconfig: (env: Env, testDir: string) => Promise<TestconfigData>;
  readonly nowS: () => number;
  readonly log: (text: string) => void;
  /** File mode mask of whoever submitted or started the test. */
  readonly umask: number;
};

type Step = {
  readonly index: number;
  readonly name: string;
  readonly command: string;
  readonly isScript: boolean;
};

/** What the end of a step means for the test. */
type StepOutcome = Pick<Progress, 'rollUp' | 'prior'> & {readonly goesOn: boolean; readonly isFinal: boolean};

const marker = ';; logpro file extracted from testconfig\n;;\n';
const outputName = 'mt_launch.log';

export class Execution {
  readonly info: CommandInfo;
  readonly #encoded: string;
  readonly #inherited: Env;
  readonly #context: AreaContext;
  readonly #world: ExecutionWorld;
  readonly rundir: string;
  #progress: Progress;
  #record: RecoveryRecord | undefined;
  #killReason: string | undefined;
  #currentPid = 0;
  #isLimitReached = false;
  #interrupted = false;
  #isAdopted = false;
  readonly #summary: SummaryStep[] = [];

  private constructor(recovered: Recovered, context: AreaContext, world: ExecutionWorld) {
    this.info = recovered.info;
    this.#encoded = recovered.encoded;
    this.#inherited = recovered.inherited;
    this.#progress = recovered.progress;
    this.#context = context;
    this.#world = world;
    this.rundir = recovered.info['work-area'];
  }

  static start(
    info: CommandInfo,
    encoded: string,
    inherited: Env,
    context: AreaContext,
    world: ExecutionWorld,
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
    };
    return new Execution({info, encoded, inherited, progress}, context, world);
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

  /** Ends the processes of the test; `run` then reports why. */
  async kill(reason: string): Promise<void> {
    this.#killReason ??= reason;
    if (this.#currentPid !== 0) {
      await killTree(this.#currentPid, this.launchId);
    }
  }

  /** The process that brought the test was told to end: the test counts as stopped, not as killed (execution.md 10.6). */
  async interrupt(signal: string): Promise<void> {
    this.#interrupted = true;
    await this.kill(`received ${signal}`);
  }

  /** Runs to the end; resolves with the exit code of the `-execute` process. */
  async run(): Promise<number> {
    using record = RecoveryRecord.open(this.rundir, {
      info: this.info,
      encoded: this.#encoded,
      inherited: this.#inherited,
      progress: this.#progress,
    });
    this.#record = record;
    const claimed = await this.#claim();
    if (!claimed) {
      return 0;
    }
    const env = testEnvironment(this.info, this.#encoded, this.#inherited, this.#context);
    env.MT_LAUNCH_ID = this.launchId;
    const config = await this.#world.loadTestconfig(env, this.info.testpath);
    if (this.#progress.stage === 'claiming') {
      const limitS = config.runTimeLimitS ?? this.#context.runTimeLimitS;
      this.#writeEnvFiles(env);
      this.#save({stage: 'running', startS: this.#world.nowS(), limitS});
      const kib = freeKiBOf(this.rundir);
      this.#report({
        type: 'update',
        set: {uname: this.#uname(), host: hostname(), diskfree: kib, cpuload: this.#load()},
      });
      this.#report({type: 'state', state: 'RUNNING'});
    }
    for (const [name, value] of config.preLaunchVars) {
      env[name] = value;
    }
    return await this.#runSteps(this.#stepsOf(config), config, env);
  }

  async #claim(): Promise<boolean> {
    if (this.#progress.stage === 'running') {
      return true;
    }
    if (this.#world.claim === undefined) {
      this.#report({type: 'claimed', host: hostname(), pid: process.pid});
      return true;
    }
    const request = {
      testId: this.testId,
      launchId: this.launchId,
      host: hostname(),
      pid: process.pid,
      pidStart: '',
      // The manager before this one may have claimed it and died before it could say so.
      ...(this.#isAdopted ? {takeOver: true} : {}),
    };
    try {
      const {run} = await this.#world.claim(request);
      return run;
    } catch (error) {
      if (error instanceof RpcError && (error.kind === 'conflict' || error.kind === 'notFound')) {
        this.#world.log(`ERROR: ${error.message}`);
        return false;
      }
      throw error;
    }
  }

  #stepsOf(config: TestconfigData): readonly Step[] {
    const script =
      config.runscript === null
        ? []
        : [{index: 0, name: 'runscript', command: this.#scriptCommand(config.runscript), isScript: true}];
    return [
      ...script,
      ...config.steps.map(({name, command}, at) => ({index: at + 1, name, command, isScript: false})),
    ];
  }

  /** Where a runscript is: a path as it is, the source's executable, else whatever PATH has (execution.md 11). */
  #scriptCommand(text: string): string {
    if (text.includes('/')) {
      return text;
    }
    const source = join(this.info.testpath, text);
    if (isExecutable(source)) {
      return source;
    }
    const own = join(this.rundir, text);
    if (existsSync(own)) {
      chmodSync(own, (statSync(own).mode & 0o777) | 0o110);
      return `./${text}`;
    }
    return text;
  }

  async #runSteps(steps: readonly Step[], config: TestconfigData, env: Env): Promise<number> {
    const timer = this.#startLimit();
    let wasSignalled = false;
    let isFinal = false;
    try {
      for (
        let position = Math.max(0, this.#progress.position);
        position < steps.length && this.#killReason === undefined;
        position += 1
      ) {
        const step = steps[position];
        if (step === undefined) {
          break;
        }
        const end = await this.#runStep(step, position, env, config);
        if (this.#killReason !== undefined) {
          break;
        }
        wasSignalled = end.signal !== null;
        const isLast = position === steps.length - 1;
        const outcome = step.isScript ? this.#endScript(end) : await this.#endStep(step, end, env, isLast);
        isFinal = outcome.isFinal;
        // Only now, with every report of it in the journal: a manager that dies before this judges the step once more, the same way.
        const {rollUp, prior, goesOn} = outcome;
        this.#save({rollUp, prior, position: goesOn ? position + 1 : steps.length});
        if (!goesOn) {
          break;
        }
      }
    } finally {
      clearTimeout(timer);
    }
    return this.#finish(wasSignalled, isFinal);
  }

  async #runStep(step: Step, position: number, env: Env, config: TestconfigData): Promise<StepEnd> {
    const known = this.#progress.position === position ? this.#progress : undefined;
    const {index} = step;
    if (known !== undefined && hasStarted(this.rundir, index)) {
      // Begun under another manager of this host: wait for it or take what it left.
      this.#currentPid = known.pid;
      const end =
        readExit(this.rundir, index) ?? (await watchStep(this.rundir, index, known.pid, known.pidStart));
      this.#currentPid = 0;
      return end;
    }
    if (!step.isScript) {
      this.#extractRules(step.name, config);
      this.#appendMakefile(step);
      this.#reportStep(step.name, 'start', '-', '', '');
    }
    this.#save({position, pid: 0, pidStart: ''});
    const path = `${env.PATH ?? ''}${step.isScript ? '' : ':.'}`;
    const command = step.isScript ? step.command : redirected(step.name, step.command);
    const running = startStep({
      index,
      command,
      rundir: this.rundir,
      env: {...env, PATH: path, MT_STEPNAME: step.name},
      outputPath: join(this.rundir, outputName),
      umask: this.#world.umask,
    });
    this.#currentPid = running.pid;
    this.#save({pid: running.pid, pidStart: running.pidStart});
    this.#report({type: 'update', set: {attemptnum: running.pid}});
    if (this.#killReason !== undefined) {
      await killTree(running.pid, this.launchId);
    }
    const end = await running.ended;
    this.#currentPid = 0;
    return end;
  }

  #endScript(end: StepEnd): StepOutcome {
    const rollUp = end.code ?? 1;
    const prior = rollUp === 0 ? 'pass' : rollUp === 2 ? 'warn' : 'fail';
    return {goesOn: end.signal === null, isFinal: false, rollUp, prior};
  }

  async #endStep(step: Step, end: StepEnd, env: Env, isLast: boolean): Promise<StepOutcome> {
    const checked = await this.#checkLog(step, env);
    const code = checked === undefined ? end.code : checked.exitCode;
    const shown = code === null ? (end.signal ?? '-') : String(code);
    this.#reportStep(
      step.name,
      'end',
      shown,
      checked?.comment ?? '',
      checked === undefined ? '' : `${step.name}.html`,
    );
    const combined = combine(
      this.#progress.prior,
      stepClass(end.signal !== null && checked === undefined ? null : code, checked !== undefined),
      step.name,
    );
    const state = combined.isFinal || isLast ? 'COMPLETED' : 'RUNNING';
    this.#report({
      type: 'state',
      state,
      status: combined.status,
      ...(combined.comment === undefined ? {} : {comment: combined.comment}),
    });
    if (combined.result !== 'pass') {
      this.#explain(step, checked?.deciding ?? [], shown);
    }
    return {
      goesOn: combined.goesOn,
      isFinal: state === 'COMPLETED',
      rollUp: combined.rollUp,
      prior: combined.result === 'pass' ? 'pass' : combined.result === 'warn' ? 'warn' : 'fail',
    };
  }

  /** Judges the step's log when there are rules for it; `undefined` without. */
  async #checkLog(step: Step, env: Env) {
    const rules = `${step.name}.logpro`;
    if (!existsSync(join(this.rundir, rules))) {
      return undefined;
    }
    const outcome = await runLogpro({
      rulesPath: rules,
      log: `${step.name}.log`,
      htmlPath: `${step.name}.html`,
      cwd: this.rundir,
      env,
    }).catch((error: unknown) => ({
      exitCode: 1,
      deciding: [],
      message: error instanceof Error ? error.message : String(error),
    }));
    const datPath = join(this.rundir, `${step.name}.dat`);
    const dat = existsSync(datPath)
      ? parseDat(readFileSync(datPath, 'latin1'), step.name)
      : {rows: [], comment: undefined};
    if (dat.rows.length > 0) {
      this.#report({type: 'data', rows: [...dat.rows], rollup: false});
    }
    this.#report({type: 'update', set: {finalLogf: `${step.name}.html`}});
    return {
      exitCode: outcome.exitCode,
      comment: dat.comment ?? outcome.message ?? '',
      deciding: outcome.deciding,
    };
  }

  /** Rules from the testconfig, unless the test brings a file of its own. */
  #extractRules(stepName: string, config: TestconfigData): void {
    const path = join(this.rundir, `${stepName}.logpro`);
    const isOwn =
      existsSync(join(this.info.testpath, `${stepName}.logpro`)) ||
      (existsSync(path) && !readFileSync(path, 'latin1').startsWith(marker));
    const rules = config.logpro.find(([name]) => name === stepName)?.[1];
    if (!isOwn && rules !== undefined) {
      writeFileSync(path, `${marker}${rules}\n`, 'latin1');
    } else if (!isOwn) {
      rmSync(path, {force: true});
    }
  }

  #appendMakefile(step: Step): void {
    const {name, command} = step;
    const rules = existsSync(join(this.rundir, `${name}.logpro`))
      ? `\tlogpro ${name}.logpro ${name}.html < ${name}.log\n`
      : '';
    appendFileSync(
      join(this.rundir, 'Makefile.ezsteps'),
      `${name}.log :\n\t${command} > ${name}.log 2>&1\n${rules}\n${name} : ${name}.log\n\n`,
    );
  }

  /** Leaves beside the log what decided, for summaries that show it without reading the log again. */
  #explain(
    step: Step,
    deciding: readonly {readonly line: number; readonly text: string; readonly rule: string}[],
    shown: string,
  ): void {
    const log = step.isScript ? outputName : `${step.name}.log`;
    // Log rules count lines from 0, editors from 1.
    const lines = deciding.map(({line, text, rule}) => ({line: line + 1, text, rule}));
    const why = {step: step.name, log, exit: shown, lines};
    writeFileSync(join(this.rundir, '.mt/why.json'), JSON.stringify(why));
  }

  #finish(wasSignalled: boolean, isFinal: boolean): number {
    const runDuration = this.runDurationS;
    this.#report({type: 'update', set: {diskfree: this.#freeKiB(), cpuload: this.#load(), runDuration}});
    if (this.#killReason !== undefined) {
      const comment = this.#isLimitReached
        ? `killed: time limit ${this.#progress.limitS}s exceeded`
        : this.#killReason;
      const state = this.#interrupted ? 'INCOMPLETE' : 'KILLED';
      this.#report({type: 'ended', state, status: 'KILLED', comment, runDuration});
      this.#writeSummary(state, 'KILLED');
      return 0;
    }
    const status = finalStatus(this.#progress.rollUp, wasSignalled);
    this.#report({type: 'ended', ...(isFinal ? {} : {status}), runDuration});
    this.#writeSummary('COMPLETED', status);
    return wasSignalled ? 4 : 0;
  }

  #writeSummary(state: string, status: string): void {
    const {info} = this;
    const html = testSummaryHtml({
      runId: info['run-id'],
      testId: this.testId,
      testName: info['test-name'],
      itemPath: itemPathOf(info),
      state,
      status,
      startS: this.#progress.startS,
      durationS: this.runDurationS,
      steps: this.#summary,
    });
    try {
      writeFileSync(join(this.rundir, 'test-summary.html'), html);
    } catch (error) {
      this.#world.log(
        `WARNING: no summary page for ${this.rundir}: ${error instanceof Error ? error.message : error}`,
      );
    }
  }

  #startLimit(): NodeJS.Timeout | undefined {
    const {limitS} = this.#progress;
    if (limitS === null) {
      return undefined;
    }
    const leftMs = Math.max(0, (limitS - this.runDurationS) * 1000);
    return setTimeout(() => {
      this.#isLimitReached = true;
      this.#world.log(
        `INFO: (0) KILLING TEST DUE TO TIME LIMIT EXCEEDED ${this.rundir}, runtime ${this.runDurationS} limit ${limitS}`,
      );
      void this.kill(`killed: time limit ${limitS}s exceeded`);
    }, leftMs);
  }

  #writeEnvFiles(env: Env): void {
    const {MT_LAUNCH_ID: _, ...shown} = env;
    const files = envFiles(shown);
    writeFileSync(join(this.rundir, 'megatest.sh'), files.sh);
    writeFileSync(join(this.rundir, 'megatest.csh'), files.csh);
    mkdirSync(join(this.rundir, '.ezsteps'), {recursive: true});
  }

  #save(change: Partial<Progress>): void {
    this.#progress = {...this.#progress, ...change};
    this.#record?.save(change);
  }

  #report(entry: DistributiveOmit<ReportEntry, 'testId' | 'launchId'>): void {
    this.#world.report({...entry, testId: this.testId, launchId: this.launchId} as ReportEntry);
  }

  #reportStep(stepName: string, state: string, status: string, comment: string, logfile: string): void {
    const eventTime = this.#world.nowS();
    this.#summary.push({stepName, state, status, eventTime, logfile: logfile || `${stepName}.log`});
    this.#report({type: 'step', stepName, state, status, eventTime, comment, logfile});
  }

  #load(): number {
    return Math.round(((loadavg()[0] ?? 0) / availableParallelism()) * 100) / 100;
  }

  #freeKiB(): number {
    try {
      return freeKiBOf(this.rundir);
    } catch {
      return -1;
    }
  }

  #uname(): string {
    return `${osType()} ${release()} ${machine()}`;
  }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** `<command> > <step>.log 2>&1`; a multi-line command as one group (execution.md 12.1, 12.3). */
function redirected(name: string, command: string): string {
  const body = command.includes('\n') ? `{\n${command}\n}` : command === '' ? ':' : command;
  return `${body} > ${name}.log 2>&1`;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

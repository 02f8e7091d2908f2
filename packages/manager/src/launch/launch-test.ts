/**
 * One launch, from the order to the process: a disk, a run directory, the test's files, and then either the launcher command or,
 * without one, the execution in this manager (spec execution.md 2 to 8).
 */
import {spawnSync} from 'node:child_process';
import {closeSync, existsSync, mkdirSync, openSync, statSync} from 'node:fs';
import {join, resolve} from 'node:path';
import type {Env} from '@megatest/config';
import {UserError} from '@megatest/model';
import type {Launch, ReportEntry, SubmitOptions} from '@megatest/rpc';
import {type CommandInfo, encodeCommandInfo} from '../execution/cmdinfo.ts';
import {chooseDisk} from '../execution/disks.ts';
import {freeSpaceBy} from '../execution/free-space.ts';
import {
  copySource,
  keepAttempt,
  makeRunDirectory,
  type Placement,
  placementOf,
  removeRunDirectory,
} from '../execution/run-directory.ts';
import type {TestconfigData} from '../execution/testconfig-data.ts';
import type {AreaContext} from '../plan/area-context.ts';
import type {SubmittedJob} from './batch-jobs.ts';
import {batchOf, jobLabel} from './batch-system.ts';
import type {HostLoads} from './host-load.ts';
import {type JobSubmitter, OutOfReach, type TaggedJob} from './job-submitter.ts';
import {type LaunchedTest, launchEnvironment, scanEnvironment} from './launch-environment.ts';
import {chooseLauncher, executeWords, type LaunchCommand, runLauncher} from './launcher.ts';

export type LaunchSubmission = {
  readonly target: string;
  readonly runName: string;
  readonly options: SubmitOptions;
  readonly env: Readonly<Env>;
  readonly umask: number;
  readonly context: AreaContext;
};

export type LaunchWorld = {
  readonly report: (entry: ReportEntry) => void;
  readonly log: (text: string) => void;
  /** The same, for what every launch would say again. */
  readonly warnSometimes: (text: string) => void;
  readonly hostLoads: HostLoads;
  readonly submitter: JobSubmitter;
  /** What tests are told as `MT_MEGATEST`. */
  readonly executable: string;
  readonly loadTestconfig: (env: Env, testDir: string) => Promise<TestconfigData>;
  /** Whether the row is still LAUNCHED: nobody has started the test. */
  readonly isStillLaunched: (testId: number) => Promise<boolean>;
  readonly delay: (ms: number) => Promise<void>;
};

/** What is left to do by the manager itself. */
export type LaunchResult =
  | {readonly kind: 'runHere'; readonly info: CommandInfo; readonly encoded: string; readonly env: Env}
  /** What became of it has been reported, or the test has begun. */
  | {readonly kind: 'sent'}
  /** The launcher has ended well: the test comes by itself. */
  | {readonly kind: 'accepted'}
  | {readonly kind: 'queued'; readonly job: SubmittedJob}
  /** Nothing was started, and that has been reported. */
  | {readonly kind: 'notStarted'};

/** Called when a launcher is about to run (0), and again with its pid; with the job that it submits to a batch system. */
type OnSent = (launcherPid: number, job?: TaggedJob & {readonly system: string}) => void;

/** A launcher that ended badly may have started the test all the same: that long it may take to show (6.4). */
const settleMs = 10_000;
/** Pauses before the second and the third attempt. */
const retryPausesMs = [5000, 30_000];

export async function launchTest(
  launch: Launch,
  submission: LaunchSubmission,
  world: LaunchWorld,
  onSent: OnSent,
): Promise<LaunchResult> {
  try {
    return await launchOrThrow(launch, submission, world, onSent);
  } catch (error) {
    if (!(error instanceof UserError) && (error as NodeJS.ErrnoException).code === undefined) {
      throw error;
    }
    const hint = error instanceof UserError && error.hint !== undefined ? `; ${error.hint}` : '';
    const reason = `${error instanceof Error ? error.message : error}${hint}`;
    world.report({
      type: 'launchFailed',
      testId: launch.testId,
      launchId: launch.launchId,
      reason,
      fatal: !(error instanceof OutOfReach),
    });
    return {kind: 'notStarted'};
  }
}

async function launchOrThrow(
  launch: Launch,
  submission: LaunchSubmission,
  world: LaunchWorld,
  onSent: OnSent,
): Promise<LaunchResult> {
  const {context, target, runName} = submission;
  const {testName, itemPath, testId, launchId} = launch;
  if (launch.skipIfExists !== null && existsSync(resolve(launch.testDir, launch.skipIfExists))) {
    // The spelling is what existing areas look for.
    const comment = `Skipping due to existance of file ${launch.skipIfExists}`;
    world.log(`INFO: (1) SKIPPING Test ${testName} due to existance of file ${launch.skipIfExists}`);
    world.report({type: 'skipped', testId, launchId, comment});
    return {kind: 'notStarted'};
  }
  const place = {linkTree: context.linkTree, target, runName, testName, itemPath};
  const test: LaunchedTest = {
    testName,
    itemPath,
    vars: launch.vars,
    target,
    runName,
    rundir: placementOf({...place, disk: ''}).rundir,
  };
  const scanned = scanEnvironment(submission.env, test, context);
  const testconfig = await world.loadTestconfig(scanned, launch.testDir);
  const {fromStep, onlyStep = false} = submission.options;
  const disks = testconfig.disks ?? context.disks;
  const disk =
    disks === null || fromStep !== undefined
      ? undefined
      : await chooseDisk(disks, context.minspaceKiB, freeSpaceBy(context, scanned), world.warnSometimes);
  const launcher = await chooseLauncher(context.launcher, testName, itemPath, world);
  // Every line up to the launch itself is synchronous, so the umask of one submission never reaches another's files.
  process.umask(submission.umask);
  if (fromStep !== undefined) {
    // Everything is kept as it is.
  } else if (launch.retry > 0 && launch.shortdir !== '') {
    keepAttempt(launch.shortdir, launch.retry);
  } else if (launch.preclean && launch.rundir !== '') {
    removeRunDirectory({rundir: launch.rundir, shortdir: launch.shortdir}, 'test');
  }
  let placement: Placement;
  if (fromStep !== undefined) {
    placement = {rundir: launch.rundir, shortdir: launch.shortdir};
  } else if (disk === undefined) {
    placement = besideTheTest(launch.testDir, world);
  } else {
    placement = makeRunDirectory({...place, disk: disk.path});
    copyTest(launch.testDir, placement.shortdir, context.testCopyCommand, scanned);
    world.report({type: 'launched', testId, launchId, ...placement});
  }
  const env = launchEnvironment(
    scanned,
    test,
    context,
    testconfig.preLaunchVars,
    testconfig.preLaunchOverrides,
  );
  const info: CommandInfo = {
    testpath: launch.testDir,
    toppath: context.areaPath,
    'work-area': placement.rundir,
    'test-name': testName,
    'run-id': launch.runId,
    'test-id': testId,
    runname: runName,
    target,
    itemdat: launch.vars.map(([name, value]) => [name, value]),
    megatest: context.executable ?? world.executable,
    areaname: context.areaName,
    'env-ovrd': [...context.envOverride],
    'set-vars': submission.options.setVars ?? null,
    contour: null,
    'launch-id': launchId,
    shortdir: placement.shortdir,
    ...(fromStep === undefined ? {} : {'from-step': fromStep, 'only-step': onlyStep}),
  };
  const encoded = encodeCommandInfo(info);
  if (launcher === undefined) {
    return {kind: 'runHere', info, encoded, env};
  }
  const batch = await batchOf(launcher);
  const signature = `${context.areaName}:${testName}:${itemPath}`;
  const debug = submission.options.verbosity;
  const words = executeWords({signature, encoded, debug});
  const executable = info.megatest;
  if (batch !== undefined) {
    const {areaPath: path, areaName: name, launcher: settings} = context;
    const {pilotSlots} = settings;
    const {umask} = submission;
    const jobId = await world.submitter.submit({
      batch,
      area: {path, name},
      testName,
      itemPath,
      executable,
      words,
      encoded,
      directory: placement.shortdir,
      env,
      umask,
      pilotSlots,
      launchId,
      onSent: (pid, job) => onSent(pid, {system: batch.key, ...job}),
    });
    world.report({type: 'update', testId, launchId, set: {job: jobLabel(batch, jobId)}});
    return {kind: 'queued', job: {testId, launchId, system: batch.key, jobId}};
  }
  onSent(0);
  const isAccepted = await send(
    {words: `${launcher} ${executable} ${words}`, cwd: placement.shortdir, env, onStarted: onSent},
    launch,
    context,
    world,
  );
  return {kind: isAccepted ? 'accepted' : 'sent'};
}

/** An area without disks runs its tests beside their sources; nothing is copied or linked (execution.md 2.1). */
function besideTheTest(testDir: string, world: LaunchWorld): Placement {
  const path = join(testDir, 'tmp_run');
  world.warnSometimes(`WARNING: there is no [disks] section, the test runs in ${path}`);
  mkdirSync(path, {recursive: true});
  return {rundir: path, shortdir: path};
}

/** Copies the test's files; a copy command of the area's own is run by a shell, its failure is only noted. */
function copyTest(testDir: string, shortdir: string, command: string | null, env: Env): void {
  if (command === null) {
    copySource(testDir, shortdir);
    return;
  }
  const text = command.replaceAll('TEST_SRC_PATH', testDir).replaceAll('TEST_TARG_PATH', shortdir);
  const log = openSync(join(shortdir, 'mt_launch.log'), 'a');
  try {
    spawnSync('/bin/sh', ['-c', text], {env, stdio: ['ignore', log, log]});
  } finally {
    closeSync(log);
  }
}

/** Runs the launcher command, again if need be, until the test has started or is given up. Resolves with whether the command ended well. */
async function send(
  {words, cwd, env, onStarted}: Required<Omit<LaunchCommand, 'usesShell' | 'waits'>>,
  launch: Launch,
  context: AreaContext,
  world: LaunchWorld,
): Promise<boolean> {
  const {testId, launchId, testName, itemPath} = launch;
  const name = itemPath === '' ? testName : `${testName}/${itemPath}`;
  const {usesShell, waits} = context.launcher;
  for (let attempt = 0; ; attempt += 1) {
    const where = isDirectory(cwd) ? cwd : '/';
    const outcome = await runLauncher({words, usesShell, waits, cwd: where, env, onStarted});
    if (outcome.kind === 'launched') {
      return true;
    }
    if (outcome.kind === 'failed') {
      await world.delay(settleMs);
    }
    if (!(await world.isStillLaunched(testId))) {
      return false;
    }
    if (outcome.kind === 'impossible') {
      const reason = `${words.split(' ').slice(0, 3).join(' ')}: ${outcome.reason}`;
      world.report({type: 'launchFailed', testId, launchId, reason, fatal: true});
      return false;
    }
    world.log(`WARNING: the launcher of ${name} ended with ${outcome.code}: ${outcome.lastLine}`);
    const pauseMs = retryPausesMs[attempt];
    if (pauseMs === undefined) {
      world.report({type: 'launchFailed', testId, launchId, reason: outcome.lastLine, fatal: false});
      return false;
    }
    await world.delay(pauseMs);
  }
}

function isDirectory(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}

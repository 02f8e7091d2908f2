/**
 * One step as a process of its own: detached, writing straight to its log, under a shell that leaves the exit status on disk. So a
 * step survives its manager, and the next manager learns how it ended.
 *
 * The shell creates `step-<n>` before the body, and only if it is not there: whatever happens to managers, a body never starts twice
 * in one launch.
 */
import {closeSync, existsSync, openSync, readFileSync} from 'node:fs';
import {constants} from 'node:os';
import {join} from 'node:path';
import {environmentForDash, isPlainCommand} from './plain-command.ts';
import {isAlive, processesOf} from './process-tree.ts';
import {type ResourceUsage, usageOfShell} from './resource-usage.ts';
import type {ProcessEnd, Spawner} from './spawner.ts';

export type StepEnd = {
  readonly code: number | null;
  readonly signal: string | null;
  /** What the step and all that it waited for used, by the word of its shell. */
  readonly usage?: ResourceUsage;
};

export type RunningStep = {
  readonly pid: number;
  readonly pidStart: string;
  readonly ended: Promise<StepEnd>;
};

/**
 * One text for all, in the words that bash and dash share: the shell notes that it is the one that runs the command (its pid and when
 * it started, as the kernel counts), runs it, and notes in the same file what it used and, as the last line, how it ended. The command
 * sees neither arguments nor variables of ours.
 */
function wrapper(run: string): string {
  return `read -r _mt_stat < "/proc/$$/stat"
set -f -C -- "$@" \${_mt_stat##*) }
command echo "$$ \${22}" > "$1" || exit 0
set +f +C; unset _mt_stat
${run}
c=$?
{ times; while read -r s; do echo "$s"; done 2> /dev/null < "/proc/$$/io"; echo $c; } >> "$1"`;
}

/** In a subshell, so that `exit` ends just that. */
const runsAny = wrapper('(eval "set --; $2")');
/** Without the fork of the subshell, which takes a fifth of the time of a short step. */
const runsPlain = wrapper('eval "$2"');

const bash = '/bin/bash';
const dash = '/bin/dash';
const hasDash = existsSync(dash);

type Shell = {readonly path: string; readonly text: string; readonly env: Readonly<Record<string, string>>};

/** As `bash -c` in every way that the command can see. */
function shellFor({command, env, rundir}: StepRequest): Shell {
  if (!isPlainCommand(command, env)) {
    return {path: bash, text: runsAny, env};
  }
  const forDash = hasDash ? environmentForDash(command, env, rundir) : undefined;
  return forDash === undefined
    ? {path: bash, text: runsPlain, env}
    : {path: dash, text: runsPlain, env: forDash};
}

export type StepRequest = {
  readonly index: number;
  readonly command: string;
  readonly rundir: string;
  readonly env: Readonly<Record<string, string>>;
  /** Takes what the command does not redirect itself. */
  readonly outputPath: string;
  readonly umask: number;
  readonly launchId: string;
  /** Control group of the test. */
  readonly group: string | null;
};

export function stepFile(rundir: string, index: number): string {
  return join(rundir, '.mt', `step-${index}`);
}

export async function startStep(request: StepRequest, spawner: Spawner): Promise<RunningStep> {
  const {index, command, rundir, umask, group} = request;
  // What this process itself writes of the test when the step has ended has the same mask, as far as no other test's comes between.
  process.umask(umask);
  const {path, text, env} = shellFor(request);
  const {pid, pidStart, ended} = await spawner.start({
    words: [path, '-c', text, path, `.mt/step-${index}`, command],
    cwd: rundir,
    group,
    env,
    umask,
    output: outputOf(request),
  });
  return {pid, pidStart, ended: ended.then(async (end) => await stepEnd(request, {pid, pidStart}, end))};
}

async function stepEnd(
  request: StepRequest,
  shell: {readonly pid: number; readonly pidStart: string},
  seen: ProcessEnd,
): Promise<StepEnd> {
  const {rundir, index} = request;
  if (seen.kind === 'unseen') {
    await untilGone(shell);
  }
  const end = readExit(rundir, index);
  if (end !== undefined) {
    return end;
  }
  const owner = readStarted(rundir, index);
  if (owner !== undefined && owner.pid !== shell.pid) {
    // A manager that died, or its spawner, had started it a moment before.
    return await watchStep(rundir, index, request);
  }
  return {code: null, signal: seen.kind === 'unseen' ? 'lost' : (seen.signal ?? `exit ${seen.code}`)};
}

/** What stands as the status of a step that did not end by itself: the number of its signal. */
export function signalText(end: StepEnd): string {
  const name = end.signal ?? '';
  const number = /^signal (\d+)$/.exec(name)?.[1] ?? (constants.signals as Record<string, number>)[name];
  return number === undefined ? '-' : String(number);
}

/** How a step ended, from what its shell left; `undefined` when it has not (or was killed before it could say). */
export function readExit(rundir: string, index: number): StepEnd | undefined {
  const text = readStepFile(rundir, index);
  const status = /\n(\d+)\n$/.exec(text)?.[1];
  if (status === undefined) {
    return undefined;
  }
  const code = Number(status);
  const usage = usageOfShell(text);
  // A shell says 128 + n when its command died of signal n.
  return code > 128 && code < 165
    ? {code, signal: `signal ${code - 128}`, usage}
    : {code, signal: null, usage};
}

function readStepFile(rundir: string, index: number): string {
  const path = stepFile(rundir, index);
  try {
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  } catch {
    return '';
  }
}

/** The output that a test came with may have gone with the process that brought it. */
function outputOf({outputPath, rundir}: StepRequest): string {
  const own = join(rundir, 'mt_launch.log');
  if (outputPath === own) {
    return own;
  }
  try {
    closeSync(openSync(outputPath, 'a'));
    return outputPath;
  } catch {
    return own;
  }
}

/** The shell that runs a step, by its own word; `undefined` when none has begun. */
export function readStarted(
  rundir: string,
  index: number,
): {readonly pid: number; readonly pidStart: string} | undefined {
  if (!existsSync(stepFile(rundir, index))) {
    return undefined;
  }
  const [line = ''] = readStepFile(rundir, index).split('\n', 1);
  const [pid = '', pidStart = ''] = line.split(' ');
  return {pid: Number(pid), pidStart};
}

const watchMs = 100;

/** Waits for a process that another manager started for a launch. */
export async function watchStep(
  rundir: string,
  index: number,
  of: {readonly launchId: string; readonly group: string | null},
): Promise<StepEnd> {
  const family = {root: {pid: 0, pidStart: ''}, ...of};
  // The file is there a moment before its line; only a shell that was killed in that moment leaves it empty.
  while (readStarted(rundir, index)?.pidStart === '' && processesOf(family).length > 0) {
    await new Promise((resolve) => setTimeout(resolve, watchMs));
  }
  await untilGone(readStarted(rundir, index) ?? {pid: 0, pidStart: ''});
  return readExit(rundir, index) ?? {code: null, signal: 'lost'};
}

async function untilGone({pid, pidStart}: {readonly pid: number; readonly pidStart: string}): Promise<void> {
  while (isAlive({pid, start: pidStart})) {
    await new Promise((resolve) => setTimeout(resolve, watchMs));
  }
}

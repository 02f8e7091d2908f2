/** What a test runs, in order: its runscript, then its steps (spec execution.md 11, 12). */
import {accessSync, chmodSync, constants, existsSync, mkdirSync, rmSync, statSync} from 'node:fs';
import {join} from 'node:path';
import type {TestconfigData} from './testconfig-data.ts';

export type Step = {
  /** 0 is the runscript. */
  readonly index: number;
  readonly name: string;
  readonly command: string;
  readonly isScript: boolean;
};

export function stepsOf(config: TestconfigData, testDir: string, rundir: string): readonly Step[] {
  const script =
    config.runscript === null
      ? []
      : [
          {
            index: 0,
            name: 'runscript',
            command: scriptCommand(config.runscript, testDir, rundir),
            isScript: true,
          },
        ];
  return [
    ...script,
    ...config.steps.map(({name, command}, at) => ({index: at + 1, name, command, isScript: false})),
  ];
}

/** Where a runscript is: a path as it is, the source's executable, the copy in the run directory, else whatever PATH has. */
function scriptCommand(text: string, testDir: string, rundir: string): string {
  if (text.includes('/')) {
    makeExecutable(text);
    return text;
  }
  const source = join(testDir, text);
  if (isExecutable(source)) {
    return source;
  }
  const own = join(rundir, text);
  if (existsSync(own)) {
    makeExecutable(own);
    return `./${text}`;
  }
  return text;
}

/** A file that is there but not executable is made so; somebody else's file is left to fail by itself. */
function makeExecutable(path: string): void {
  try {
    const {mode} = statSync(path);
    if ((mode & 0o110) !== 0o110 && !isExecutable(path)) {
      chmodSync(path, (mode & 0o777) | 0o110);
    }
  } catch {
    // Not a plain path, or not ours: the shell says what is wrong with it.
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** What the step's shell gets: a runscript by the user's shell, a step with its output in its log. */
export function commandOf(step: Step, shell: string | undefined): string {
  return step.isScript
    ? `exec ${quoted(shell === undefined || shell === '' ? '/bin/sh' : shell)} -c ${quoted(step.command)}`
    : redirected(step.name, step.command);
}

/** `<command> > <step>.log 2>&1`, as plain text; a command of several lines as one group (execution.md 12.1, 12.3). */
export function redirected(name: string, command: string): string {
  const body = command.includes('\n') ? `{\n${command}\n}` : command === '' ? ':' : command;
  return `${body} > ${name}.log 2>&1`;
}

/** What the steps of an execution find in their directory; a makefile of an earlier one would grow with every rerun. */
export function prepareSteps(rundir: string, hasSteps: boolean): void {
  rmSync(join(rundir, 'Makefile.ezsteps'), {force: true});
  if (hasSteps) {
    mkdirSync(join(rundir, '.ezsteps'), {recursive: true});
  }
}

/** What `Makefile.ezsteps` says of a step that is started. */
export function makefileRules(step: Step, hasRules: boolean): string {
  const {name, command} = step;
  const check = hasRules ? `\tlogpro ${name}.logpro ${name}.html < ${name}.log\n` : '';
  return `${name}.log :\n\t${command} > ${name}.log 2>&1\n${check}\n${name} : ${name}.log\n\n`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** `megatest shell`: a shell, or one command, in the run directory and the environment of a test (spec execution.md 24). */
import {spawn} from 'node:child_process';
import {existsSync} from 'node:fs';
import {constants} from 'node:os';
import {readSnapshot, snapshotFile} from '@megatest/manager';
import {UserError} from '@megatest/model';
import {withoutTestVariables} from '@megatest/rpc';
import {type CommandContext, findTest, type SelectorArguments} from '../modern/command.ts';
import {computedEnvironment} from './computed-environment.ts';
import {readTestconfigOf} from './testconfig-of.ts';

type ShellArguments = SelectorArguments & {
  readonly test: string;
  readonly window?: boolean | undefined;
  /** What stands after `--`. */
  readonly '--'?: readonly string[] | undefined;
};

type Environment = Record<string, string>;

export async function testShell(context: CommandContext, args: ShellArguments): Promise<number> {
  const {test, run} = await findTest(context, args);
  const rundir = [test.rundir, test.shortdir].find((path) => path !== '' && existsSync(path));
  if (rundir === undefined || run === undefined) {
    throw new UserError(
      `${args.test} has no environment here: the run directory ${test.rundir} does not exist`,
      {
        hint: test.host === 'n/a' ? 'it has not been run yet' : `it ran on ${test.host}`,
        exitCode: 1,
      },
    );
  }
  const own = withoutTestVariables(process.env);
  const {env: base, testDir} = existsSync(snapshotFile(rundir))
    ? {env: readSnapshot(rundir, own), testDir: undefined}
    : await computedEnvironment(context.session, {test, run, rundir}, own);
  const env = await withStepVariables(context, base, testDir);
  const [program = '', ...words] = commandOf(args, env);
  // Ctrl-C is for what runs in the foreground, not for who waits for it.
  process.on('SIGINT', () => {});
  const child = spawn(program, words, {cwd: rundir, env: {...env, PWD: rundir}, stdio: 'inherit'});
  return await new Promise<number>((resolve, reject) => {
    child.once('error', (error) =>
      reject(new UserError(`${program} could not be started: ${error.message}`, {exitCode: 1})),
    );
    child.once('exit', (code, signal) =>
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
    );
  });
}

/** What steps have besides: so that their commands can be pasted. */
async function withStepVariables(
  context: CommandContext,
  env: Environment,
  testDir: string | undefined,
): Promise<Environment> {
  const testconfig = await readTestconfigOf(context.session, env, testDir);
  return testconfig === undefined || testconfig.steps.length === 0
    ? env
    : {...env, ...Object.fromEntries(testconfig.preLaunchVars), PATH: `${env.PATH ?? ''}:.`};
}

function commandOf(args: ShellArguments, env: Environment): readonly string[] {
  const command = args['--'] ?? [];
  if (command.length > 0) {
    return command;
  }
  if (args.window !== true) {
    return [process.env.SHELL || env.SHELL || '/bin/bash'];
  }
  const terminal = process.env.MT_XTERM_CMD;
  if (terminal === undefined || terminal === '') {
    throw new UserError('MT_XTERM_CMD does not say how to open a window', {
      hint: 'for example MT_XTERM_CMD="xterm -bg black"',
      exitCode: 1,
    });
  }
  return ['/bin/sh', '-c', terminal];
}

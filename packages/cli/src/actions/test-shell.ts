/** `megatest shell`: a shell, or one command, in the run directory and the environment of a test (spec execution.md 24). */
import {spawn, spawnSync} from 'node:child_process';
import {existsSync, readFileSync} from 'node:fs';
import {constants} from 'node:os';
import {join} from 'node:path';
import {askPlanner, decodeCommandInfo} from '@megatest/manager';
import {UserError} from '@megatest/model';
import {withoutTestVariables} from '@megatest/rpc';
import {type CommandContext, findTest, type SelectorArguments} from '../modern/command.ts';
import {bundlePath} from '../programs.ts';

type ShellArguments = SelectorArguments & {
  readonly test: string;
  readonly window?: boolean | undefined;
  /** What stands after `--`. */
  readonly '--'?: readonly string[] | undefined;
};

type Environment = Record<string, string>;

export async function testShell(context: CommandContext, args: ShellArguments): Promise<number> {
  const {test} = await findTest(context, args);
  const rundir = [test.rundir, test.shortdir].find((path) => path !== '' && existsSync(path));
  const file = rundir === undefined ? undefined : join(rundir, 'megatest.sh');
  if (rundir === undefined || file === undefined || !existsSync(file)) {
    const missing = rundir === undefined ? `the run directory ${test.rundir}` : `the file ${file}`;
    throw new UserError(`${args.test} has no environment here: ${missing} does not exist`, {
      hint: test.host === 'n/a' ? 'it has not been run yet' : `it ran on ${test.host}`,
      exitCode: 1,
    });
  }
  const env = await withStepVariables(context, loadEnvironment(file, rundir));
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

/** The environment of the last execution; what its file leaves out (`HOME`, `DISPLAY`, ...) is the caller's own. */
function loadEnvironment(file: string, rundir: string): Environment {
  const exports = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('export '));
  const own = withoutTestVariables(process.env);
  // The values are quoted for a shell, some of them in its own way.
  const {stdout, status} = spawnSync('/bin/bash', ['--norc', '-c', [...exports, 'env -0'].join('\n')], {
    cwd: rundir,
    env: own,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) {
    throw new UserError(`${file} could not be read as a shell script`, {exitCode: 1});
  }
  const read = stdout
    .split('\0')
    .filter((entry) => entry !== '')
    .map((entry): [string, string] => {
      const at = entry.indexOf('=');
      return [entry.slice(0, at), entry.slice(at + 1)];
    });
  const {SHLVL = '0'} = own;
  return {...Object.fromEntries(read), SHLVL};
}

/** What steps have besides: so that their commands can be pasted. */
async function withStepVariables(context: CommandContext, env: Environment): Promise<Environment> {
  const encoded = env.MT_CMDINFO;
  if (encoded === undefined) {
    return env;
  }
  const {testpath} = decodeCommandInfo(encoded);
  const areaPath = context.session.area.path;
  const {testconfig} = await askPlanner(bundlePath('planner'), {
    kind: 'testconfig',
    areaPath,
    env,
    cwd: areaPath,
    target: env.MT_TARGET ?? '',
    runName: env.MT_RUNNAME ?? '',
    options: {},
    argv: [],
    testDir: testpath,
  });
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

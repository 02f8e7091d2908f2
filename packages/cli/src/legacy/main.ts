/** The old style: every action that the words ask for, in the fixed order of spec cli.md 4. */
import {existsSync, writeFileSync} from 'node:fs';
import {resolve} from 'node:path';
import {envFiles} from '@megatest/manager';
import {UserError} from '@megatest/model';
import {PROGRAM_VERSION} from '@megatest/rpc';
import {helperCall} from '../actions/helper-call.ts';
import {Messages, parseVerbosity, printVerbosity} from '../messages.ts';
import {loadPart} from '../programs.ts';
import {LegacyArguments} from './arguments.ts';
import {legacyHelp} from './help.ts';
import {HELPER_OPTIONS} from './helper-options.ts';

const echoed = ['-run', '-runall', '-remove-runs', '-set-state-status'] as const;
const notYet = [
  '-archive',
  '-extract-ods',
  '-generate-html',
  '-diff-rep',
  '-refdb2dat',
  '-rollup',
  '-update-meta',
  '-create-megatest-area',
  '-create-test',
  '-sync-to',
  '-pgsync',
  '-cache-db',
  '-gui',
  '-manual',
] as const;

export async function legacyMain(words: readonly string[]): Promise<number> {
  const args = new LegacyArguments(words);
  const verbosity = parseVerbosity(
    args.value('-debug') ??
      (args.has('-v') ? '2' : args.has('-q') ? '0' : (process.env.MT_DEBUG_MODE ?? '1')),
  );
  const messages = new Messages(verbosity);
  const commandLine = ['megatest', ...words].join(' ');
  const isScript = process.env.MT_RUNSCRIPT !== undefined || args.has('-repl', '-load');
  if (args.unrecognised !== undefined && !isScript) {
    messages.error(`Unrecognised arguments: ${args.unrecognised}`);
  }
  changeDirectory(args.value('-start-dir'));
  const target = args.value('-reqtarg', '-target');
  if (target !== undefined) {
    process.env.MT_TARGET = target;
  }
  const log = args.value('-log');
  if (log !== undefined) {
    messages.logTo(log, process.cwd());
  }
  if (args.has('-debug') || process.env.MT_DEBUG_MODE === undefined) {
    process.env.MT_DEBUG_MODE = printVerbosity(verbosity);
  }
  if (args.has('-h', '-help', '--help')) {
    messages.print(legacyHelp(commandLine));
    return 0;
  }
  if (args.has('-version')) {
    messages.print(`${PROGRAM_VERSION}\n`);
    return 0;
  }
  const execute = args.value('-execute');
  if (execute !== undefined) {
    return await loadPart('execute').execute(execute, messages);
  }
  const recovered = args.value('-recover-test');
  if (recovered !== undefined) {
    using session = loadPart('area-actions').openSession(args, messages);
    return await loadPart('rare-actions').recoverTest(session, recovered);
  }
  const pilot = args.value('-pilot');
  if (pilot !== undefined) {
    return await loadPart('pilot').pilot(pilot, messages);
  }
  // Starting a daemon is what a script's own questions may need.
  if (isScript && !args.has('-server')) {
    return await loadPart('rare-actions').runScript(args, messages);
  }
  if (args.has(...HELPER_OPTIONS)) {
    return await helperCall(args, messages);
  }
  const base = args.value('-env2file');
  if (base !== undefined) {
    writeEnvironment(base);
    return 0;
  }
  if (args.has('-envcap', '-envdelta')) {
    await loadPart('rare-actions').captureOrCompare(args, messages);
    return 0;
  }
  if (args.has('-show-cmdinfo')) {
    await loadPart('rare-actions').showCommandInfo(args, messages);
    return 0;
  }
  if (args.has(...echoed)) {
    messages.say(0, commandLine);
  }
  warnOfOldOptions(args, messages);
  const missing = notYet.find((option) => args.has(option));
  if (missing !== undefined) {
    throw new UserError(`${missing} is not supported by this version`, {exitCode: 1});
  }
  const outcome = await loadPart('area-actions').areaActions(args, messages);
  if (outcome === 'nothing to do') {
    messages.say(0, legacyHelp(commandLine).trimEnd());
    return 0;
  }
  return outcome;
}

function changeDirectory(directory: string | undefined): void {
  if (directory === undefined) {
    return;
  }
  if (!existsSync(directory)) {
    throw new UserError(`non-existent start dir ${directory} specified, exiting.`, {exitCode: 1});
  }
  process.chdir(directory);
  process.env.PWD = resolve(directory);
}

function warnOfOldOptions(args: LegacyArguments, messages: Messages): void {
  if (args.has('-itempatt')) {
    messages.say(0, 'WARNING: -itempatt has been deprecated, please use -testpatt testpatt/itempatt method');
  }
  if (args.has('-runtests')) {
    messages.say(0, 'WARNING: -runtests is deprecated. Use -run with -testpatt instead');
  }
}

function writeEnvironment(base: string): void {
  const {sh, csh} = envFiles(process.env);
  writeFileSync(`${base}.sh`, sh);
  writeFileSync(`${base}.csh`, csh);
}

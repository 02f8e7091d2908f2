/** The new style: a tree of commands, each with its own help (spec cli.md 22). */
import {nearNames, printUserError, UserError} from '@megatest/model';
import {PROGRAM_VERSION} from '@megatest/rpc';
import yargs from 'yargs';
import {type CommandFile, EXIT, type Outcome} from './command.ts';
import {MODERN_COMMANDS} from './names.ts';

/** `files`: the commands of this bundle. The help of one command does not depend on the others. */
export async function modernMain(words: readonly string[], files: readonly CommandFile[]): Promise<number> {
  const outcome: Outcome = {exitCode: EXIT.ok};
  const [first] = words;
  if (first === 'version') {
    process.stdout.write(`${PROGRAM_VERSION}\n`);
    return EXIT.ok;
  }
  const wanted = first === 'help' ? words[1] : first;
  if (wanted !== undefined && !wanted.startsWith('-') && !MODERN_COMMANDS.includes(wanted)) {
    const near = nearNames(wanted, MODERN_COMMANDS);
    throw new UserError(`megatest has no command "${wanted}"`, {
      hint: near.length > 0 ? `did you mean ${near.join(' or ')}?` : 'see "megatest help"',
      exitCode: EXIT.usage,
    });
  }
  const parser = yargs(first === 'help' ? [...words.slice(1), '--help'] : [...words])
    .scriptName('megatest')
    .parserConfiguration({'populate--': true})
    .usage(
      '$0 COMMAND: run tests on many hosts, record what came out\n\nA first look: megatest init, then megatest run',
    )
    .option('area', {alias: 'C', type: 'string', describe: 'the area (default: from the current folder up)'})
    .option('config', {type: 'string', describe: 'name of its config file', hidden: true})
    .option('append-config', {type: 'string', describe: 'config to read last', hidden: true})
    .option('json', {type: 'boolean', describe: 'one JSON document on standard output'})
    .option('log', {type: 'string', describe: 'file for messages', hidden: true})
    .option('debug', {type: 'string', describe: 'message levels, N or N,M', hidden: true})
    .option('verbose', {alias: 'v', type: 'boolean', describe: 'say more'})
    .option('quiet', {alias: 'q', type: 'boolean', describe: 'say less'})
    .option('color', {type: 'boolean', describe: '--no-color: no colours', hidden: true})
    .option('cache', {type: 'boolean', describe: '--no-cache: no kept configs', hidden: true})
    .option('yes', {alias: 'y', type: 'boolean', describe: 'no questions'})
    .command(files.flatMap((file) => file(outcome)) as never)
    .demandCommand(1, 'which command? See "megatest help"')
    .strict()
    .version(PROGRAM_VERSION)
    .wrap(Math.min(110, process.stdout.columns ?? 110))
    .exitProcess(false)
    .fail((message, error) => {
      throw (
        error ?? new UserError(message, {hint: `see "megatest help ${first ?? ''}"`, exitCode: EXIT.usage})
      );
    });
  try {
    await parser.parseAsync();
  } catch (error) {
    if (error instanceof UserError && error.exitCode === 2 && error.message.startsWith('No ')) {
      process.stderr.write(printUserError(error));
      return EXIT.noArea;
    }
    throw error;
  }
  return outcome.exitCode;
}

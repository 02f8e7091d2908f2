/** The `logpro` command: `logpro RULESFILE [HTMLFILE] [WAIVERFILE] < LOG > ANNOTATED`. */
import {existsSync, fstatSync} from 'node:fs';
import {Explanation} from './explanation.ts';
import {jsonResult} from './json-result.ts';
import {type LogproOutcome, type LogproRequest, ReportError, runLogpro} from './run-logpro.ts';
import {VERSION} from './version.ts';

const usage = `Usage: logpro RULESFILE [HTMLFILE] [WAIVERFILE] < LOG > ANNOTATED
       logpro --json RULESFILE [HTMLFILE] [WAIVERFILE] < LOG > RESULT
       logpro --explain RULESFILE [WAIVERFILE] < LOG
Checks a log against rules, writes an HTML report and a .dat summary.
  --json     prints the result as JSON in place of the annotated log
  --explain  says for each rule what it matched; writes no file, runs no hook
Exit codes: 0 PASS, 1 FAIL, 2 WARN, 3 CHECK, 4 WAIVE, 5 ABORT, 6 SKIP
`;

const options = ['--help', '--version', '--json', '--explain'];

/** Resolves with the exit code. */
export async function logproCommand(argv: readonly string[]): Promise<number> {
  const [first = ''] = argv;
  // There were no options once: a rules file of that name comes first.
  const option = options.includes(first) && !existsSync(first) ? first : undefined;
  const [rulesPath, ...more] = option === undefined ? argv : argv.slice(1);
  if (option === '--version' || option === '--help') {
    await print(option === '--help' ? usage : `logpro ${VERSION}\n`);
    return 0;
  }
  if (rulesPath === undefined) {
    await print(usage);
    return 1;
  }
  try {
    const outcome = await run(option, rulesPath, more);
    return outcome.exitCode;
  } catch (error) {
    if (error instanceof ReportError) {
      process.stderr.write(`ERROR: ${error.message}\n`);
      return 1;
    }
    process.stderr.write(`ERROR: ${error instanceof Error ? error.stack : error}\n`);
    return 70;
  }
}

async function run(
  option: string | undefined,
  rulesPath: string,
  more: readonly string[],
): Promise<LogproOutcome> {
  const request: LogproRequest = {
    rulesPath,
    log: fstatSync(0).isFile() ? 0 : process.stdin,
    cwd: process.cwd(),
    env: process.env,
  };
  if (option === '--explain') {
    const explanation = new Explanation();
    const outcome = await runLogpro({
      ...request,
      ...(more[0] === undefined ? {} : {waiverPath: more[0]}),
      isDry: true,
      observe: (observation) => explanation.observe(observation),
    });
    await print(
      outcome.result === undefined
        ? `${outcome.message ?? `the rules end with exit code ${outcome.exitCode}`}\n`
        : Buffer.from(explanation.print(outcome.result), 'latin1'),
    );
    return outcome;
  }
  const [htmlPath, waiverPath] = more;
  const paths = {
    ...(htmlPath === undefined ? {} : {htmlPath}),
    ...(waiverPath === undefined ? {} : {waiverPath}),
  };
  if (option === '--json') {
    // What hooks print must not get into the JSON.
    const outcome = await runLogpro({...request, ...paths, hookOutput: 2});
    await print(jsonResult(outcome));
    return outcome;
  }
  return runLogpro({...request, ...paths, output: print, hookOutput: 'inherit'});
}

let isListening = false;

/** Writes to standard output, and waits until that has taken it. Once nobody reads any more, quietly does nothing. */
async function print(bytes: Buffer | string): Promise<void> {
  if (!isListening) {
    isListening = true;
    // The write below ends with the same error, which is none: a log may be read in part.
    process.stdout.on('error', () => {});
  }
  await new Promise<void>((written) => {
    process.stdout.write(bytes, () => written());
  });
}

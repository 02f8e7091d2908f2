/** The `logpro` command: `logpro RULESFILE [HTMLFILE] [WAIVERFILE] < LOG > ANNOTATED`. */
import {existsSync} from 'node:fs';
import {VERSION} from './report.ts';
import {runLogpro} from './run-logpro.ts';

const usage = `Usage: logpro RULESFILE [HTMLFILE] [WAIVERFILE] < LOG > ANNOTATED
Checks a log against rules, writes an HTML report and a .dat summary.
Exit codes: 0 PASS, 1 FAIL, 2 WARN, 3 CHECK, 4 WAIVED, 5 ABORT, 6 SKIP
`;

/** Resolves with the exit code. */
export async function logproCommand(argv: readonly string[]): Promise<number> {
  const [rulesPath, htmlPath, waiverPath] = argv;
  if (rulesPath === undefined) {
    process.stdout.write(usage);
    return 1;
  }
  if ((rulesPath === '--help' || rulesPath === '--version') && !existsSync(rulesPath)) {
    process.stdout.write(rulesPath === '--help' ? usage : `logpro ${VERSION}\n`);
    return 0;
  }
  let isClosed = false;
  process.stdout.on('error', () => {
    isClosed = true;
  });
  try {
    const outcome = await runLogpro({
      rulesPath,
      log: process.stdin,
      ...(htmlPath === undefined ? {} : {htmlPath}),
      ...(waiverPath === undefined ? {} : {waiverPath}),
      cwd: process.cwd(),
      env: process.env,
      print: (text) => {
        if (!isClosed) {
          process.stdout.write(text, 'latin1');
        }
      },
    });
    return outcome.exitCode;
  } catch (error) {
    process.stderr.write(`ERROR: ${error instanceof Error ? error.message : error}\n`);
    return 1;
  }
}

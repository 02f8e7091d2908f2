/**
 * The `megatest` command. Which of the two styles is meant is decided here (spec cli.md 2); everything else is loaded only when it
 * is needed, because helper calls inside tests start this program thousands of times.
 */
import {printUserError, UserError} from '@megatest/model';
import {bundleFor, isModern} from '../modern/names.ts';
import {loadPart} from '../programs.ts';
import {reportFailure, runCommand} from '../run-command.ts';

async function main(words: readonly string[]): Promise<number> {
  // Every call is a script then, whatever its words are.
  return isModern(words) && process.env.MT_RUNSCRIPT === undefined
    ? await loadPart(bundleFor(words)).main(words)
    : await loadPart('legacy').legacyMain(words);
}

function report(error: unknown): number {
  if (error instanceof UserError) {
    process.stderr.write(printUserError(error));
    return error.exitCode;
  }
  const {kind} = error as {kind?: unknown};
  if (
    error instanceof Error &&
    error.name === 'RpcError' &&
    typeof kind === 'string' &&
    kind !== 'internal'
  ) {
    // The daemon refused: its sentence says why.
    process.stderr.write(`ERROR: ${error.message}\n`);
    return 1;
  }
  return reportFailure('megatest', error);
}

const words = process.argv.slice(2).filter((word) => !word.startsWith('-:'));
runCommand(async () => await main(words), report);

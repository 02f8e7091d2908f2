/** `megatest logs`: the log of a test or of one step; with `--follow` what comes until the test has ended. */
import {closeSync, existsSync, openSync, readSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {isRunning, UserError} from '@megatest/model';
import {type CommandContext, EXIT, findTest, type SelectorArguments} from '../modern/command.ts';

const pollMs = 250;
const pieceBytes = 256 * 1024;

export async function showLog(
  context: CommandContext,
  args: SelectorArguments & {
    readonly test: string;
    readonly step?: string | undefined;
    readonly follow?: boolean;
    readonly path?: boolean;
  },
): Promise<number> {
  const {test} = await findTest(context, args);
  const results = await context.session.results('exact');
  const steps = await results.steps([test.id]);
  const stepName = args.step ?? steps.at(-1)?.stepName;
  const path = join(test.rundir, stepName === undefined ? 'mt_launch.log' : `${stepName}.log`);
  if (args.path === true) {
    context.print(`${path}\n`);
    return EXIT.ok;
  }
  if (!existsSync(path) && args.follow !== true) {
    throw new UserError(`${args.test} has no log ${path} on this host`, {
      hint: `it ran on ${test.host}; its steps are listed by "megatest steps ${test.id}"`,
      exitCode: EXIT.nothingMatched,
    });
  }
  let at = printFrom(path, 0);
  while (args.follow === true) {
    const [row] = await (await context.session.results('exact')).tests({
      runIds: null,
      afterId: test.id - 1,
      limit: 1,
    });
    at = printFrom(path, at);
    if (row === undefined || row.id !== test.id || !isRunning(row.state)) {
      break;
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  return EXIT.ok;
}

/** Prints what the file holds beyond `from`; returns where it ended. */
function printFrom(path: string, from: number): number {
  if (!existsSync(path)) {
    return from;
  }
  // A log that was begun anew is shown from its start.
  let at = statSync(path).size < from ? 0 : from;
  const fd = openSync(path, 'r');
  try {
    const piece = Buffer.alloc(pieceBytes);
    for (let read = readSync(fd, piece, 0, pieceBytes, at); read > 0; ) {
      process.stdout.write(piece.subarray(0, read));
      at += read;
      read = readSync(fd, piece, 0, pieceBytes, at);
    }
    return at;
  } finally {
    closeSync(fd);
  }
}

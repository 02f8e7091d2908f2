/** How the programs that users call end: what was not caught is reported, and output is written before they do. */
import {watchOutput} from './standard-output.ts';

/** Resolves never: the process ends with the exit code that `main`, or the report of its failure, gives. */
export function runCommand(main: () => Promise<number>, report: (error: unknown) => number): void {
  const written = watchOutput(({code}) => {
    // The reader of a pipe has seen enough.
    process.exit(code === 'EPIPE' ? 0 : 1);
  });
  void main()
    .catch(report)
    .then((exitCode) => {
      // What is still open (a connection, a timer) must not keep a finished command; its output is written first.
      process.exitCode = exitCode;
      written(() => process.exit(exitCode));
    });
}

/** An internal failure, as opposed to a mistake of the user. */
const internalFailure = 70;

export function reportFailure(program: string, error: unknown): number {
  process.stderr.write(
    `${program}: internal failure, please report it: ${error instanceof Error ? error.stack : error}\n`,
  );
  return internalFailure;
}

/** The `mtutil` command. */
import {mtutilMain} from '../packets/mtutil.ts';
import {reportFailure, runCommand} from '../run-command.ts';

runCommand(
  async () => await mtutilMain(process.argv.slice(2)),
  (error) => reportFailure('mtutil', error),
);

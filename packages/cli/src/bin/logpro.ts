/** The `logpro` command. */
import {logproCommand} from '@megatest/logpro';

void logproCommand(process.argv.slice(2)).then((exitCode) => {
  process.exitCode = exitCode;
});

/** The `logpro` command. */
import {logproCommand} from '@megatest/logpro';

process.exitCode = await logproCommand(process.argv.slice(2));

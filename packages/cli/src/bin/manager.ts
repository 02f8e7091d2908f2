/** The manager of one host, user and area; started in the background by whoever needs one. */

import {runManager} from '@megatest/manager';
import {printUserError, UserError} from '@megatest/model';
import {readHelperCall} from '../actions/helper-call.ts';
import {bundlePath, megatestPath} from '../programs.ts';

try {
  process.exitCode = await runManager(process.argv[2] ?? '', {
    executable: megatestPath(),
    planner: bundlePath('planner'),
    readHelperCall,
  });
} catch (error) {
  process.stderr.write(
    error instanceof UserError ? printUserError(error) : `${error instanceof Error ? error.stack : error}\n`,
  );
  process.exitCode = 1;
}
process.exit();

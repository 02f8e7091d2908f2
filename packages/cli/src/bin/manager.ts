/** The manager of one host, user and area; started in the background by whoever needs one. */

import {runManager} from '@megatest/manager';
import {printUserError, UserError} from '@megatest/model';
import {readHelperCall} from '../actions/helper-call.ts';
import {bundlePath, megatestPath, spawnerPath} from '../programs.ts';

void runManager(process.argv[2] ?? '', {
  executable: megatestPath(),
  planner: bundlePath('planner'),
  spawner: spawnerPath(),
  dataReader: bundlePath('data-reader'),
  readHelperCall,
})
  .catch((error: unknown) => {
    process.stderr.write(
      error instanceof UserError
        ? printUserError(error)
        : `${error instanceof Error ? error.stack : error}\n`,
    );
    return 1;
  })
  .then((exitCode) => process.exit(exitCode));

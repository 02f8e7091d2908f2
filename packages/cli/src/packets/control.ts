/** The directory whose `megatest.config` `mtutil` reads; it need not be an area (spec mtutil.md 1, 2.3). */
import {existsSync, realpathSync} from 'node:fs';
import {isAbsolute, join} from 'node:path';
import {type Config, readConfig} from '@megatest/config';
import {UserError} from '@megatest/model';
import {environment} from '../session.ts';

export type Control = {readonly directory: string; readonly config: Config};

export function readControl(
  directory: string,
  configName: string,
  say: (level: number, text: string) => void,
): Control {
  const file = isAbsolute(configName) ? configName : join(directory, configName);
  if (!existsSync(file)) {
    throw new UserError(
      `No ${configName} file found in ${directory}: go to the control directory, or name it with -start-dir`,
    );
  }
  const path = realpathSync(directory);
  const config = readConfig(file, {
    cwd: path,
    commands: 'yes',
    areaPath: path,
    env: {...environment(), MT_RUN_AREA_HOME: path},
    say,
  });
  return {directory: path, config};
}

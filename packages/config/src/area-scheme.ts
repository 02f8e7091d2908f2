/** The Scheme of a script that runs in an area: what its config files know, with the script's own ways to the world. */
import type {Interpreter, SchemeHost, SchemeLimits} from '@megatest/scheme';
import type {Area} from './area.ts';
import type {Config} from './config.ts';
import {findTests} from './find-tests.ts';
import {loadRunconfig} from './runconfigs.ts';
import {SchemeWorld} from './scheme-world.ts';

export function areaScheme(
  area: Area,
  host: Partial<SchemeHost>,
  limits: Partial<SchemeLimits>,
): Interpreter {
  let runconfigs: Config | undefined;
  return new SchemeWorld({
    config: area.config,
    env: area.env,
    cwd: area.options.cwd,
    areaPath: area.path,
    target: area.target,
    areaConfig: area.config,
    get runconfigs() {
      runconfigs ??= loadRunconfig(area).config;
      return runconfigs;
    },
    commandLine: area.options.commandLine ?? new Map(),
    tests: () => findTests(area),
    databaseDirectory: area.options.databaseDirectory,
    timeLeftMs: () => undefined,
    host,
    limits,
  }).interpreter;
}

/** The environment of a launch command, a fresh copy for each test (spec execution.md 6.3): later entries win. */
import {type Env, isExportable} from '@megatest/config';
import type {AreaContext} from '../plan/area-context.ts';

export type LaunchedTest = {
  readonly testName: string;
  readonly itemPath: string;
  readonly vars: readonly (readonly [string, string])[];
  readonly target: string;
  readonly runName: string;
  /** Run directory, as it will be in the link tree. */
  readonly rundir: string;
};

/** What a testconfig may refer to while it is read for a launch: the submission's environment and who the test is. */
export function scanEnvironment(submitted: Readonly<Env>, test: LaunchedTest, context: AreaContext): Env {
  const env: Env = {...submitted};
  const values = test.target.split('/');
  for (const [name, value] of context.runVariables) {
    if (isExportable(name)) {
      env[name] = value;
    }
  }
  context.keys.forEach((key, index) => {
    env[key.name] = values[index] ?? '';
  });
  Object.assign(env, identity(test, context));
  return env;
}

/** `preLaunch` are the variables of the testconfig's `[pre-launch-env-vars]`, `overrides` those of its overrides section. */
export function launchEnvironment(
  scanned: Readonly<Env>,
  test: LaunchedTest,
  context: AreaContext,
  preLaunch: readonly (readonly [string, string])[],
  overrides: readonly (readonly [string, string])[],
): Env {
  const env: Env = {...scanned};
  Object.assign(env, Object.fromEntries(preLaunch), Object.fromEntries(context.envOverride));
  const info = test.vars.map(([name, value]) => `(${name} ${value})`).join(' ');
  Object.assign(env, identity(test, context), {MT_ITEM_INFO: `(${info})`}, Object.fromEntries(overrides));
  delete env.MT_CONTOUR;
  return env;
}

function identity(test: LaunchedTest, context: AreaContext): Env {
  return {
    MT_RUN_AREA_HOME: context.areaPath,
    MT_LINKTREE: context.linkTree,
    MT_TARGET: test.target,
    MT_RUNNAME: test.runName,
    MT_TEST_NAME: test.testName,
    MT_ITEMPATH: test.itemPath,
    MT_TEST_RUN_DIR: test.rundir,
    ...Object.fromEntries(test.vars),
  };
}

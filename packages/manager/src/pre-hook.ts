/** `[runs] pre-hook`: a command before the first test of a run, in the run's environment (spec runs.md 16). */
import {spawn} from 'node:child_process';
import {closeSync, mkdirSync, openSync} from 'node:fs';
import {join} from 'node:path';
import {type Env, isExportable} from '@megatest/config';
import type {AreaContext} from './plan/area-context.ts';

export type PreHook = {
  readonly command: string;
  readonly target: string;
  readonly runName: string;
  readonly env: Readonly<Env>;
  readonly context: AreaContext;
};

/** Resolves with the exit code, which decides nothing; the output is in `logs/pre-hook-TARGET-RUN.log` of the area. */
export async function runPreHook(hook: PreHook): Promise<number> {
  const {command, target, runName, context} = hook;
  const logs = join(context.areaPath, 'logs');
  mkdirSync(logs, {recursive: true});
  const log = openSync(join(logs, `pre-hook-${target.replaceAll('/', '-')}-${runName}.log`), 'a');
  try {
    const child = spawn('/bin/sh', ['-c', command], {
      cwd: context.areaPath,
      env: runEnvironment(hook),
      detached: true,
      stdio: ['ignore', log, log],
    });
    return await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => resolve(code ?? 255));
    });
  } finally {
    closeSync(log);
  }
}

/** The environment in which a run begins (runs.md 3.1 step 4). */
function runEnvironment({target, runName, env, context}: PreHook): Env {
  const values = target.split('/');
  return {
    ...env,
    ...Object.fromEntries(context.keys.map((key, index) => [key.name, values[index] ?? ''])),
    MT_TARGET: target,
    MT_RUNNAME: runName,
    MT_LINKTREE: context.linkTree,
    MT_RUN_AREA_HOME: context.areaPath,
    ...Object.fromEntries(context.envOverride),
    ...Object.fromEntries(context.runVariables.filter(([name]) => isExportable(name))),
  };
}

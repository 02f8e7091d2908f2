/** The environment of a test, in the order of spec execution.md 9.2: later steps win. */
import {dirname} from 'node:path';
import {type Env, evaluateInShell, isExportable} from '@megatest/config';
import type {AreaContext} from '../plan/area-context.ts';
import {type CommandInfo, itemPathOf} from './cmdinfo.ts';

/** `inherited` is the environment of whoever started the test: the submission, or the `-execute` process. */
export function testEnvironment(
  info: CommandInfo,
  encoded: string,
  inherited: Readonly<Env>,
  context: AreaContext,
): Env {
  const env: Env = {...inherited, ...Object.fromEntries(context.readVariables)};
  const itemPath = itemPathOf(info);
  const keyValues = info.target.split('/');
  const keys = context.keys.map((key, index): [string, string] => [key.name, keyValues[index] ?? '']);
  const core: Readonly<Record<string, string>> = {
    MT_TEST_RUN_DIR: info['work-area'],
    MT_TEST_NAME: info['test-name'],
    MT_ITEM_INFO: `(${info.itemdat.map(([name, value]) => `(${name} ${value})`).join(' ')})`,
    MT_ITEMPATH: itemPath,
    MT_RUNNAME: info.runname,
    MT_MEGATEST: info.megatest,
    MT_TARGET: info.target,
    MT_LINKTREE: context.linkTree,
    MT_TESTSUITENAME: info.areaname,
  };
  Object.assign(env, core, Object.fromEntries(keys), {MT_CMDINFO: encoded, MT_RUN_AREA_HOME: info.toppath});
  if (info.contour === null) {
    delete env.MT_CONTOUR;
  } else {
    env.MT_CONTOUR = info.contour;
  }
  for (const [name, value] of context.runVariables) {
    if (isExportable(name)) {
      env[name] = evaluateInShell(value, env, info.toppath) ?? value;
    }
  }
  for (const [name, value] of setVars(info['set-vars'])) {
    env[name] = value;
  }
  Object.assign(env, core);
  const bin = dirname(info.megatest);
  env.PATH = `${env.PATH ?? ''}:${bin}`;
  for (const [name, value] of [...info['env-ovrd'], ...keys, ...context.envOverride]) {
    env[name] = value;
  }
  env.MT_RUNNAME = info.runname;
  env.MT_DEBUG_MODE ??= '1';
  env.MT_RUN_AREA_HOME = info.toppath;
  for (const [name, value] of info.itemdat) {
    env[name] = value;
  }
  return env;
}

/** `A=1,B=2`: pieces with exactly one `=` and a value; others are ignored. */
export function setVars(text: string | null): readonly (readonly [string, string])[] {
  return (text ?? '').split(',').flatMap((piece) => {
    const parts = piece.split('=').filter((part) => part !== '');
    return parts.length === 2 ? [[parts[0] ?? '', parts[1] ?? ''] as const] : [];
  });
}

/** `runconfigs.config`: variables by target (spec config.md 10, 11). */
import {existsSync} from 'node:fs';
import {join} from 'node:path';
import {nearNames, UserError} from '@megatest/model';
import {type Area, keptConfig, optionsWithin} from './area.ts';
import type {Config} from './config.ts';
import {isExportable, readConfig} from './read-config.ts';
import type {Env} from './shell.ts';

export type Runconfig = {
  readonly config: Config;
  /** Effective variables: those of `default`, then those of the target, which win. */
  readonly variables: ReadonlyMap<string, string>;
};

/** Reads `runconfigs.config` for the area's target; without a target, or with one that cannot be, all sections are kept. */
export function loadRunconfig(area: Area, target = area.target): Runconfig {
  const kept =
    target === area.target
      ? keptConfig('runconfigs', area.path, area.options, area.config.get('setup', 'use-cache'))
      : undefined;
  return kept === undefined ? readRunconfig(area, target) : runconfigOf(kept, target);
}

function readRunconfig(area: Area, target: string | undefined): Runconfig {
  const file = join(area.path, 'runconfigs.config');
  if (!existsSync(file)) {
    area.options.say?.(0, `WARNING: You do not have a run config file: ${file}`);
  }
  const options = optionsWithin(area, area.env, target);
  const known = options.target;
  const config = readConfig(file, {
    ...options,
    ...(known === undefined ? {} : {seed: known, filter: ['default', known]}),
  });
  return runconfigOf(config, known);
}

function runconfigOf(config: Config, target: string | undefined): Runconfig {
  const variables = new Map<string, string>();
  for (const section of ['default', ...(target === undefined ? [] : [target])]) {
    for (const {key, value} of config.entries(section)) {
      variables.set(key, value);
    }
  }
  return {config, variables};
}

/**
 * All section names of `runconfigs.config`, sorted by byte order, patterns applied and gone. With `patterns` (`P1,P2`, `%` = any
 * text) those that match one completely.
 */
export function listTargets(area: Area, patterns?: string): readonly string[] {
  const file = join(area.path, 'runconfigs.config');
  const {target: _, ...options} = optionsWithin(area, area.env);
  const wanted = patterns
    ?.split(',')
    .map((pattern) => new RegExp(`^${pattern.split('%').map(escapeForRegExp).join('.*')}$`, 's'));
  return readConfig(file, options)
    .sections.map((section) => section.name)
    .filter((name) => wanted?.some((pattern) => pattern.test(name)) ?? true)
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

function escapeForRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

/** `-reqtarg`: the target must have a section of its own. */
export function checkRequiredTarget(area: Area, target: string): void {
  const targets = listTargets(area);
  if (!targets.includes(target)) {
    const near = nearNames(target, targets, 1);
    throw new UserError(`[${target}] not found in ${join(area.path, 'runconfigs.config')}`, {
      ...(near[0] === undefined ? {} : {hint: `did you mean [${near[0]}]?`}),
    });
  }
}

/** Variables of runconfigs as the engine exports them: raw, without internal keys. */
export function exportRunconfig(runconfig: Runconfig, env: Env): void {
  for (const [key, value] of runconfig.variables) {
    if (isExportable(key)) {
      env[key] = value;
    }
  }
}

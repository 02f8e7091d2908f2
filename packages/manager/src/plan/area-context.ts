/**
 * What launching and running need of the area's own files, read once for a submission (or once for each `-execute` environment) in
 * a short-lived child, and then plain data.
 */
import {type Area, Config, type Env, loadRunconfig, runTimeLimitS} from '@megatest/config';
import * as z from 'zod';

const pairs = z.array(z.tuple([z.string(), z.string()]));

export const areaContext = z.object({
  areaPath: z.string(),
  areaName: z.string(),
  keys: z.array(z.object({name: z.string(), type: z.string()})),
  linkTree: z.string(),
  /** `null` = the area names none. */
  disks: z.array(z.object({name: z.string(), path: z.string()})).nullable(),
  minspaceKiB: z.number(),
  /** `[env-override]`, evaluated. */
  envOverride: pairs,
  /** Other sections of variables, which only count while files are read and beneath all else. */
  readVariables: pairs,
  /** Effective variables of runconfigs, not yet evaluated by a shell. */
  runVariables: pairs,
  runTimeLimitS: z.number().nullable(),
  freeSpaceScript: z.string().nullable(),
  /** `[testrollup]`: test name to command. */
  rollUpCommands: pairs,
  testCopyCommand: z.string().nullable(),
  executable: z.string().nullable(),
  launcher: z.object({
    command: z.string().nullable(),
    usesShell: z.boolean(),
    waits: z.boolean(),
    isFlexible: z.boolean(),
    /** Tests that a pilot job runs at a time; `null` = as many as it has processors. */
    pilotSlots: z.number().nullable(),
    /** `[launchers]`: test pattern to host type, in order. */
    patterns: pairs,
    hostTypes: pairs,
  }),
});

export type AreaContext = z.output<typeof areaContext>;

export function contextOf(area: Area): AreaContext {
  const {config} = area;
  const list = (section: string) =>
    config.entries(section).map(({key, value}): [string, string] => [key, value]);
  return {
    areaPath: area.path,
    areaName: area.name,
    keys: [...area.keys],
    linkTree: area.linkTree,
    disks: disksOf(config),
    minspaceKiB: minspaceOf(config),
    envOverride: list('env-override'),
    readVariables: config.sections
      .filter(({name}) => name.includes('env-override') && name !== 'env-override')
      .flatMap(({name}) => list(name)),
    runVariables: [...loadRunconfig(area).variables],
    runTimeLimitS: runTimeLimitS(area, new Config()) ?? null,
    freeSpaceScript: freeSpaceScriptOf(config),
    rollUpCommands: list('testrollup'),
    testCopyCommand: config.get('setup', 'testcopycmd') ?? null,
    executable: config.get('setup', 'executable') ?? null,
    launcher: launcherOf(config),
  };
}

/** `null` = the area names none. */
export function disksOf(config: Config): AreaContext['disks'] {
  return config.section('disks') === undefined
    ? null
    : config.entries('disks').map(({key, value}) => ({name: key, path: value.trim()}));
}

export function minspaceOf(config: Config): number {
  return numberOr(config.get('setup', 'minspace'), 10_000);
}

export function freeSpaceScriptOf(config: Config): string | null {
  return config.get('setup', 'free-space-script')?.trim() || null;
}

export function launcherOf(config: Config): AreaContext['launcher'] {
  const flexible = config.get('jobtools', 'flexi-launcher');
  const list = (section: string) =>
    config.entries(section).map(({key, value}): [string, string] => [key, value]);
  return {
    command: config.get('jobtools', 'launcher')?.trim() || null,
    usesShell: config.get('jobtools', 'useshell') !== 'no',
    waits: config.get('setup', 'launchwait') !== 'no',
    isFlexible: flexible !== undefined && flexible.trim() !== 'no',
    pilotSlots: pilotSlotsOf(config.get('jobtools', 'pilot-slots')),
    patterns: list('launchers'),
    hostTypes: list('host-types'),
  };
}

export function numberOr(text: string | undefined, otherwise: number): number {
  const value = Number(text?.trim());
  return text === undefined || text.trim() === '' || Number.isNaN(value) ? otherwise : value;
}

function pilotSlotsOf(text: string | undefined): number | null {
  const slots = Math.floor(numberOr(text, 0));
  return slots >= 1 ? slots : null;
}

export type {Env};

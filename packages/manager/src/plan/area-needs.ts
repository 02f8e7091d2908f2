/** What an area needs of a host that plans, launches or runs for it: read in the planning child, and then plain data. */
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {type Area, ezStepsOf, findTests, readTestconfig} from '@megatest/config';
import {
  type AreaContext,
  disksOf,
  freeSpaceScriptOf,
  launcherOf,
  minspaceOf,
  numberOr,
} from './area-context.ts';

export type AreaNeeds = Pick<
  AreaContext,
  'areaPath' | 'linkTree' | 'disks' | 'minspaceKiB' | 'freeSpaceScript' | 'executable' | 'launcher'
> & {
  /** Of the area itself, and of the place of M. */
  readonly spaceRequiredKiB: number;
  /** Words of `[hosts]` that can be names of hosts. */
  readonly hosts: readonly string[];
  /** Tests whose steps call `logpro` by its name. */
  readonly logproTests: readonly string[];
  /** `null` = nothing is archived. */
  readonly archive: {
    readonly bup: string;
    /** `[archive] bup` names the program. */
    readonly namesBup: boolean;
    readonly disks: readonly {readonly name: string; readonly path: string}[];
    readonly minspaceKiB: number;
  } | null;
};

export function needsOf(area: Area): AreaNeeds {
  const {config} = area;
  return {
    areaPath: area.path,
    linkTree: area.linkTree,
    disks: disksOf(config),
    minspaceKiB: minspaceOf(config),
    freeSpaceScript: freeSpaceScriptOf(config),
    executable: config.get('setup', 'executable') ?? null,
    launcher: launcherOf(config),
    spaceRequiredKiB: spaceRequiredKiB(area),
    hosts: [...new Set(config.entries('hosts').flatMap(({value}) => value.split(/[\s,]+/)))].filter(
      isHostName,
    ),
    logproTests: testsThatCallLogpro(area),
    archive: archiveOf(area),
  };
}

export function spaceRequiredKiB({config}: Area): number {
  return numberOr(config.get('setup', 'dbdir-space-required'), 100_000);
}

/** `[hosts]` is only data: what else stands there is no host, and nothing that ssh could take for an option. */
export function isHostName(word: string): boolean {
  return /^(\w[\w.-]*@)?[a-z\d]([\w.-]*[a-z\d])?$/i.test(word) && /[a-z.]/i.test(word);
}

function testsThatCallLogpro(area: Area): readonly string[] {
  return [...findTests(area)].flatMap(([name, testDir]) => {
    // Most files need not be read as a config for that.
    const mayCall = /logpro|\[include|\[scriptinc/.test(readFileSync(join(testDir, 'testconfig'), 'latin1'));
    return mayCall && callsLogpro(area, testDir) ? [name] : [];
  });
}

function callsLogpro(area: Area, testDir: string): boolean {
  try {
    const config = readTestconfig(area, testDir, {env: {...area.env}, commands: 'no'});
    return ezStepsOf(config).some(({command}) => /(^|[\s;|&(`])logpro(\s|$)/.test(command));
  } catch {
    // The check of the config says what is wrong with the file.
    return false;
  }
}

function archiveOf({config}: Area): AreaNeeds['archive'] {
  if (config.section('archive') === undefined && config.section('archive-disks') === undefined) {
    return null;
  }
  const bup = config.get('archive', 'bup')?.trim() || undefined;
  return {
    bup: bup ?? 'bup',
    namesBup: bup !== undefined,
    disks: config.entries('archive-disks').map(({key, value}) => ({name: key, path: value.trim()})),
    minspaceKiB: numberOr(config.get('archive', 'minspace'), 1000),
  };
}

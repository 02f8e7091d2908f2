/**
 * Whether a host has what an area needs of it (spec cli.md 22): the part of `megatest doctor` that each manager answers, and that the
 * command looks at itself on its own host, in its own environment.
 */
import {accessSync, constants, mkdirSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import type {Env} from '@megatest/config';
import {UserError} from '@megatest/model';
import {
  diskClockFinding,
  type Finding,
  fine,
  type Homehost,
  problem,
  spaceFinding,
  warning,
} from '@megatest/rpc';
import {freeSpaceBy} from '../execution/free-space.ts';
import type {AreaNeeds} from '../plan/area-needs.ts';
import {findProgram} from './find-program.ts';
import {examineLaunchers} from './launchers.ts';
import {examineSsh, sshHostsOf} from './ssh-hosts.ts';

export type HostToExamine = {
  readonly needs: AreaNeeds;
  /** In which launchers and tests are started. */
  readonly env: Readonly<Env>;
  readonly homehost: Homehost;
  /** The `megatest` command; tests find `logpro` beside it. */
  readonly executable: string;
};

type Check = () => Finding | readonly Finding[] | Promise<Finding | readonly Finding[]>;

export async function examineHost(host: HostToExamine): Promise<readonly Finding[]> {
  const {needs, env, homehost} = host;
  const {areaPath, linkTree, archive} = needs;
  const checks: readonly (readonly [string, Check])[] = [
    ['area', () => examineArea(needs)],
    [
      'link tree',
      () => examineFolder('link tree', linkTree, '[setup] linktree') ?? fine('link tree', linkTree),
    ],
    ...(needs.disks ?? []).map(
      ({name, path}) => [`disk ${name}`, async () => await examineDisk(`disk ${name}`, path, host)] as const,
    ),
    ['launcher', async () => await examineLaunchers(needs, env)],
    ['logpro', () => (needs.logproTests.length === 0 ? [] : examineLogpro(host))],
    [
      'ssh',
      async () => await examineSsh(sshHostsOf(needs, homehost.isHere ? undefined : homehost.name), env),
    ],
    ['clock', () => diskClockFinding(areaPath, 'clock')],
    ['bup', () => (archive === null ? [] : examineArchive(archive, env))],
  ];
  const found = await Promise.all(
    checks.map(async ([name, check]): Promise<readonly Finding[]> => {
      try {
        return [await check()].flat();
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error);
        const hint = error instanceof UserError ? error.hint : undefined;
        return [problem(name, text, hint ?? 'it could not be looked at; ask again')];
      }
    }),
  );
  return found.flat();
}

function examineArea({areaPath, spaceRequiredKiB}: AreaNeeds): Finding {
  try {
    accessSync(areaPath, constants.W_OK);
  } catch {
    return warning(
      'area',
      `${areaPath} cannot be written by you`,
      'to look is all you can do here; ask its owner if you want to run tests',
    );
  }
  return spaceFinding('area', areaPath, spaceRequiredKiB, '[setup] dbdir-space-required');
}

async function examineDisk(check: string, path: string, {needs, env}: HostToExamine): Promise<Finding> {
  if (!path.startsWith('/')) {
    return problem(check, `${path} is no full path, and is not used`, 'see [disks]');
  }
  if (!isFolder(path)) {
    return problem(check, `${path} is not there`, `make it: mkdir -p ${path}`);
  }
  const unwritable = examineFolder(check, path, '[disks]');
  if (unwritable !== undefined) {
    return unwritable;
  }
  const freeKiB = await freeSpaceBy(needs, {...env})(path);
  return spaceFinding(check, path, needs.minspaceKiB, '[setup] minspace', freeKiB);
}

function examineLogpro({needs: {logproTests, executable: named}, env, executable}: HostToExamine): Finding {
  const [first = '', ...others] = logproTests;
  const who = others.length === 0 ? `the test ${first} calls it` : `${logproTests.length} tests call it`;
  const beside = dirname(named ?? executable);
  const found = findProgram('logpro', {PATH: `${env.PATH ?? ''}:${beside}`});
  return found === undefined
    ? problem('logpro', `${who}, and it is not found`, `it belongs beside the megatest command, in ${beside}`)
    : fine('logpro', `${who}: ${found}`);
}

function examineArchive(archive: NonNullable<AreaNeeds['archive']>, env: Readonly<Env>): readonly Finding[] {
  const {bup, namesBup, disks, minspaceKiB} = archive;
  const found = findProgram(bup, env);
  const advice = 'install bup, or name it in [archive] bup';
  const program =
    found !== undefined
      ? fine('bup', found)
      : namesBup
        ? problem('bup', `${bup} is not found`, 'see [archive] bup')
        : warning('bup', 'bup is not found', advice);
  return [
    program,
    ...disks.map(({name, path}) => {
      const check = `archive disk ${name}`;
      return !isFolder(path)
        ? problem(check, `${path} is not there`, `make it: mkdir -p ${path}`)
        : (examineFolder(check, path, '[archive-disks]') ??
            spaceFinding(check, path, minspaceKiB, '[archive] minspace'));
    }),
  ];
}

/** `undefined` when a file can be written in the folder, which is made if it is not there. */
function examineFolder(check: string, path: string, setting: string): Finding | undefined {
  try {
    mkdirSync(path, {recursive: true});
    const probe = join(path, `.doctor.${process.pid}`);
    writeFileSync(probe, '');
    rmSync(probe);
    return undefined;
  } catch (error) {
    const text = `${path} cannot be written: ${error instanceof Error ? error.message : error}`;
    return problem(check, text, `see ${setting}`);
  }
}

function isFolder(path: string): boolean {
  return statSync(path, {throwIfNoEntry: false})?.isDirectory() ?? false;
}

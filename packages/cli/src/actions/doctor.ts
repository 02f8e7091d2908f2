/** `megatest doctor`: looks at what a run needs, and says for each thing whether it is well and what to do if not. */
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import {findTests, listTargets} from '@megatest/config';
import {printUserError, UserError} from '@megatest/model';
import {managerSocket, mayBeAlive, readKey, readServerRecord, somebodyListens} from '@megatest/rpc';
import {quickCheck, workingDirectory} from '@megatest/store';
import type {Session} from '../session.ts';

export type Check = {
  readonly name: string;
  readonly verdict: 'ok' | 'warning' | 'problem';
  readonly text: string;
  /** What to do about it. */
  readonly advice?: string;
};

const kib = 1024;

export async function examine(session: Session): Promise<readonly Check[]> {
  const checks: readonly (readonly [string, () => Promise<Check> | Check])[] = [
    ['config', () => checkConfig(session)],
    ['tests', () => checkTests(session)],
    ['link tree', () => checkWritable('link tree', session.area.linkTree, '[setup] linktree')],
    ...session.area.config
      .entries('disks')
      .map(({key, value}) => [`disk ${key}`, () => checkDisk(session, key, value.trim())] as const),
    ['homehost', () => checkHomehost(session)],
    ['daemon', async () => await checkDaemon(session)],
    ['database', () => checkDatabase(session)],
    ['manager', async () => await checkManager(session)],
    ['launcher', () => checkLauncher(session)],
  ];
  const done: Check[] = [];
  for (const [name, check] of checks) {
    try {
      done.push(await check());
    } catch (error) {
      const text =
        error instanceof UserError
          ? printUserError(error).trimEnd()
          : error instanceof Error
            ? error.message
            : String(error);
      done.push({name, verdict: 'problem', text});
    }
  }
  return done;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function checkConfig(session: Session): Check {
  const {keys} = session;
  const targets = listTargets(session.area).filter(
    (target) => target !== 'default' && target.split('/').length === keys.length,
  );
  return keys.length === 0
    ? {name: 'config', verdict: 'problem', text: 'no keys', advice: 'name at least one in [fields]'}
    : {name: 'config', verdict: 'ok', text: `keys ${keys.join('/')}, ${counted(targets.length, 'target')}`};
}

function checkTests(session: Session): Check {
  const {size} = findTests(session.area);
  return size === 0
    ? {name: 'tests', verdict: 'warning', text: 'no tests', advice: 'make one: megatest new test NAME'}
    : {name: 'tests', verdict: 'ok', text: counted(size, 'test')};
}

function checkWritable(name: string, path: string, setting: string): Check {
  try {
    mkdirSync(path, {recursive: true});
    const probe = join(path, `.doctor.${process.pid}`);
    writeFileSync(probe, '');
    rmSync(probe);
    return {name, verdict: 'ok', text: path};
  } catch (error) {
    const text = `${path} cannot be written: ${error instanceof Error ? error.message : error}`;
    return {name, verdict: 'problem', text, advice: `see ${setting}`};
  }
}

function checkDisk(session: Session, disk: string, path: string): Check {
  const name = `disk ${disk}`;
  if (!(statSync(path, {throwIfNoEntry: false})?.isDirectory() ?? false)) {
    return {name, verdict: 'problem', text: `${path} is not there`, advice: `make it: mkdir -p ${path}`};
  }
  const written = checkWritable(name, path, '[disks]');
  if (written.verdict !== 'ok') {
    return written;
  }
  const {bavail, bsize} = statfsSync(path);
  const freeKiB = Math.floor((bavail * bsize) / kib);
  const neededKiB = Number(session.area.config.get('setup', 'minspace') ?? 10_000);
  return freeKiB > neededKiB
    ? {name, verdict: 'ok', text: `${path}, ${Math.floor(freeKiB / kib)} MiB free`}
    : {
        name,
        verdict: 'problem',
        text: `${path} has ${freeKiB} KiB free, ${neededKiB} are wanted`,
        advice: 'make room, or lower [setup] minspace',
      };
}

function checkHomehost(session: Session): Check {
  const {name, isHere} = session.homehost;
  return {name: 'homehost', verdict: 'ok', text: isHere ? `${name}, which is this host` : name};
}

async function checkDaemon(session: Session): Promise<Check> {
  const {path} = session.area;
  const record = readServerRecord(path);
  if (record === undefined || !mayBeAlive(path, record)) {
    return {name: 'daemon', verdict: 'ok', text: 'not running; it is started when it is needed'};
  }
  if (readKey(path) === undefined) {
    return {
      name: 'daemon',
      verdict: 'problem',
      text: `it runs on ${record.host}, but you may not talk to it`,
      advice: 'you need read access to .server.key or .server.ro.key of the area',
    };
  }
  const {pid, host, sync, version} = await session.daemon.call('server.status', {});
  return {
    name: 'daemon',
    verdict: sync.lagS > 5 ? 'warning' : 'ok',
    text: `version ${version} on ${host}, pid ${pid}, megatest.db ${sync.lagS} s behind`,
  };
}

function checkDatabase(session: Session): Check {
  const {path, name} = session.area;
  const files = [join(path, 'megatest.db'), join(workingDirectory({path, name}), 'megatest.db')].filter(
    (file) => existsSync(file),
  );
  for (const file of files) {
    const problem = quickCheck(file);
    if (problem !== undefined) {
      return {
        name: 'database',
        verdict: 'problem',
        text: `${file}: ${problem}`,
        advice: 'stop the daemon and start it again: it sets a damaged file aside and takes the other one',
      };
    }
  }
  return {
    name: 'database',
    verdict: 'ok',
    text: files.length === 0 ? 'nothing has run yet' : files.join(', '),
  };
}

async function checkManager(session: Session): Promise<Check> {
  if (!(await somebodyListens(managerSocket(session.area.path, process.getuid?.() ?? 0)))) {
    return {name: 'manager', verdict: 'ok', text: 'not running; it is started when it is needed'};
  }
  const {pid, tests, isConnected} = await session.manager.call('manager.status', {});
  return {
    name: 'manager',
    verdict: 'ok',
    text: `pid ${pid}, ${counted(tests, 'test')}, ${isConnected ? 'connected' : 'not connected yet'}`,
  };
}

/** What a launcher that is no command itself starts. */
const submitCommands: Readonly<Record<string, string>> = {
  slurm: 'sbatch',
  gridengine: 'qsub',
  lsf: 'bsub',
  pbs: 'qsub',
};

function checkLauncher(session: Session): Check {
  const command = session.area.config.get('jobtools', 'launcher')?.trim() ?? '';
  if (command === '') {
    return {name: 'launcher', verdict: 'ok', text: 'none: tests run on the host they are submitted from'};
  }
  const [first = ''] = command.split(/\s+/);
  if (first.startsWith('/') && /\.m?js$/.test(first)) {
    return existsSync(first)
      ? {name: 'launcher', verdict: 'ok', text: command}
      : {
          name: 'launcher',
          verdict: 'problem',
          text: `${first} is not found`,
          advice: 'see [jobtools] launcher',
        };
  }
  const program = submitCommands[first.replace(/-(array|pilot)$/, '')] ?? first;
  const found = program.includes('/')
    ? [program]
    : (process.env.PATH ?? '').split(':').map((folder) => join(folder, program));
  return found.some(isExecutable)
    ? {name: 'launcher', verdict: 'ok', text: command}
    : {
        name: 'launcher',
        verdict: 'problem',
        text: `${program} is not found`,
        advice: 'see [jobtools] launcher',
      };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

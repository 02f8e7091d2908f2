import {
  closeSync,
  existsSync,
  fstatSync,
  linkSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import {hostname, networkInterfaces} from 'node:os';
import {join} from 'node:path';
import {UserError} from '@megatest/model';
import {areaHash} from '@megatest/store';
import {isWritable} from './area-access.ts';
import {fileServerNowMs} from './disk-clock.ts';
import type {ServerRecord} from './server-record.ts';

/** `.server` younger than this belongs to a living daemon. */
export const heartbeatLimitMs = 20_000;

/** Abstract socket that only one daemon of an area can hold. */
export function daemonSocket(areaPath: string): string {
  return `\0megatest:${areaHash(areaPath)}`;
}

export function managerSocket(areaPath: string, uid: number): string {
  return `\0megatest-mgr:${areaHash(areaPath)}:${uid}`;
}

/** Addresses and names under which this host is known to itself. */
export function ownNames(): ReadonlySet<string> {
  const names = new Set<string>([hostname().toLowerCase(), (hostname().split('.')[0] ?? '').toLowerCase()]);
  for (const addresses of Object.values(networkInterfaces())) {
    for (const {address, internal} of addresses ?? []) {
      if (!internal) {
        names.add(address.toLowerCase());
      }
    }
  }
  return names;
}

/** This host's best address for others; loopback only when there is no other. */
export function ownAddress(): string {
  const outer = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({internal, family}) => !internal && family === 'IPv4')
    .map(({address}) => address);
  return outer.at(-1) ?? '127.0.0.1';
}

export type Homehost = {readonly name: string; readonly isHere: boolean; readonly file: string};

/** Stands for the name while nobody has decided, and this user cannot. */
const undecided = 'not decided yet';

/**
 * Decides the homehost: `[server] homehost`, then `.homehost`, then this host, which is written down. Where that cannot be done no host
 * is the homehost: what is recorded can be read, and nothing else.
 */
export function decideHomehost(areaPath: string, configured: string | undefined): Homehost {
  const file = join(areaPath, '.homehost');
  if (configured !== undefined && configured.trim() !== '') {
    return {name: configured.trim(), isHere: isOwn(configured.trim()), file};
  }
  if (!existsSync(file)) {
    if (!isWritable(areaPath)) {
      return {name: undecided, isHere: false, file};
    }
    createHomehost(areaPath, file);
  }
  const name = readFileSync(file, 'utf8').split('\n')[0]?.trim() ?? '';
  if (name === '') {
    throw new UserError('the file that names the homehost is empty', {
      place: {file},
      hint: 'write the name or address of the homehost into it, or remove it to use this host',
    });
  }
  return {name, isHere: isOwn(name), file};
}

/** Whether `.homehost` names this host; true while the file is not there. */
export function isHomehost(areaPath: string): boolean {
  const file = join(areaPath, '.homehost');
  if (!existsSync(file)) {
    return true;
  }
  const name = readFileSync(file, 'utf8').split('\n')[0]?.trim() ?? '';
  return name === '' || isOwn(name);
}

function isOwn(name: string): boolean {
  const own = ownNames();
  const lower = name.toLowerCase();
  return (
    own.has(lower) ||
    own.has(lower.split('.')[0] ?? '') ||
    (lower === '127.0.0.1' && ownAddress() === '127.0.0.1') ||
    lower === 'localhost'
  );
}

function createHomehost(areaPath: string, file: string): void {
  const own = join(areaPath, `.homehost.${hostname()}.${process.pid}`);
  try {
    writeFileSync(own, `${ownAddress()}\n`);
    linkSync(own, file);
  } catch (error) {
    if (!existsSync(file)) {
      throw new UserError(
        `this area has no homehost yet and cannot be given one: ${error instanceof Error ? error.message : error}`,
        {
          place: {file},
          hint: 'the area must be writable for the first command',
        },
      );
    }
  } finally {
    if (existsSync(own)) {
      unlinkSync(own);
    }
  }
}

/** Whether the daemon of a record may still be there: its process lives (on this host), or it touched the record lately. */
export function mayBeAlive(areaPath: string, record: ServerRecord): boolean {
  if (record.host === hostname()) {
    return processExists(record.pid);
  }
  try {
    return fileServerNowMs(areaPath) - statSync(join(areaPath, '.server')).mtimeMs < heartbeatLimitMs;
  } catch {
    return false;
  }
}

export function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Start time of a process from `/proc`, which together with the pid names it for good; '' when it is gone. */
export function processStart(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

/** Mode of what a daemon leaves in the area, whatever its umask: others must be able to find it (spec homehost.md 12.2). */
export function sharedMode(areaPath: string): number {
  return statSync(areaPath).mode & 0o020 ? 0o664 : 0o644;
}

/** A sign of life: the file gets the time of the disk it lies on, which is the clock that others compare it with. */
export function touch(path: string): void {
  const fd = openSync(path, 'r+');
  try {
    const last = Buffer.alloc(1);
    const position = fstatSync(fd).size - 1;
    if (position >= 0 && readSync(fd, last, 0, 1, position) === 1) {
      writeSync(fd, last, 0, 1, position);
    }
  } finally {
    closeSync(fd);
  }
}

/**
 * Starts the daemon of an area in the background, from any host: on the homehost directly, elsewhere through the remote shell
 * that `nbfake` uses (spec homehost.md 6.7). Who wins the start lock starts; everybody else just waits for the record.
 */
import {spawn} from 'node:child_process';
import {closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeSync} from 'node:fs';
import {hostname} from 'node:os';
import {dirname, join} from 'node:path';
import {type Homehost, processExists} from './discovery.ts';
import {fileServerNowMs} from './disk-clock.ts';
import {withoutTestVariables} from './manager-client.ts';

export type DaemonStart = {
  readonly areaPath: string;
  readonly areaName: string;
  readonly homehost: Homehost;
  /** The `megatest` command; `nbfake` stands beside it. */
  readonly executable: string;
  /** Called when ssh has ended without getting to the homehost: no daemon comes of this start. */
  readonly onUnreachable?: () => void;
};

/** The exit code by which ssh says that it did not get there, and not the command. */
const sshFailed = 255;

/** A start lock older than this belongs to a start that failed. */
const staleLockMs = 60_000;

export function startDaemon(start: DaemonStart): void {
  const {areaPath, areaName, homehost, executable, onUnreachable} = start;
  if (!takeStartLock(areaPath)) {
    return;
  }
  const logs = join(areaPath, 'logs');
  mkdirSync(logs, {recursive: true});
  const target = homehost.isHere ? {} : {TARGETHOST: homehost.name};
  const log = join(logs, 'server.log');
  // What a remote shell says that cannot get there is of the start as well.
  const said = openSync(log, 'a');
  const child = spawn(
    join(dirname(executable), 'nbfake'),
    [executable, '-server', homehost.isHere ? '-' : homehost.name, '-m', `testsuite:${areaName}`],
    {
      cwd: areaPath,
      env: {
        ...withoutTestVariables(process.env),
        ...target,
        TARGETHOST_LOGF: log,
      },
      detached: true,
      stdio: ['ignore', said, said],
    },
  );
  child.once('exit', (code) => {
    if (!homehost.isHere && code === sshFailed) {
      releaseStartLock(areaPath);
      onUnreachable?.();
    }
  });
  child.unref();
  closeSync(said);
}

/** Gives the lock back when a start ended without a daemon, so that the next attempt need not wait for it to grow old. */
export function releaseStartLock(areaPath: string): void {
  rmSync(lockFile(areaPath), {force: true});
}

/** The last lines of what the daemon's start printed. */
export function startMessages(areaPath: string, lines = 8): string {
  const file = join(areaPath, 'logs/server.log');
  return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n') : '';
}

function lockFile(areaPath: string): string {
  return join(areaPath, '.starting-server');
}

function takeStartLock(areaPath: string): boolean {
  for (const attempt of [1, 2]) {
    try {
      const fd = openSync(lockFile(areaPath), 'wx', 0o644);
      writeSync(fd, `${JSON.stringify({host: hostname(), pid: process.pid, time: Date.now()})}\n`);
      closeSync(fd);
      return true;
    } catch (error) {
      const isHeld = (error as NodeJS.ErrnoException).code === 'EEXIST';
      if (!isHeld) {
        throw error;
      }
      if (attempt === 2 || !isStale(areaPath)) {
        return false;
      }
      releaseStartLock(areaPath);
    }
  }
  return false;
}

function isStale(areaPath: string): boolean {
  try {
    const file = lockFile(areaPath);
    const holder = JSON.parse(readFileSync(file, 'utf8')) as {host: string; pid: number};
    const isDead = holder.host === hostname() && !processExists(holder.pid);
    // The holder may have ended in good order while its daemon is still coming up.
    const ageMs = fileServerNowMs(areaPath) - statSync(file).mtimeMs;
    return ageMs > staleLockMs || (isDead && ageMs > staleLockMs / 6);
  } catch {
    return true;
  }
}

/** `-list-servers`, `-kill-servers`, `-ping`, and starting the daemon in the foreground (spec homehost.md 10). */
import {existsSync, readdirSync, readFileSync, statSync} from 'node:fs';
import {connect} from 'node:net';
import {hostname} from 'node:os';
import {join} from 'node:path';
import {formatDuration, UserError} from '@megatest/model';
import {locateDaemon, mayBeAlive, processExists, readServerRecord} from '@megatest/rpc';
import type {Session} from '../session.ts';

export type ServerEntry = {
  readonly pid: number;
  readonly host: string;
  readonly address: string;
  readonly ageS: number | null;
  readonly lastModifiedS: number;
  readonly isAlive: boolean;
};

const widths = [8, 22, 20, 20, 8];
/** Logs that nobody has touched for longer are not listed. */
const oldLogS = 15 * 60;
const aliveS = 10;
const stopLimitMs = 15_000;

/** The daemon of `.server`, then those whose logs tell of them, newest sign of life first. */
export function listServers(areaPath: string, nowS = Date.now() / 1000): readonly ServerEntry[] {
  const entries: ServerEntry[] = [];
  const record = readServerRecord(areaPath);
  if (record !== undefined) {
    const lastModifiedS = nowS - statSync(join(areaPath, '.server')).mtimeMs / 1000;
    entries.push({
      pid: record.pid,
      host: record.host,
      address: `${record.ip}:${record.port}`,
      ageS: nowS - record.startTime,
      lastModifiedS,
      isAlive: lastModifiedS < aliveS || (mayBeAlive(areaPath, record) && record.host === hostname()),
    });
  }
  const logs = join(areaPath, 'logs');
  for (const name of existsSync(logs) ? readdirSync(logs) : []) {
    const [, pid, host = ''] = /^server-(\d+)-(.+)\.log$/.exec(name) ?? [];
    if (pid === undefined || entries.some((entry) => entry.pid === Number(pid) && entry.host === host)) {
      continue;
    }
    const path = join(logs, name);
    const lastModifiedS = nowS - statSync(path).mtimeMs / 1000;
    if (lastModifiedS > oldLogS) {
      continue;
    }
    const started = /SERVER STARTED: (\S+) AT (\d+)/.exec(readFileSync(path, 'utf8'));
    entries.push({
      pid: Number(pid),
      host,
      address: started?.[1] ?? '-:-',
      ageS: started === null ? null : nowS - Number(started[2]),
      lastModifiedS,
      isAlive: lastModifiedS < aliveS,
    });
  }
  return entries.sort((a, b) => a.lastModifiedS - b.lastModifiedS);
}

export function printServers(entries: readonly ServerEntry[]): string {
  const line = (cells: readonly string[]) =>
    `${cells.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join('')}\n`;
  return [
    line(['pid', 'Interface:port', 'age (hms)', 'Last mod', 'State']),
    line(['===', '==============', '=========', '========', '=====']),
    ...entries.map(({pid, address, ageS, lastModifiedS, isAlive}) =>
      line([
        String(pid),
        address,
        ageS === null ? '-' : formatDuration(ageS),
        formatDuration(lastModifiedS),
        isAlive ? 'alive' : 'dead',
      ]),
    ),
  ].join('');
}

/** Asks the daemon to leave and waits until it has; true when none is left. */
export async function stopServer(session: Session, reason: string): Promise<boolean> {
  const {path} = session.area;
  const record = readServerRecord(path);
  if (record === undefined || !mayBeAlive(path, record)) {
    return true;
  }
  session.messages.info(0, `Attempting to kill server with pid ${record.pid}`);
  const client = session.connectDaemon({mayStart: false});
  try {
    await client.call('server.shutdown', {reason});
  } catch (error) {
    // The connection went with the daemon; an older one has left at the login already.
    if (error instanceof UserError && locateDaemon(path) !== undefined) {
      throw error;
    }
  } finally {
    client.close();
  }
  const isGone = () => readServerRecord(path)?.serverId !== record.serverId;
  const deadline = performance.now() + stopLimitMs;
  while (!isGone() && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  if (!isGone() && record.host === hostname()) {
    process.kill(record.pid, 'SIGTERM');
  }
  // Its record goes first, its process a moment later.
  while (record.host === hostname() && processExists(record.pid) && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return isGone();
}

/** Whether something listens at `host:port`. */
export async function ping(address: string): Promise<boolean> {
  const [, host, port] = /^([^\s:]+):(\d+)$/.exec(address) ?? [];
  if (host === undefined) {
    throw new UserError('ERROR: bad host:port', {
      hint: `"${address}" is not of the form host:port`,
      exitCode: 1,
    });
  }
  return await new Promise((resolve) => {
    const socket = connect({host, port: Number(port), timeout: 10_000});
    const end = (isThere: boolean) => {
      socket.destroy();
      resolve(isThere);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
    socket.once('timeout', () => end(false));
  });
}

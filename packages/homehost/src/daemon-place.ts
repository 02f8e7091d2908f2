/**
 * The places that a daemon takes: the one abstract socket of its area, which makes it the only one (spec homehost.md 6.5), and a
 * port for other hosts. A daemon that holds the socket and has shown no sign of life for a minute is ended (spec 13, case 3).
 */
import {statSync} from 'node:fs';
import type {Server} from 'node:http';
import {join} from 'node:path';
import {UserError} from '@megatest/model';
import {
  daemonSocket,
  fileServerNowMs,
  pingedArea,
  processExists,
  processStart,
  readServerRecord,
  type ServerRecord,
} from '@megatest/rpc';

const highestPort = 63_999;
/** Without a heartbeat for so long a daemon that does not answer either is hanging. */
const hangingMs = 60_000;
const termTimeoutMs = 10_000;
const pollMs = 50;

/** False when a living daemon of this area has the place. */
export async function takePlace(server: Server, areaPath: string): Promise<boolean> {
  if (await bind(server, areaPath)) {
    return true;
  }
  const answered = await pingedArea(areaPath);
  if (answered === areaPath) {
    return false;
  }
  if (answered !== undefined) {
    throw new UserError(`the socket of this area is held by the daemon of ${answered}`, {exitCode: 1});
  }
  await endHangingDaemon(areaPath);
  if (await bind(server, areaPath)) {
    return true;
  }
  throw new UserError('another process took the place of the daemon meanwhile', {exitCode: 1});
}

/** A free port from `lowport` up, chosen at random so that many daemons of one host do not queue for the same. */
export async function listenSomewhere(
  server: Server,
  lowport: number,
  address: string | undefined,
): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const port = lowport + Math.floor(Math.random() * (highestPort - lowport));
    const isOurs = await new Promise<boolean>((resolve, reject) => {
      const onError = (error: NodeJS.ErrnoException) =>
        error.code === 'EADDRINUSE' ? resolve(false) : reject(error);
      server.once('error', onError);
      server.listen({port, ...(address === undefined ? {} : {host: address})}, () => {
        server.off('error', onError);
        resolve(true);
      });
    });
    if (isOurs) {
      return port;
    }
  }
  throw new UserError(`no free port between ${lowport} and ${highestPort}`, {hint: 'set [server] lowport'});
}

async function bind(server: Server, areaPath: string): Promise<boolean> {
  return await new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(false) : reject(error);
    server.once('error', onError);
    server.listen({path: daemonSocket(areaPath)}, () => {
      server.off('error', onError);
      resolve(true);
    });
  });
}

async function endHangingDaemon(areaPath: string): Promise<void> {
  const record = readServerRecord(areaPath);
  const beatMs = statSync(join(areaPath, '.server'), {throwIfNoEntry: false})?.mtimeMs ?? 0;
  const ageMs = fileServerNowMs(areaPath) - beatMs;
  const isItself = (one: ServerRecord) =>
    one.pidStart !== undefined && one.pidStart === processStart(one.pid);
  if (record === undefined || !isItself(record) || ageMs < hangingMs) {
    throw new UserError('a daemon has the place of this area and does not answer', {
      hint: `it is ended when it has shown no sign of life for ${hangingMs / 1000} seconds`,
      exitCode: 1,
    });
  }
  process.stderr.write(`WARNING: the daemon with pid ${record.pid} hangs: it is ended\n`);
  process.kill(record.pid, 'SIGTERM');
  const deadline = performance.now() + termTimeoutMs;
  while (isItself(record) && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  if (isItself(record)) {
    process.kill(record.pid, 'SIGKILL');
  }
  while (isItself(record) && processExists(record.pid)) {
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

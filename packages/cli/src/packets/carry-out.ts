/** Carries out one command of a packet, and says by a packet how it has ended: nobody else stays until then (spec mtutil.md 4.3). */
import {type ChildProcess, spawn, spawnSync} from 'node:child_process';
import {closeSync, constants, mkdirSync, openSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {UserError} from '@megatest/model';
import {withoutTestVariables} from '@megatest/rpc';
import {bundlePath, megatestPath} from '../programs.ts';
import {writePacket} from './packet-file.ts';
import type {PacketOrder} from './packet-orders.ts';

type Errand = PacketOrder & {
  /** Of the packet. */
  readonly uuid: string;
  /** Where the packet about the end is written to. */
  readonly packets: string;
};

/** Starts a process that goes on by itself; its output is appended to `log`. */
export function startErrand(errand: Errand, log: string): ChildProcess {
  const file = openLog(log);
  try {
    const child = spawn(process.execPath, [bundlePath('carry-out'), JSON.stringify(errand)], {
      cwd: errand.directory,
      detached: true,
      env: withoutTestVariables(process.env),
      stdio: ['ignore', file, file],
    });
    child.unref();
    return child;
  } finally {
    closeSync(file);
  }
}

function openLog(path: string): number {
  try {
    // In /tmp somebody else may have put a link there.
    const {O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY} = constants;
    return openSync(path, O_APPEND | O_CREAT | O_NOFOLLOW | O_WRONLY, 0o666);
  } catch (error) {
    throw new UserError(`its log cannot be written: ${(error as Error).message}`);
  }
}

/** The body of that process. */
export function carryOut(text: string): void {
  const {words, uuid, packets} = JSON.parse(text) as Errand;
  const {status, signal, error} = spawnSync(megatestPath(), [...words], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (error !== undefined) {
    process.stderr.write(`ERROR: ${error.message}\n`);
  }
  writePacket(
    new Map([
      ['D', nowText()],
      ['M', signal ?? String(status ?? 1)],
      ['P', uuid],
      ['T', 'runend'],
    ]),
    packets,
  );
}

/** Where the logs of commands are. */
export function logDirectory(controlDirectory: string): string {
  const directory = join(controlDirectory, 'logs');
  try {
    mkdirSync(directory, {recursive: true});
    return directory;
  } catch {
    return tmpdir();
  }
}

/** As it stands in a packet. */
export function nowText(): string {
  return String(Math.floor(Date.now() / 1000));
}

/**
 * How tests come to a pilot: the daemon names the launch and its run directory, and what else the pilot must know lies there. So no
 * environment travels through the daemon.
 */
import {mkdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {UserError} from '@megatest/model';
import * as z from 'zod';

const order = z.object({
  encoded: z.string(),
  env: z.record(z.string(), z.string()),
  umask: z.number(),
});

export type PilotOrder = z.output<typeof order>;

/** What a pilot is started with. */
const pilotInfo = z.object({
  area: z.object({path: z.string(), name: z.string()}),
  /** First word of the launcher. */
  key: z.string(),
  /** Who launches for it. */
  manager: z.object({host: z.string(), user: z.string()}),
  /** Tests that it runs at a time; `null` = as many as the job has processors. */
  slots: z.number().nullable(),
});

export type PilotInfo = z.output<typeof pilotInfo>;

export function encodePilot(info: PilotInfo): string {
  return Buffer.from(JSON.stringify(info)).toString('base64url');
}

/** `INFO,JOB`, as the job's script puts them together. */
export function decodePilot(text: string): {readonly info: PilotInfo; readonly jobId: string} {
  const [encoded = '', jobId = ''] = text.split(',');
  try {
    return {info: pilotInfo.parse(JSON.parse(Buffer.from(encoded, 'base64url').toString('utf8'))), jobId};
  } catch {
    throw new UserError('the argument of -pilot cannot be decoded', {
      hint: 'a pilot is started by a launcher such as slurm-pilot, not by hand',
    });
  }
}

export function writePilotOrder(rundir: string, made: PilotOrder): void {
  mkdirSync(join(rundir, '.mt'), {recursive: true});
  writeFileSync(orderFile(rundir), JSON.stringify(made), {mode: 0o600});
}

/** Throws when there is none. It stays until the test has ended: a pilot may be lost before anybody runs what it has taken. */
export function readPilotOrder(rundir: string): PilotOrder {
  return order.parse(JSON.parse(readFileSync(orderFile(rundir), 'utf8')));
}

export function removePilotOrder(rundir: string): void {
  rmSync(orderFile(rundir), {force: true});
}

function orderFile(rundir: string): string {
  return join(rundir, '.mt/launch.json');
}

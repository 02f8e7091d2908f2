/** `.server` of an area: which daemon serves it, and where (spec homehost.md 6.6). */
import {chmodSync, readFileSync, renameSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {sharedMode} from './discovery.ts';

export type ServerRecord = {
  readonly v: 1;
  readonly area: string;
  readonly host: string;
  readonly ip: string;
  readonly port: number;
  readonly pid: number;
  /** With the pid it names the process for good; records of other versions do not have it. */
  readonly pidStart?: string | undefined;
  readonly uid: number;
  readonly user: string;
  readonly serverId: string;
  readonly startTime: number;
  readonly protocol: number;
  readonly version: string;
  readonly tls: {readonly fingerprint: string} | null;
  readonly dbPath: string;
  readonly socket: string;
};

type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === 'string';
const number: Check = Number.isFinite;
const integer: Check = Number.isSafeInteger;

/** By hand: every command reads a record, and a schema takes longer to make than most commands to do their work. */
const checks: Readonly<Record<keyof ServerRecord, Check>> = {
  v: (value) => value === 1,
  area: text,
  host: text,
  ip: text,
  port: integer,
  pid: integer,
  pidStart: (value) => value === undefined || text(value),
  uid: integer,
  user: text,
  serverId: text,
  startTime: number,
  protocol: number,
  version: text,
  tls: (value) =>
    value === null || (typeof value === 'object' && text((value as {fingerprint?: unknown}).fingerprint)),
  dbPath: text,
  socket: text,
};

/** `undefined` for a file that is not there, or is no record that this version can read. */
export function readServerRecord(areaPath: string): ServerRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(join(areaPath, '.server'), 'utf8')) as Record<string, unknown>;
    const isRecord = Object.entries(checks).every(([name, check]) => check(record[name]));
    return isRecord ? (record as ServerRecord) : undefined;
  } catch {
    return undefined;
  }
}

export function writeServerRecord(areaPath: string, record: ServerRecord): void {
  const file = join(areaPath, '.server');
  const fresh = `${file}.${record.pid}`;
  writeFileSync(fresh, `${JSON.stringify(record)}\n`);
  chmodSync(fresh, sharedMode(areaPath));
  renameSync(fresh, file);
}

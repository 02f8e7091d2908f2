/** `.server` of an area: which daemon serves it, and where (spec homehost.md 6.6). */
import {chmodSync, readFileSync, renameSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import * as z from 'zod';
import {sharedMode} from './discovery.ts';

const serverRecord = z.object({
  v: z.literal(1),
  area: z.string(),
  host: z.string(),
  ip: z.string(),
  port: z.number().int(),
  pid: z.number().int(),
  /** With the pid it names the process for good; records of other versions do not have it. */
  pidStart: z.string().optional(),
  uid: z.number().int(),
  user: z.string(),
  serverId: z.string(),
  startTime: z.number(),
  protocol: z.number(),
  version: z.string(),
  tls: z.object({fingerprint: z.string()}).nullable(),
  dbPath: z.string(),
  socket: z.string(),
});

export type ServerRecord = z.output<typeof serverRecord>;

export function readServerRecord(areaPath: string): ServerRecord | undefined {
  try {
    const parsed = serverRecord.safeParse(JSON.parse(readFileSync(join(areaPath, '.server'), 'utf8')));
    return parsed.success ? parsed.data : undefined;
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

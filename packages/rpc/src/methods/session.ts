/** What the daemon answers about itself, its sessions and its copies (spec homehost.md 9.1). */
import {type Counts, IMPORTED_TABLES, type MovedId, type OpenJobState} from '@megatest/store';
import * as z from 'zod';
import type {Finding} from '../finding.ts';
import {method} from '../method-table.ts';
import {id, name, text} from './shapes.ts';

export const client = z.strictObject({
  clientId: name,
  host: name,
  pid: id,
  user: name,
  kind: z.enum(['cli', 'test', 'manager', 'dashboard']),
});

export type ClientInfo = z.output<typeof client>;

export type SyncStatus = {
  readonly dirty: boolean;
  readonly lastFlushMs: number;
  readonly lagS: number;
  readonly stamp: number;
  readonly seq: number;
};

export type ServerStatus = {
  readonly area: string;
  readonly areaName: string;
  readonly serverId: string;
  readonly host: string;
  readonly port: number;
  readonly pid: number;
  readonly version: string;
  readonly uptimeS: number;
  readonly memoryBytes: number;
  /** Committed writes since the start, and how many a second in the last five seconds. */
  readonly writes: number;
  readonly writesPerS: number;
  /** Requests that wait for their answer. */
  readonly unanswered: number;
  readonly sync: SyncStatus;
  readonly clients: readonly ClientInfo[];
  readonly managers: readonly {
    readonly id: string;
    readonly host: string;
    readonly user: string;
    readonly pid: number;
    readonly tests: number;
  }[];
  readonly drivers: readonly {
    readonly id: number;
    readonly target: string;
    readonly runName: string;
    readonly waitsFor: string | null;
  }[];
  /** Jobs of the queue that have not ended. */
  readonly jobs: Readonly<Record<OpenJobState, number>>;
  /** Calls answered so far, by method. */
  readonly calls: Readonly<Record<string, number>>;
};

export const sessionMethods = {
  'server.hello': method<{
    readonly serverId: string;
    readonly protocol: number;
    readonly challenge: string;
  }>()('read', 'First message of a connection: who calls, for which area; answered with a challenge.', {
    area: name,
    protocol: z.number(),
    version: name,
    client,
    challenge: z.string().regex(/^[0-9a-f]{64}$/),
    lastSeq: id.optional(),
  }),
  'server.login': method<{
    readonly proof: string;
    readonly version: string;
    readonly role: 'operator' | 'viewer';
    readonly keys: readonly string[];
    readonly serverTimeMs: number;
    readonly epoch: string;
    /** The highest write of this client that is known to be done. */
    readonly lastSeqDone: number;
  }>()('read', 'Proves the key by an answer to the challenge; the key itself never travels.', {
    keyName: z.enum(['rw', 'ro']),
    response: z.string().regex(/^[0-9a-f]{64}$/),
  }),
  'server.ping': method<{readonly pid: number; readonly area: string; readonly uptimeS: number}>()(
    'read',
    'Is it there? Allowed before login.',
    {},
  ),
  'server.status': method<ServerStatus>()(
    'read',
    'What the daemon is doing, for whom, and how far behind T is.',
    {},
  ),
  'server.doctor': method<readonly Finding[]>()(
    'long',
    'What the daemon finds of itself, its databases and its disk, and for who may write what the managers of other hosts and users find.',
    {},
  ),
  'server.sessionToken': method<{readonly token: string; readonly validS: number}>()(
    'read',
    'A token for "Authorization: Bearer" of POST /rpc, with the role of the caller.',
    {},
  ),
  'server.loginLink': method<{
    readonly url: string;
    readonly validS: number;
    readonly role: 'operator' | 'viewer';
  }>()(
    'read',
    'A link that logs a browser in once, as the user and with the role of the caller; then the browser goes to `path`.',
    {path: name.optional()},
  ),
  'server.shutdown': method<{readonly flushed: boolean}>()('write', 'Orderly end with a last flush.', {
    reason: name,
  }),
  'sync.flush': method<{readonly stamp: number; readonly seq: number}>()(
    'long',
    'Answered once everything committed before is in T; `full` compares all rows, and overwrites a restored T.',
    {full: z.boolean().optional()},
  ),
  'db.cleanup': method<{readonly before: Counts; readonly after: Counts}>()(
    'write',
    'Takes out removed tests and runs, and rows that belong to nothing.',
    {},
  ),
  'sync.import': method<{
    readonly taken: number;
    /** Rows that are there in a later version. */
    readonly older: number;
    readonly moved: readonly MovedId[];
  }>()('write', 'Takes in rows of results that are not there, or in an earlier version; parents first.', {
    rows: z
      .array(
        z.strictObject({
          table: z.enum(IMPORTED_TABLES),
          row: z
            .record(name, z.union([text, z.number(), z.null()]))
            .refine(({id}) => typeof id === 'number', 'a row has an id'),
        }),
      )
      .max(1000),
  }),
  'sync.status': method<SyncStatus>()('read', 'How far T is behind.', {}),
} as const;

/** The marks of the sync in `metadat`: whose rows these are (`DB_EPOCH`) and how far a copy has come (`SYNC_*`). */
import type {Connection} from './connection.ts';

export function textIn(db: Connection, schema: string, name: string): string | undefined {
  const has = db.prepare(`SELECT 1 FROM ${schema}.sqlite_master WHERE name = 'metadat'`).get() !== undefined;
  return has
    ? db.prepare<[string], string>(`SELECT val FROM ${schema}.metadat WHERE var = ?`).pluck().get(name)
    : undefined;
}

export function numberIn(db: Connection, schema: string, name: string): number | undefined {
  const text = textIn(db, schema, name);
  return text === undefined ? undefined : Number(text);
}

export function putMeta(db: Connection, name: string, value: string): void {
  db.prepare(
    'INSERT INTO main.metadat (var, val) VALUES (?, ?) ON CONFLICT (var) DO UPDATE SET val = excluded.val',
  ).run(name, value);
}

/**
 * Reads what can still be read of a damaged database, row by row, and adds to a sound one what that does not have. Pages that cannot
 * be read cost the rows on them and no others: each table is walked from both ends of what is readable.
 */
import Database from 'better-sqlite3';
import type {Connection} from './connection.ts';
import {columnsOf, SMALL_TABLES, STAMPED_TABLES} from './schema.ts';

export type Salvaged = {
  readonly table: string;
  /** Rows that were added or were newer. */
  readonly rows: number;
  readonly unreadable: boolean;
};

export function salvage(db: Connection, damaged: string): readonly Salvaged[] {
  let source: Connection;
  try {
    source = new Database(damaged, {readonly: true});
  } catch {
    return [];
  }
  try {
    return [...STAMPED_TABLES, ...SMALL_TABLES].map((table) => salvageTable(db, source, table));
  } finally {
    source.close();
  }
}

function salvageTable(db: Connection, source: Connection, table: string): Salvaged {
  let columns: readonly string[];
  try {
    const there = new Set(columnsOf(source, table));
    columns = columnsOf(db, table).filter((column) => there.has(column));
  } catch {
    return {table, rows: 0, unreadable: true};
  }
  if (columns.length === 0) {
    return {table, rows: 0, unreadable: false};
  }
  const hasStamp = columns.includes('last_update');
  const names = columns.map((column) => `"${column}"`).join(', ');
  const insert = db.prepare(
    `INSERT OR ${hasStamp ? 'REPLACE' : 'IGNORE'} INTO ${table} (${names}) VALUES (${columns.map(() => '?').join(', ')})`,
  );
  const stampOf = hasStamp
    ? db.prepare<[unknown], number>(`SELECT last_update FROM ${table} WHERE id = ?`).pluck()
    : undefined;
  const seen = new Set<unknown>();
  let rows = 0;
  const add = (row: Readonly<Record<string, unknown>>) => {
    const {id, last_update: stamp} = row;
    if (seen.has(id)) {
      return;
    }
    seen.add(id);
    const known = stampOf?.get(id);
    if (known === undefined || Number(stamp) > known) {
      rows += insert.run(...columns.map((column) => row[column])).changes;
    }
  };
  let unreadable = false;
  for (const order of ['ASC', 'DESC']) {
    try {
      const all = source.prepare<[], Record<string, unknown>>(
        `SELECT ${names} FROM ${table} NOT INDEXED ORDER BY id ${order}`,
      );
      for (const row of all.iterate()) {
        add(row);
      }
    } catch {
      unreadable = true;
    }
  }
  return {table, rows, unreadable};
}

/** Whole database files: copies for a backup, and rows as lines of JSON for other programs. */
import {existsSync, mkdirSync, renameSync, rmSync} from 'node:fs';
import {dirname} from 'node:path';
import {openArea} from './connection.ts';
import {IMPORTED_TABLES, type ImportedRow} from './import-rows.ts';
import {SMALL_TABLES, STAMPED_TABLES} from './schema.ts';

/** Copies `from` into `to`, as of one moment, also while it is in use; `to` is there whole or not at all. */
export function copyDatabase(from: string, to: string): void {
  mkdirSync(dirname(to), {recursive: true});
  const fresh = `${to}.new.${process.pid}`;
  rmSync(fresh, {force: true});
  const db = openArea(from, {readonly: true});
  try {
    db.prepare('VACUUM INTO ?').run(fresh);
  } finally {
    db.close();
  }
  renameSync(fresh, to);
}

/** Every row of the tables that hold results, one JSON text each: `{"table": ..., "row": {...}}`. */
export function* exportRows(path: string): Generator<string> {
  const db = openArea(path, {readonly: true});
  try {
    for (const table of [...STAMPED_TABLES, ...SMALL_TABLES]) {
      for (const row of db
        .prepare<[], Record<string, unknown>>(`SELECT * FROM ${table} ORDER BY id`)
        .iterate()) {
        yield JSON.stringify({table, row});
      }
    }
  } finally {
    db.close();
  }
}

/** The rows of results that a file holds and that were written since then, in the order in which they are taken in. */
export function* importableRows(path: string, sinceS = 0): Generator<ImportedRow> {
  const db = openArea(path, {readonly: true});
  try {
    for (const table of IMPORTED_TABLES) {
      for (const row of db
        .prepare<[number], ImportedRow['row']>(`SELECT * FROM ${table} WHERE last_update >= ? ORDER BY id`)
        .iterate(sinceS)) {
        yield {table, row};
      }
    }
  } finally {
    db.close();
  }
}

/** Moves a database with its logs; false when it is not there. */
export function setDatabaseAside(path: string, aside: string): boolean {
  if (!existsSync(path)) {
    return false;
  }
  mkdirSync(dirname(aside), {recursive: true});
  for (const suffix of ['', '-wal', '-shm', '-journal']) {
    if (existsSync(path + suffix)) {
      renameSync(path + suffix, aside + suffix);
    }
  }
  return true;
}

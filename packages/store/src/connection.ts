/** Opens M, T and C with the pragmas of spec homehost.md 4.5. */
import Database from 'better-sqlite3';

export type Connection = Database.Database;

/** M: every commit is on disk when it returns. */
export function openWorking(path: string, options: {readonly readonly?: boolean} = {}): Connection {
  const db = new Database(path, {readonly: options.readonly ?? false, timeout: 30_000});
  if (!options.readonly) {
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.pragma('foreign_keys = OFF');
    // Checkpoints of 4 MB: small enough not to stall the event loop.
    db.pragma('wal_autocheckpoint = 1000');
    // Every write of a group has its savepoint; in a file, what it may have to undo costs more than the write itself.
    db.pragma('temp_store = MEMORY');
  }
  return db;
}

/** T lies on a network disk: rollback journal, never kept open between flushes. */
export function openArea(path: string, options: {readonly readonly?: boolean} = {}): Connection {
  const db = new Database(path, {
    readonly: options.readonly ?? false,
    timeout: options.readonly ? 5000 : 10_000,
  });
  if (!options.readonly) {
    db.pragma('journal_mode = DELETE');
    db.pragma('synchronous = FULL');
  }
  return db;
}

export function openCache(path: string): Connection {
  const db = new Database(path, {timeout: 30_000});
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = NORMAL');
  return db;
}

/** Prepared statements by their text: a statement that is run for every test must not be compiled for every test. */
import type {Statement} from 'better-sqlite3';
import type {Connection} from './connection.ts';

const caches = new WeakMap<Connection, Map<string, Statement<unknown[]>>>();
/** Texts with ids or lists in them come in many shapes; beyond this many the oldest is compiled again when it returns. */
const mostStatements = 500;

/** `db.prepare`, remembered. The caller treats the statement of one text always the same way (`pluck`, `raw`). */
export function prepared<Params extends unknown[] = unknown[], Result = unknown>(
  db: Connection,
  sql: string,
): Statement<Params, Result> {
  let cache = caches.get(db);
  if (cache === undefined) {
    cache = new Map();
    caches.set(db, cache);
  }
  let statement = cache.get(sql);
  if (statement === undefined) {
    statement = db.prepare<unknown[]>(sql);
    cache.set(sql, statement);
    if (cache.size > mostStatements) {
      const [oldest] = cache.keys();
      cache.delete(oldest ?? '');
    }
  }
  return statement as unknown as Statement<Params, Result>;
}

/** Whether a database file is sound. */
import Database from 'better-sqlite3';
import type {Connection} from './connection.ts';

/**
 * `undefined` when the file is sound, else what SQLite says of it. Opened to write: a file whose writer was killed is sound only
 * after its journal has been played back, which a reader may not do.
 */
export function quickCheck(path: string): string | undefined {
  let db: Connection | undefined;
  try {
    db = new Database(path, {fileMustExist: true, timeout: 30_000});
    const result = String(db.pragma('quick_check(1)', {simple: true}));
    return result === 'ok' ? undefined : result;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    db?.close();
  }
}

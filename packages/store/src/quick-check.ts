/** Whether a database file is sound. */
import {type Connection, openWorking} from './connection.ts';

/** `undefined` when the file is sound, else what SQLite says of it. */
export function quickCheck(path: string): string | undefined {
  let db: Connection | undefined;
  try {
    db = openWorking(path, {readonly: true});
    const result = String(db.pragma('quick_check(1)', {simple: true}));
    return result === 'ok' ? undefined : result;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    db?.close();
  }
}

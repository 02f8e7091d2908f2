/** Makes T from M: a whole copy beside it, put in place by a rename, so that nobody ever sees half of one. */
import {renameSync, rmSync} from 'node:fs';
import {type Connection, openArea} from './connection.ts';

export function makeArea(working: Connection, area: string): void {
  const fresh = `${area}.new.${process.pid}`;
  rmSync(fresh, {force: true});
  working.prepare('VACUUM INTO ?').run(fresh);
  const db = openArea(fresh);
  try {
    dropDeleteTriggers(db);
  } finally {
    db.close();
  }
  renameSync(fresh, area);
}

/** The copy brings M's delete triggers along; in T they would record the sync's own deletes. */
export function dropDeleteTriggers(db: Connection): void {
  const names = db
    .prepare<[], string>(
      "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'delete\\_%' ESCAPE '\\'",
    )
    .pluck()
    .all();
  for (const name of names) {
    db.exec(`DROP TRIGGER "${name}"`);
  }
}

/** `db cleanup`: takes out what was removed long ago or belongs to nothing (spec homehost.md 10). */
import type {Connection} from './connection.ts';

/** A run without tests may be one that is just being registered. */
const youngRunS = 86_400;

export type Counts = {readonly runs: number; readonly tests: number};

/** Must run inside a transaction. */
export function clean(db: Connection, nowS: number): {readonly before: Counts; readonly after: Counts} {
  const before = count(db);
  db.prepare(
    "DELETE FROM tests WHERE state = 'DELETED' OR run_id NOT IN (SELECT id FROM runs WHERE state <> 'deleted')",
  ).run();
  db.prepare(
    "DELETE FROM runs WHERE state = 'deleted' OR (event_time < ? AND id NOT IN (SELECT run_id FROM tests))",
  ).run(nowS - youngRunS);
  for (const table of ['test_steps', 'test_data']) {
    db.prepare(`DELETE FROM ${table} WHERE test_id NOT IN (SELECT id FROM tests)`).run();
  }
  db.prepare("DELETE FROM jobs WHERE action = 'launch-test' AND test_id NOT IN (SELECT id FROM tests)").run();
  db.prepare('DELETE FROM run_stats WHERE run_id NOT IN (SELECT id FROM runs)').run();
  return {before, after: count(db)};
}

function count(db: Connection): Counts {
  const rows = (table: string) => db.prepare<[], number>(`SELECT count(*) FROM ${table}`).pluck().get() ?? 0;
  return {runs: rows('runs'), tests: rows('tests')};
}

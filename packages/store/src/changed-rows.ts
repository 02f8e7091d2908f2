/** Which rows have changed since a time, for who keeps a copy of the results somewhere else (spec homehost.md 9.3, `changes.list`). */
import type {Connection} from './connection.ts';
import {prepared} from './statement-cache.ts';

/** The tables of results. */
export const CHANGE_TABLES = ['runs', 'tests', 'test_steps', 'test_data', 'run_stats'] as const;
export type ChangeTable = (typeof CHANGE_TABLES)[number];

/** A place in the rows of a table, which are in the order of their last change. */
export type ChangePlace = {readonly lastUpdateS: number; readonly id: number};

/**
 * Rows that changed after a time, or that stand behind a place. A row that changes while somebody pages moves to the end, so it is seen
 * again and never missed.
 */
export function changedRows(
  db: Connection,
  table: ChangeTable,
  after: {readonly sinceS: number} | ChangePlace,
  limit: number,
): readonly ChangePlace[] {
  const columns = 'last_update AS lastUpdateS, id';
  const later = (afterS: number, most: number) =>
    prepared<[number, number], ChangePlace>(
      db,
      `SELECT ${columns} FROM ${table} WHERE last_update > ? ORDER BY last_update, id LIMIT ?`,
    ).all(afterS, most);
  if ('sinceS' in after) {
    return later(after.sinceS, limit);
  }
  // Two statements, because one that compares both columns walks over all rows of that second.
  const sameSecond = prepared<[number, number, number], ChangePlace>(
    db,
    `SELECT ${columns} FROM ${table} WHERE last_update = ? AND id > ? ORDER BY id LIMIT ?`,
  ).all(after.lastUpdateS, after.id, limit);
  return [...sameSecond, ...later(after.lastUpdateS, limit - sameSecond.length)];
}

/** What the views of results read of `tests`: pages of a run, and rows that have changed. */
import type {Connection} from './connection.ts';
import {prepared} from './statement-cache.ts';

/** A test as views know it; what other tools left out of a row is empty or 0. */
export type CellRow = {
  readonly id: number;
  readonly runId: number;
  readonly testName: string;
  readonly itemPath: string;
  readonly state: string;
  readonly status: string;
  /** Unix seconds. */
  readonly eventTime: number;
  /** Seconds. */
  readonly runDuration: number;
};

/** Where a page ended: bytes, as not all that is stored as text is one that JavaScript could give back. */
export type CellPlace = readonly [testName: Buffer, itemPath: Buffer];

export type CellPage = {readonly rows: readonly CellRow[]; readonly next: CellPlace | undefined};

const columns = 'id, run_id, testname, item_path, state, status, event_time, run_duration';

/** Rows of a run behind `after`, those that are DELETED too, in the order of the index: so a page costs its own rows wherever it lies. */
export function cellPage(
  db: Connection,
  runId: number,
  after: CellPlace | undefined,
  limit: number,
): CellPage {
  // Bytes become text; of a CAST only the first column would be looked up in the index.
  const behind = after === undefined ? '' : "AND (testname, item_path) > (? || '', ? || '')";
  const page = prepared<unknown[], unknown[]>(
    db,
    `SELECT ${columns} FROM tests WHERE run_id = ? ${behind} ORDER BY testname, item_path LIMIT ?`,
  ).raw();
  const place = prepared<[number], [Buffer, Buffer]>(
    db,
    "SELECT CAST(ifnull(testname, '') AS BLOB), CAST(ifnull(item_path, '') AS BLOB) FROM tests WHERE id = ?",
  ).raw();
  return db.transaction((): CellPage => {
    const rows = page.all(runId, ...(after ?? []), limit).map(toCell);
    const last = rows.length < limit ? undefined : rows.at(-1);
    return {rows, next: last === undefined ? undefined : place.get(last.id)};
  })();
}

/** The rows with these ids that are there. */
export function cellsById(db: Connection, ids: readonly number[]): readonly CellRow[] {
  return prepared<[string], unknown[]>(
    db,
    `SELECT ${columns} FROM tests WHERE id IN (SELECT value FROM json_each(?))`,
  )
    .raw()
    .all(JSON.stringify(ids))
    .map(toCell);
}

function toCell(row: readonly unknown[]): CellRow {
  const [id, runId, testName, itemPath, state, status, eventTime, runDuration] = row;
  return {
    id: Number(id),
    runId: Number(runId),
    testName: String(testName ?? ''),
    itemPath: String(itemPath ?? ''),
    state: String(state ?? ''),
    status: String(status ?? ''),
    eventTime: Number(eventTime) || 0,
    runDuration: Number(runDuration) || 0,
  };
}

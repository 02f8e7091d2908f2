/**
 * Takes in rows that another database holds and this one may not: what a daemon that lost its area knew last, or what was exported
 * (spec homehost.md 6.5).
 *
 * Ids stay as they are here. A row that is not here comes in, under its own id if that is free; of one that is here too the later
 * counts, and the one that comes in if they are of the same second. What is taken is stamped anew, so that it travels on.
 */
import type {Connection} from './connection.ts';
import {columnsOf} from './schema.ts';

/** Tables of results, a parent before its children: what is being driven is the business of each daemon itself. */
export const IMPORTED_TABLES = ['runs', 'tests', 'test_steps', 'test_data', 'run_stats'] as const;
export type ImportedTable = (typeof IMPORTED_TABLES)[number];

export type ImportedRow = {
  readonly table: ImportedTable;
  readonly row: Readonly<Record<string, string | number | null>>;
};

/** A row that has another id here; children that come later must name it by that. */
export type MovedId = {readonly table: ImportedTable; readonly from: number; readonly to: number};

export type Imported = {
  readonly taken: number;
  /** Rows that are here in a later version. */
  readonly older: number;
  readonly moved: readonly MovedId[];
  readonly testIds: readonly number[];
};

const parents: Readonly<
  Record<ImportedTable, {readonly table: ImportedTable; readonly column: string} | undefined>
> = {
  runs: undefined,
  tests: {table: 'runs', column: 'run_id'},
  test_steps: {table: 'tests', column: 'test_id'},
  test_data: {table: 'tests', column: 'test_id'},
  run_stats: {table: 'runs', column: 'run_id'},
};

/** Must run inside a transaction; `rows` are in the order of `IMPORTED_TABLES`. */
export function importRows(db: Connection, rows: readonly ImportedRow[], nowS: number): Imported {
  const moved: MovedId[] = [];
  const testIds: number[] = [];
  let taken = 0;
  let older = 0;
  for (const {table, row} of renamed(rows, moved)) {
    const outcome = importRow(db, table, row, nowS);
    taken += outcome.kind === 'taken' ? 1 : 0;
    older += outcome.kind === 'older' ? 1 : 0;
    if (outcome.id !== row.id) {
      moved.push({table, from: Number(row.id), to: outcome.id});
    }
    if (table === 'tests' && outcome.kind === 'taken') {
      testIds.push(outcome.id);
    }
  }
  return {taken, older, moved, testIds};
}

/** The rows with their parents' ids as they are at the other end; `moved` may grow while they are read. */
export function* renamed(rows: Iterable<ImportedRow>, moved: readonly MovedId[]): Generator<ImportedRow> {
  for (const {table, row} of rows) {
    const parent = parents[table];
    const move =
      parent === undefined
        ? undefined
        : moved.find((one) => one.table === parent.table && one.from === row[parent.column]);
    yield parent === undefined || move === undefined
      ? {table, row}
      : {table, row: {...row, [parent.column]: move.to}};
  }
}

function importRow(
  db: Connection,
  table: ImportedTable,
  row: ImportedRow['row'],
  nowS: number,
): {readonly kind: 'taken' | 'same' | 'older'; readonly id: number} {
  const key = naturalKey(db, table);
  const columns = columnsOf(db, table).filter((column) => column in row && column !== 'id');
  const values = columns.filter((column) => column !== 'last_update');
  const here = db
    .prepare<unknown[], Record<string, unknown> & {id: number; last_update: number}>(
      `SELECT * FROM ${table} WHERE ${key.map((column) => `"${column}" IS ?`).join(' AND ')}`,
    )
    .get(...key.map((column) => row[column] ?? null));
  if (here === undefined) {
    const isFree = db.prepare(`SELECT 1 FROM ${table} WHERE id = ?`).get(row.id) === undefined;
    const id = isFree ? Number(row.id) : nextId(db, table);
    const names = ['id', ...values, 'last_update'].map((column) => `"${column}"`);
    db.prepare(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`).run(
      id,
      ...values.map((column) => row[column]),
      nowS,
    );
    return {kind: 'taken', id};
  }
  const {id} = here;
  if (values.every((column) => here[column] === row[column])) {
    return {kind: 'same', id};
  }
  // Within one second nobody can tell; but what is handed over was written after the last flush, which made the row that is here.
  if (Number(row.last_update) < here.last_update) {
    return {kind: 'older', id};
  }
  db.prepare(
    `UPDATE ${table} SET ${values.map((column) => `"${column}" = ?`).join(', ')}, last_update = ? WHERE id = ?`,
  ).run(...values.map((column) => row[column]), nowS, id);
  return {kind: 'taken', id};
}

function naturalKey(db: Connection, table: ImportedTable): readonly string[] {
  switch (table) {
    case 'runs':
      return ['runname', ...db.prepare<[], string>('SELECT fieldname FROM keys ORDER BY id').pluck().all()];
    case 'tests':
      return ['run_id', 'testname', 'item_path'];
    case 'test_steps':
      return ['test_id', 'stepname', 'state'];
    case 'test_data':
      return ['test_id', 'category', 'variable'];
    case 'run_stats':
      return ['run_id', 'state', 'status'];
  }
}

function nextId(db: Connection, table: ImportedTable): number {
  return (db.prepare<[], number | null>(`SELECT max(id) FROM ${table}`).pluck().get() ?? 0) + 1;
}

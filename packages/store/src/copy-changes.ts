/**
 * Copies changed rows from an attached database into the main one: the step that M to T and T to C share (spec homehost.md 5.3
 * step 6). Selection is by `last_update`, which is the time of the statement while a row becomes visible at its commit: hence the
 * margin that the caller has taken off.
 */
import type {Connection} from './connection.ts';
import {SMALL_TABLES, STAMPED_TABLES, type StampedTable} from './schema.ts';

/** Columns that identify a row; an update of a row whose identity is unchanged leaves them out, and their indexes alone. */
const identity: Readonly<Record<StampedTable, readonly string[]>> = {
  runs: ['runname'],
  run_stats: [],
  tests: ['run_id', 'testname', 'item_path', 'uname'],
  test_steps: [],
  test_data: [],
  runners: ['uuid'],
  jobs: ['uuid'],
};

/**
 * Copies from schema `source` into `main` what changed since `sinceS`; `isFull` compares all rows and removes surplus ones.
 * Must run inside a transaction. Returns the number of rows written.
 */
export function copyChanges(db: Connection, source: string, sinceS: number, isFull: boolean): number {
  let rows = applyTombstones(db, source, sinceS);
  const columns = sharedColumns(db, source);
  for (const table of SMALL_TABLES) {
    rows += copySmall(db, source, table, columns(table).join(', '));
  }
  rows += copyMeta(db, source);
  for (const table of STAMPED_TABLES) {
    rows += copyStamped(db, source, table, columns(table), isFull ? 0 : sinceS);
    if (isFull) {
      rows += db
        .prepare(`DELETE FROM main.${table} WHERE id NOT IN (SELECT id FROM ${source}.${table})`)
        .run().changes;
    }
  }
  return rows;
}

function applyTombstones(db: Connection, source: string, sinceS: number): number {
  let rows = 0;
  for (const table of STAMPED_TABLES) {
    rows += db
      .prepare(
        `DELETE FROM main.${table} WHERE id IN (SELECT row_id FROM ${source}.sync_deletes WHERE tbl = '${table}' AND last_update >= ?)
           AND last_update <= (SELECT max(last_update) FROM ${source}.sync_deletes WHERE tbl = '${table}' AND row_id = main.${table}.id)`,
      )
      .run(sinceS).changes;
  }
  db.prepare(
    `INSERT OR REPLACE INTO main.sync_deletes (id, tbl, row_id, last_update)
     SELECT id, tbl, row_id, last_update FROM ${source}.sync_deletes WHERE last_update >= ?`,
  ).run(sinceS);
  return rows;
}

function copySmall(db: Connection, source: string, table: string, columns: string): number {
  const surplus = db
    .prepare(`DELETE FROM main.${table} WHERE id NOT IN (SELECT id FROM ${source}.${table})`)
    .run();
  const copied = db
    .prepare(
      `INSERT OR REPLACE INTO main.${table} (${columns}) SELECT ${columns} FROM ${source}.${table} EXCEPT SELECT ${columns} FROM main.${table}`,
    )
    .run();
  return surplus.changes + copied.changes;
}

/** `metadat` goes by name, and without the marks of the sync, which every file has for itself. */
function copyMeta(db: Connection, source: string): number {
  return db
    .prepare(
      `INSERT INTO main.metadat (var, val)
       SELECT s.var, s.val FROM ${source}.metadat AS s LEFT JOIN main.metadat AS t ON t.var = s.var
       WHERE s.var NOT LIKE 'SYNC\\_%' ESCAPE '\\' AND s.var <> 'DB_EPOCH' AND t.val IS NOT s.val
       ON CONFLICT (var) DO UPDATE SET val = excluded.val`,
    )
    .run().changes;
}

function copyStamped(
  db: Connection,
  source: string,
  table: StampedTable,
  names: readonly string[],
  sinceS: number,
): number {
  const columns = names.join(', ');
  const of = (alias: string) => names.map((name) => `${alias}.${name}`).join(', ');
  const chosen = `s.last_update >= ${Math.floor(sinceS)}${table === 'jobs' ? " AND s.action <> 'launch-test'" : ''}`;
  // Most tables have nothing new, and to prepare the statements below takes longer than to look.
  const hasSome = db.prepare(`SELECT EXISTS (SELECT 1 FROM ${source}.${table} AS s WHERE ${chosen})`).pluck();
  if (hasSome.get() === 0) {
    return 0;
  }
  const same = ['s.id = t.id', ...identity[table].map((name) => `s.${name} IS t.${name}`)].join(' AND ');
  const values = names.filter((name) => name !== 'id' && !identity[table].includes(name.replaceAll('"', '')));
  // Rows that are there under the same identity and have a new stamp: update in place, without the indexed columns.
  const updated = db
    .prepare(
      `INSERT INTO main.${table} (${columns})
       SELECT ${of('s')} FROM ${source}.${table} AS s JOIN main.${table} AS t ON ${same}
       WHERE ${chosen} AND t.last_update IS NOT s.last_update
       ON CONFLICT (id) DO UPDATE SET ${values.map((name) => `${name} = excluded.${name}`).join(', ')}`,
    )
    .run();
  // The rest: new rows, rows of another identity, and rows changed twice within one second. REPLACE fires no update trigger, which
  // would stamp them anew, and removes a row that holds the same natural key under another id.
  const replaced = db
    .prepare(
      `INSERT OR REPLACE INTO main.${table} (${columns})
       SELECT ${of('s')} FROM ${source}.${table} AS s LEFT JOIN main.${table} AS t ON s.id = t.id
       WHERE ${chosen} AND (t.id IS NULL OR (${of('s')}) IS NOT (${of('t')}))`,
    )
    .run();
  return updated.changes + replaced.changes;
}

type Columns = (table: string) => readonly string[];

/** What was found last: to ask for the columns takes longer than to copy a few rows, and the schema hardly ever changes. */
let lastFound: {readonly schemas: string; readonly columns: Columns} | undefined;

/** The columns that a table has in both files, in the order of `main`. */
function sharedColumns(db: Connection, source: string): Columns {
  const schemas = ['main', source].map((name) => schemaOf(db, name)).join('\n');
  if (lastFound?.schemas !== schemas) {
    lastFound = {schemas, columns: findColumns(db, source)};
  }
  return lastFound.columns;
}

function schemaOf(db: Connection, name: string): string {
  const texts = db
    .prepare<[], string>(`SELECT sql FROM ${name}.sqlite_master WHERE type = 'table' ORDER BY name`)
    .pluck();
  return texts.all().join(';');
}

function findColumns(db: Connection, source: string): Columns {
  const byTable = new Map<string, string[]>();
  const rows = db
    .prepare<[string], [string, string]>(
      `SELECT m.name, c.name FROM main.sqlite_master AS m, pragma_table_info(m.name, 'main') AS c
       WHERE m.type = 'table' AND EXISTS (SELECT 1 FROM pragma_table_info(m.name, ?) AS s WHERE s.name = c.name)
       ORDER BY m.name, c.cid`,
    )
    .raw()
    .all(source);
  for (const [table, column] of rows) {
    const columns = byTable.get(table) ?? [];
    byTable.set(table, columns);
    columns.push(`"${column}"`);
  }
  return (table) => byTable.get(table) ?? [];
}

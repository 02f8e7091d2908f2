/**
 * Merges T into M when both hold changes of their own: the homehost was elsewhere meanwhile, or somebody edited T
 * (spec homehost.md 5.6).
 *
 * A row that changed on one side only is taken from there; of one that changed on both the later wins. Rows that both
 * sides made under the same id, or under the same natural key with different ids, keep what T gave them: M's row moves, and its
 * children with it. Whatever loses is handed to the caller, who writes it down. What M holds differently from T afterwards is stamped
 * anew, so that the next flush and every cache see it; but not a row that only an edit of T lost against: it is young enough to be
 * seen, and with the time of the merge it would win against the next edit too.
 */
import {type Connection, openWorking} from './connection.ts';
import {columnsOf, STAMPED_TABLES, type StampedTable} from './schema.ts';

export type Overridden = {
  readonly table: string;
  readonly side: 'M' | 'T';
  readonly row: Readonly<Record<string, unknown>>;
};

export type MergeRequest = {
  readonly working: string;
  readonly area: string;
  /** Rows stamped since then may have changed after M and T were last equal. */
  readonly sinceS: number;
  readonly nowS: number;
  /**
   * When M was flushed into this T. Of rows that both sides changed in the same second T's counts; but one that is not younger than the
   * flush may be as it was flushed, and M's have changed since: then M's counts.
   */
  readonly flushedS?: number;
};

export type Merged = {
  readonly taken: number;
  readonly overridden: readonly Overridden[];
  /** Tests whose row, or whose existence, was taken from T. */
  readonly testIds: readonly number[];
};

type Kind = {
  readonly naturalKey: readonly string[];
  /** Tables whose rows name the id of this one. */
  readonly children: readonly (readonly [table: StampedTable, column: string])[];
};

/** In the order of dependence: a parent has its final id before its children are looked at. */
function kindsOf(db: Connection): readonly (readonly [StampedTable, Kind])[] {
  const keys = db.prepare<[], string>('SELECT fieldname FROM main.keys ORDER BY id').pluck().all();
  return [
    [
      'runs',
      {
        naturalKey: ['runname', ...keys],
        children: [
          ['tests', 'run_id'],
          ['run_stats', 'run_id'],
          ['runners', 'run_id'],
          ['jobs', 'run_id'],
        ],
      },
    ],
    [
      'tests',
      {
        naturalKey: ['run_id', 'testname', 'item_path'],
        children: [
          ['test_steps', 'test_id'],
          ['test_data', 'test_id'],
          ['jobs', 'test_id'],
        ],
      },
    ],
    ['test_steps', {naturalKey: ['test_id', 'stepname', 'state'], children: []}],
    ['test_data', {naturalKey: ['test_id', 'category', 'variable'], children: []}],
    ['run_stats', {naturalKey: ['run_id', 'state', 'status'], children: []}],
    ['runners', {naturalKey: ['uuid'], children: []}],
    ['jobs', {naturalKey: ['uuid'], children: []}],
  ];
}

export function mergeAreaIntoWorking(request: MergeRequest): Merged {
  const db = openWorking(request.working);
  try {
    db.prepare('ATTACH ? AS t').run(request.area);
    return db.transaction(() => merge(db, request)).immediate();
  } finally {
    db.close();
  }
}

function merge(db: Connection, {sinceS, nowS, flushedS}: MergeRequest): Merged {
  const since = Math.floor(sinceS);
  const now = Math.floor(nowS);
  const times: MergeTimes = {since, now, flushedS: flushedS ?? Number.NEGATIVE_INFINITY};
  const overridden: Overridden[] = [];
  let taken = applyDeletions(db, since);
  let testIds: readonly number[] = [];
  for (const [table, kind] of kindsOf(db)) {
    moveToIdsOfT(db, table, kind);
    moveAwayFromIdsOfT(db, table, kind, now);
    const ids = takeRows(db, table, times, overridden);
    taken += ids.length;
    if (table === 'tests') {
      testIds = ids;
    }
  }
  return {taken, overridden, testIds};
}

/** What was deleted in T since then goes from M too, unless M has a newer row under the id. */
function applyDeletions(db: Connection, since: number): number {
  let rows = 0;
  for (const table of STAMPED_TABLES) {
    rows += db
      .prepare(
        `DELETE FROM main.${table} WHERE last_update <= (
           SELECT max(last_update) FROM t.sync_deletes WHERE tbl = '${table}' AND row_id = main.${table}.id AND last_update >= ?)
           AND id NOT IN (SELECT id FROM t.${table})`,
      )
      .run(since).changes;
  }
  return rows;
}

/** Both sides have the thing, under different ids: M's row takes the id of T. */
function moveToIdsOfT(db: Connection, table: StampedTable, kind: Kind): void {
  const isSame = kind.naturalKey.map((column) => `m."${column}" IS t."${column}"`).join(' AND ');
  const pairs = db
    .prepare<[], {own: number; theirs: number}>(
      `SELECT m.id AS own, t.id AS theirs FROM main.${table} AS m JOIN t.${table} AS t ON ${isSame} WHERE m.id <> t.id`,
    )
    .all();
  for (const {own, theirs} of pairs) {
    const isTaken = db.prepare(`SELECT 1 FROM main.${table} WHERE id = ?`).get(theirs) !== undefined;
    if (isTaken) {
      moveRow(db, table, kind, theirs, freeId(db, table));
    }
    moveRow(db, table, kind, own, theirs);
  }
}

/** Both sides have a row of that id, for different things: M's row gets an id that nobody has. */
function moveAwayFromIdsOfT(db: Connection, table: StampedTable, kind: Kind, now: number): void {
  const isSame = kind.naturalKey.map((column) => `m."${column}" IS t."${column}"`).join(' AND ');
  const ids = db
    .prepare<[], number>(
      `SELECT m.id FROM main.${table} AS m JOIN t.${table} AS t ON t.id = m.id WHERE NOT (${isSame})`,
    )
    .pluck()
    .all();
  for (const id of ids) {
    const free = freeId(db, table);
    moveRow(db, table, kind, id, free);
    db.prepare(`UPDATE main.${table} SET last_update = ? WHERE id = ?`).run(now, free);
  }
}

function freeId(db: Connection, table: StampedTable): number {
  const highest = db
    .prepare<[], number | null>(
      `SELECT max(id) FROM (SELECT max(id) AS id FROM main.${table} UNION ALL SELECT max(id) FROM t.${table})`,
    )
    .pluck()
    .get();
  return (highest ?? 0) + 1;
}

function moveRow(db: Connection, table: StampedTable, kind: Kind, from: number, to: number): void {
  db.prepare(`UPDATE main.${table} SET id = ? WHERE id = ?`).run(to, from);
  for (const [child, column] of kind.children) {
    db.prepare(`UPDATE main.${child} SET ${column} = ? WHERE ${column} = ?`).run(to, from);
  }
}

/** Seconds; see `MergeRequest`. */
type MergeTimes = {readonly since: number; readonly now: number; readonly flushedS: number};

/** Takes T's rows that are new or win, and returns their ids; what M keeps against T is stamped, so that it travels. */
function takeRows(
  db: Connection,
  table: StampedTable,
  {since, now, flushedS}: MergeTimes,
  overridden: Overridden[],
): readonly number[] {
  const own = columnsOf(db, table);
  const there = new Set(
    db.prepare<[], string>(`SELECT name FROM pragma_table_info('${table}', 't')`).pluck().all(),
  );
  const columns = own.filter((column) => there.has(column));
  const values = columns.filter((column) => column !== 'last_update');
  const list = (alias: string, names: readonly string[]) =>
    names.map((column) => `${alias}."${column}"`).join(', ');
  const rows = db
    .prepare<[], {id: number; mine: number | null; theirs: number}>(
      `SELECT t.id AS id, m.last_update AS mine, t.last_update AS theirs
       FROM t.${table} AS t LEFT JOIN main.${table} AS m ON m.id = t.id
       WHERE m.id IS NULL OR (${list('m', values)}) IS NOT (${list('t', values)})`,
    )
    .all();
  const rowOf = (schema: 'main' | 't', id: number) =>
    db.prepare<[number], Record<string, unknown>>(`SELECT * FROM ${schema}.${table} WHERE id = ?`).get(id) ??
    {};
  const wasDeleted = db.prepare<[number, number], number>(
    `SELECT 1 FROM main.sync_deletes WHERE tbl = '${table}' AND row_id = ? AND last_update >= ?`,
  );
  const take = db.prepare(
    `INSERT OR REPLACE INTO main.${table} (${columns.map((column) => `"${column}"`).join(', ')})
     SELECT ${columns.map((column) => (column === 'last_update' ? '?' : `"${column}"`)).join(', ')} FROM t.${table} WHERE id = ?`,
  );
  const stamp = db.prepare(`UPDATE main.${table} SET last_update = ? WHERE id = ?`);
  const isEdit = Number.isFinite(flushedS);
  const taken: number[] = [];
  for (const {id, mine, theirs} of rows) {
    // The flush may have begun at the very end of its second.
    const winsTie = theirs > flushedS + 1;
    if (mine === null) {
      if (wasDeleted.get(id, theirs) === undefined) {
        take.run(now, id);
        taken.push(id);
      }
    } else if (mine < since || theirs > mine || (theirs === mine && winsTie)) {
      if (mine >= since) {
        overridden.push({table, side: 'M', row: rowOf('main', id)});
      }
      take.run(now, id);
      taken.push(id);
    } else {
      if (theirs >= since) {
        overridden.push({table, side: 'T', row: rowOf('t', id)});
      }
      if (!isEdit) {
        stamp.run(now, id);
      }
    }
  }
  // Rows that T has never seen.
  db.prepare(`UPDATE main.${table} SET last_update = ? WHERE id NOT IN (SELECT id FROM t.${table})`).run(now);
  return taken;
}

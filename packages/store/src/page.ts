/**
 * Long listings in pages: each says where the next one begins, by the values that the rows are ordered by. So a page costs its own
 * rows wherever it lies, and rows that come or go meanwhile make no other row appear twice or not at all.
 */
import type {Connection} from './connection.ts';
import type {Condition} from './selectors.ts';
import {prepared} from './statement-cache.ts';

export type RowPage<Row> = {
  readonly rows: readonly Row[];
  /** To be given as `cursor` for what follows; not there when nothing does. */
  readonly next?: string;
};

export type PageRequest = {
  /** `next` of the page before; empty or `undefined` = from the start. */
  readonly cursor?: string | undefined;
  readonly limit: number;
};

/** A text as the base64 of its bytes: not all that is stored as text is one that JavaScript could give back. */
type Key = string | number;

export type PagedQuery = {
  /** Properties of a row, with the expressions that they come from. */
  readonly fields: readonly (readonly [name: string, sql: string])[];
  readonly from: string;
  readonly where: Condition;
  /** Expressions that are never NULL and no bytes; together they are different for every row. */
  readonly orderBy: readonly string[];
  readonly isDescending?: boolean;
};

/** A cursor that did not come from such a listing. */
export class BadCursor extends Error {
  readonly cursor: string;

  constructor(cursor: string) {
    super('the cursor is none of this listing');
    this.cursor = cursor;
  }
}

export function readPage<Row>(
  db: Connection,
  {fields, from, where, orderBy, isDescending = false}: PagedQuery,
  {cursor, limit}: PageRequest,
): RowPage<Row> {
  const after = cursor === undefined || cursor === '' ? undefined : keysOf(cursor, orderBy.length);
  const begin = after?.map((key) => (typeof key === 'string' ? 'CAST(? AS TEXT)' : '?')).join(', ');
  const condition =
    begin === undefined ? '' : `AND (${orderBy.join(', ')}) ${isDescending ? '<' : '>'} (${begin})`;
  const keys = orderBy.map(
    (key) => `CASE typeof(${key}) WHEN 'text' THEN CAST(${key} AS BLOB) ELSE ${key} END`,
  );
  const direction = isDescending ? ' DESC' : '';
  const found = prepared<unknown[], unknown[]>(
    db,
    `SELECT ${[...keys, ...fields.map(([, expression]) => expression)].join(', ')} FROM ${from}
       WHERE ${where.sql} ${condition} ORDER BY ${orderBy.map((key) => `${key}${direction}`).join(', ')} LIMIT ?`,
  )
    .raw()
    .all(...where.values, ...(after ?? []).map(boundKey), limit + 1);
  const names = fields.map(([name]) => name);
  const rows = found.slice(0, limit).map((row) => rowOf<Row>(names, row, orderBy.length));
  const last = found[limit - 1];
  return found.length <= limit || last === undefined
    ? {rows}
    : {rows, next: JSON.stringify(last.slice(0, orderBy.length).map(shownKey))};
}

/** Of thousands of rows: making pairs for each would take longer than reading them. */
function rowOf<Row>(names: readonly string[], values: readonly unknown[], offset: number): Row {
  const row: Record<string, unknown> = {};
  for (let index = 0; index < names.length; index += 1) {
    row[names[index] ?? ''] = values[offset + index];
  }
  return row as Row;
}

function shownKey(stored: unknown): unknown {
  return Buffer.isBuffer(stored) ? stored.toString('base64') : stored;
}

function boundKey(key: Key): Buffer | number {
  return typeof key === 'string' ? Buffer.from(key, 'base64') : key;
}

function keysOf(cursor: string, count: number): readonly Key[] {
  const keys = parsed(cursor);
  const isOne = Array.isArray(keys) && keys.length === count && keys.every(isKey);
  if (!isOne) {
    throw new BadCursor(cursor);
  }
  return keys as readonly Key[];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isKey(value: unknown): value is Key {
  return typeof value === 'string' || typeof value === 'number';
}

/** What has changed since a time. */
import {type CallHandlers, type changesMethods, limits} from '@megatest/rpc';
import {CHANGE_TABLES, type ChangePlace, type ChangeTable, changedRows} from '@megatest/store';
import type {HandlerTools} from './handler-tools.ts';
import {wrongCursor} from './wrong-cursor.ts';

export type ChangesHandlers = CallHandlers<typeof changesMethods>;

export function changesHandlers({store, homehost}: HandlerTools): ChangesHandlers {
  return {
    'changes.list': ({since, tables, limit, cursor}) => {
      const wanted = new Set(tables ?? CHANGE_TABLES);
      const places = cursor === undefined ? undefined : parseCursor(cursor);
      const most = limit ?? limits.rows;
      const found: Partial<Record<ChangeTable, readonly number[]>> = {};
      const left: string[] = [];
      for (const table of wanted) {
        const after = places === undefined ? {sinceS: since} : places.get(table);
        // Of a table that the cursor does not name everything was told.
        const rows = after === undefined ? [] : changedRows(store.db, table, after, most + 1);
        const page = rows.slice(0, most);
        const last = page.at(-1);
        found[table] = page.map(({id}) => id);
        if (rows.length > most && last !== undefined) {
          left.push(`${table}:${last.lastUpdateS}:${last.id}`);
        }
      }
      return {
        tables: found,
        nowS: homehost.nowS(),
        ...(left.length > 0 ? {next: left.join(',')} : {}),
      };
    },
  };
}

/** `TABLE:LAST_UPDATE:ID,...`: where each table that is not yet told to its end is gone on with. */
function parseCursor(cursor: string): ReadonlyMap<ChangeTable, ChangePlace> {
  const places = new Map<ChangeTable, ChangePlace>();
  for (const part of cursor.split(',')) {
    const [, name, lastUpdateS, id] = /^(\w+):(\d{1,15}):(\d{1,15})$/.exec(part) ?? [];
    const table = CHANGE_TABLES.find((candidate) => candidate === name);
    if (table === undefined) {
      throw wrongCursor(cursor);
    }
    places.set(table, {lastUpdateS: Number(lastUpdateS), id: Number(id)});
  }
  return places;
}

/** What has changed since a time, for who asks now and then (spec homehost.md 9.3); who wants to be told subscribes (9.14). */
import {CHANGE_TABLES, type ChangeTable} from '@megatest/store';
import * as z from 'zod';
import {method} from '../method-table.ts';
import {name, rowLimit} from './shapes.ts';

export const changesMethods = {
  'changes.list': method<{
    /** Ids in the order of their last change, for every table that was asked for. */
    readonly tables: Readonly<Partial<Record<ChangeTable, readonly number[]>>>;
    /** The clock that `since` is compared with. */
    readonly nowS: number;
    readonly next?: string;
  }>()(
    'read',
    'Ids of rows that changed after `since` (seconds), by table; at most `limit` (5000) a table, then `next` goes on as `cursor`.',
    {
      since: z.number(),
      tables: z.array(z.enum(CHANGE_TABLES)).max(CHANGE_TABLES.length).optional(),
      limit: rowLimit.optional(),
      cursor: name.optional(),
    },
  ),
} as const;

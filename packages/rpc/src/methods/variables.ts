/** Variables of the area, and locks (spec homehost.md 9.9). */
import * as z from 'zod';
import {method} from '../method-table.ts';
import {longText, name} from './shapes.ts';

const lockName = name.min(1);
/** Who wants a lock for longer asks again before its time is over. */
const longestLockS = 86_400;

export const variablesMethods = {
  'vars.get': method<string | null>()('read', 'The value of a variable; null when there is none.', {name}),
  'vars.set': method<null>()(
    'write',
    'Sets a variable of the area. Names that begin with `SYNC_` or `DB_` belong to the database and are refused.',
    {name: name.min(1), value: longText},
  ),
  'vars.delete': method<{readonly deleted: boolean}>()(
    'write',
    'Deletes a variable; names of the database are refused here too.',
    {name},
  ),
  'locks.acquire': method<{readonly ok: boolean; readonly owner: string}>()(
    'write',
    'Takes a lock, or keeps it for longer. It is free again after `ttlS` (60) seconds, and when the connection closes. `owner` has it now.',
    {name: lockName, ttlS: z.number().int().positive().max(longestLockS).optional()},
  ),
  'locks.release': method<{readonly released: boolean}>()(
    'write',
    'Gives a lock back; that of another client is refused.',
    {name: lockName},
  ),
} as const;

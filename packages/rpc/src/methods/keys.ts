/** The keys of the area, and targets made of them (spec homehost.md 9.2). */
import {method} from '../method-table.ts';
import {id, type Page, text} from './shapes.ts';

export const keysMethods = {
  'keys.list': method<readonly string[]>()('read', 'The keys of a target, in order.', {}),
  'keys.forRun': method<readonly {readonly key: string; readonly value: string}[] | null>()(
    'read',
    'The keys of a run with their values; null when there is no such run.',
    {runId: id},
  ),
  'runs.target': method<string | null>()(
    'read',
    'The target of a run, joined by `/`; a missing value is `-na-`.',
    {
      runId: id,
    },
  ),
  'runs.targets': method<Page<string>>()(
    'read',
    'Every target that has runs: `{columns, rows, next?}`, at most 5000; `next` goes on as `cursor`.',
    {cursor: text.optional()},
  ),
} as const;

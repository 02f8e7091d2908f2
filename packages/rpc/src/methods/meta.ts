/** What the testconfigs say about themselves (spec homehost.md 9.7). */
import type {MetaRow, RowPage} from '@megatest/store';
import * as z from 'zod';
import {method} from '../method-table.ts';
import {limits} from '../peer.ts';
import {cursor, longText, name} from './shapes.ts';

const meta = z.strictObject({
  testName: name.min(1),
  author: longText.optional(),
  owner: longText.optional(),
  description: longText.optional(),
  reviewed: longText.optional(),
  tags: longText.optional(),
  jobgroup: name.optional(),
});

export const metaMethods = {
  'testMeta.upsert': method<readonly string[]>()(
    'write',
    'Records what is given of each test; answers with the names of those of which something has changed.',
    {tests: z.array(meta).max(limits.batch)},
  ),
  'testMeta.tags': method<Readonly<Record<string, readonly string[]>>>()(
    'read',
    'Every tag, with the names of the tests that have it.',
    {},
  ),
  'testMeta.list': method<RowPage<MetaRow>>()('read', 'What is recorded of the tests, by name.', {
    cursor: cursor.optional(),
  }),
} as const;

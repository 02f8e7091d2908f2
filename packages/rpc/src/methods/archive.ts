/** Where archived tests are kept (spec homehost.md 9.8). */
import type {ArchiveBlock} from '@megatest/store';
import * as z from 'zod';
import {method} from '../method-table.ts';
import {id, name, testIds} from './shapes.ts';

export const archiveMethods = {
  'archive.registerDisk': method<number>()(
    'write',
    'A disk for archives and what is free on it; answers with its id.',
    {
      name,
      path: name,
      df: z.number(),
    },
  ),
  'archive.registerBlock': method<number>()(
    'write',
    'A directory of archives on a disk; answers with its id.',
    {
      diskId: id,
      path: name,
      du: z.number().optional(),
    },
  ),
  'archive.setBlock': method<{readonly changed: number}>()(
    'write',
    'Notes in which block these tests are archived; 0 = in none.',
    {testIds, blockId: id},
  ),
  'archive.block': method<ArchiveBlock | null>()('read', 'One block.', {blockId: id}),
} as const;

/** What belongs to a test: steps, measured values, use of resources (spec homehost.md 9.5, 9.6). */
import type {DataRow, StepRow, UsageRow} from '@megatest/store';
import * as z from 'zod';
import {method} from '../method-table.ts';
import {cursor, id, longText, name, testIds} from './shapes.ts';

const datum = z.union([z.number(), longText]);
const dataRow = z.strictObject({
  category: name,
  variable: name,
  value: datum,
  expected: datum,
  tol: datum,
  units: name,
  comment: longText,
  status: name,
  type: name,
});

/** Measured values of one call. */
export const DATA_ROWS_PER_CALL = 100_000;

export const recordsMethods = {
  'steps.set': method<null>()('write', 'Start or end of a step.', {
    testId: id,
    stepName: name,
    state: name,
    status: name,
    comment: longText.optional(),
    logfile: name.optional(),
    /** How long ago it happened, in seconds, when the call was kept for later. */
    ageS: z.number().nonnegative().optional(),
  }),
  'steps.list': method<readonly StepRow[]>()(
    'read',
    'Steps of tests; who gives `cursor` gets `{rows, next}` instead of a list.',
    {testIds, cursor: cursor.optional()},
  ),
  'usage.list': method<readonly UsageRow[]>()(
    'read',
    'What the processes of tests used: CPU time, memory, disks.',
    {testIds},
  ),
  'testData.add': method<null>()(
    'write',
    'Measured values, as `rows` or as lines of `csv`; `rollup` computes the status of the test from them.',
    {
      testId: id,
      rows: z.array(dataRow).max(DATA_ROWS_PER_CALL).optional(),
      csv: z.string().optional(),
      rollup: z.boolean().optional(),
    },
  ),
  'testData.list': method<readonly DataRow[]>()(
    'read',
    'Measured values of tests; who gives `cursor` gets `{rows, next}` instead of a list.',
    {testIds, categoryPatt: name.optional(), cursor: cursor.optional()},
  ),
  'testData.rollup': method<{readonly status: string}>()(
    'write',
    'Counts the passed and failed values of a test into it; its status follows from them.',
    {testId: id},
  ),
} as const;

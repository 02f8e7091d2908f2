/** What belongs to a test: steps, measured values, use of resources (spec homehost.md 9.5, 9.6). */
import type {DataRow, StepRow, UsageRow} from '@megatest/store';
import * as z from 'zod';
import {method} from '../method-table.ts';
import {id, name, text} from './shapes.ts';

const datum = z.union([z.number(), text]);
const dataRow = z.strictObject({
  category: name,
  variable: name,
  value: datum,
  expected: datum,
  tol: datum,
  units: name,
  comment: text,
  status: name,
  type: name,
});

export const recordsMethods = {
  'steps.set': method<null>()('write', 'Start or end of a step.', {
    testId: id,
    stepName: name,
    state: name,
    status: name,
    comment: text.optional(),
    logfile: name.optional(),
  }),
  'steps.list': method<readonly StepRow[]>()('read', 'Steps of tests.', {testIds: z.array(id).max(1000)}),
  'usage.list': method<readonly UsageRow[]>()(
    'read',
    'What the processes of tests used: CPU time, memory, disks.',
    {testIds: z.array(id).max(1000)},
  ),
  'testData.add': method<null>()(
    'write',
    'Measured values; `rollup` computes the status of the test from them.',
    {
      testId: id,
      rows: z.array(dataRow).max(100_000),
      rollup: z.boolean().optional(),
    },
  ),
  'testData.list': method<readonly DataRow[]>()('read', 'Measured values of tests.', {
    testIds: z.array(id).max(1000),
    categoryPatt: name.optional(),
  }),
} as const;

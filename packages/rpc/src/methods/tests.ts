/** Tests (spec homehost.md 9.4). */
import type {Attempt, StateChange, TestRow} from '@megatest/store';
import * as z from 'zod';
import {method} from '../method-table.ts';
import {id, name, names, testRef, text} from './shapes.ts';

const testUpdate = z.strictObject({
  comment: text.optional(),
  eventTime: z.number().optional(),
  runDuration: z.number().optional(),
  cpuload: z.number().optional(),
  diskfree: z.number().optional(),
  uname: name.optional(),
  host: name.optional(),
  rundir: name.optional(),
  shortdir: name.optional(),
  passCount: z.number().optional(),
  failCount: z.number().optional(),
  attemptnum: z.number().optional(),
  finalLogf: name.optional(),
  job: name.optional(),
});

export const testsMethods = {
  'tests.list': method<readonly TestRow[]>()(
    'read',
    'Tests by pattern, state and status, at most `limit`, after `afterId`.',
    {
      runIds: z.array(id).nullable(),
      testPatt: text.optional(),
      states: names.optional(),
      statuses: names.optional(),
      exclude: z.boolean().optional(),
      afterId: id.optional(),
      limit: id.max(5000).optional(),
    },
  ),
  'tests.get': method<TestRow | null>()('read', 'One test.', {test: testRef}),
  'tests.setState': method<{readonly test: StateChange; readonly top: StateChange | null}>()(
    'write',
    'State, status and comment, with roll-up; `expect` refuses when the present values are not listed.',
    {
      test: testRef,
      state: name.optional(),
      status: name.optional(),
      comment: text.optional(),
      expect: z.strictObject({states: names.optional(), statuses: names.optional()}).optional(),
    },
  ),
  'tests.setStateBatch': method<{readonly changed: number}>()(
    'write',
    'The same for all matching tests of runs that are not locked.',
    {
      target: name,
      runPatt: name,
      testPatt: text,
      fromStates: names.optional(),
      fromStatuses: names.optional(),
      state: name.optional(),
      status: name.optional(),
      comment: text.optional(),
    },
  ),
  'tests.claim': method<{readonly run: boolean}>()(
    'write',
    'Atomic start of an execution by a manager: an older launch, or a row that another living process has, is refused.',
    {
      testId: id,
      launchId: name,
      host: name,
      pid: id,
      pidStart: name,
      takeOver: z.boolean().optional(),
      /** The steps that run, when others keep their records; without it all steps do. */
      steps: names.optional(),
    },
  ),
  'tests.update': method<null>()('write', 'Columns of one test.', {test: testRef, set: testUpdate}),
  'tests.why': method<{readonly text: string; readonly attempts: readonly Attempt[]}>()(
    'read',
    'Why a test has not run, why it failed, or what waits for it; and the attempts before the one that stands.',
    {test: testRef},
  ),
  'tests.previous': method<TestRow | null>()('read', 'The same test in the newest other run of the target.', {
    runId: id,
    testName: name,
    itemPath: name,
  }),
} as const;

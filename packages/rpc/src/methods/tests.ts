/**
 * Tests (spec homehost.md 9.4). The result of a method is that of a usual call; where `cursor`, `fields` or `all` give it another form,
 * its line says so.
 */
import {
  type Attempt,
  type ItemSummary,
  type RowPage,
  type StateChange,
  TEST_FIELDS,
  TEST_ORDERS,
  type TestRow,
} from '@megatest/store';
import * as z from 'zod';
import {method} from '../method-table.ts';
import {limits} from '../peer.ts';
import {cursor, id, longText, name, names, rowLimit, testIds, testRef, text} from './shapes.ts';

/** Rows have these properties then and no other. */
const fields = z.array(z.enum([...TEST_FIELDS.keys()])).min(1);

/** As long as tombstones are kept. */
const purgeAfterS = 30 * 86_400;

const testUpdate = z.strictObject({
  comment: longText.optional(),
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
    'Tests by pattern, state and status, at most `limit`, after `afterId`; who gives `cursor` gets `{rows, next}` instead of a list.',
    {
      /** Of one run, of these runs, or (with `null`, or neither of the two) of all. */
      runId: id.optional(),
      runIds: z.array(id).nullable().optional(),
      testPatt: text.optional(),
      states: names.optional(),
      statuses: names.optional(),
      exclude: z.boolean().optional(),
      mode: z.enum(['normal', 'dashboard']).optional(),
      sortBy: z.enum(TEST_ORDERS).optional(),
      sortOrder: z.enum(['asc', 'desc']).optional(),
      fields: fields.optional(),
      since: z.number().optional(),
      includeDeleted: z.boolean().optional(),
      afterId: id.optional(),
      limit: rowLimit.optional(),
      cursor: cursor.optional(),
    },
  ),
  'tests.get': method<TestRow | null>()('read', 'One test, or `fields` of it.', {
    test: testRef,
    fields: fields.optional(),
  }),
  'tests.getMany': method<readonly (TestRow | null)[]>()(
    'read',
    'Tests by their ids, in the same order; `null` where there is none.',
    {testIds},
  ),
  'tests.id': method<number | null>()('read', 'The id of a test.', {
    runId: id,
    testName: name,
    itemPath: name,
  }),
  'tests.itemCount': method<number>()('read', 'How many items a test has.', {runId: id, testName: name}),
  'tests.itemsSummary': method<RowPage<ItemSummary>>()(
    'read',
    'What a summary shows of the items of a test.',
    {
      runId: id,
      testName: name,
      cursor: cursor.optional(),
    },
  ),
  'tests.paths': method<RowPage<string>>()(
    'read',
    'Directories of tests by patterns: newest run first, and in a run the test that began last.',
    {
      target: name,
      runPatt: name,
      testPatt: text.optional(),
      statePatt: text.optional(),
      statusPatt: text.optional(),
      cursor: cursor.optional(),
    },
  ),
  'tests.register': method<
    readonly {
      readonly testId: number;
      readonly created: boolean;
      readonly state: string;
      readonly status: string;
    }[]
  >()('write', 'Makes the rows of a run that are not there; answers with all of them, in the same order.', {
    runId: id,
    tests: z
      .array(
        z.strictObject({testName: name.regex(/^[^/]+$/, 'a test has a name without "/"'), itemPath: name}),
      )
      .max(limits.batch),
  }),
  'tests.setState': method<{readonly test: StateChange; readonly top: StateChange | null}>()(
    'write',
    'State, status and comment, with roll-up unless `rollup` is false; `expect` refuses when the present values are not listed.',
    {
      test: testRef,
      state: name.optional(),
      status: name.optional(),
      comment: longText.optional(),
      expect: z.strictObject({states: names.optional(), statuses: names.optional()}).optional(),
      rollup: z.boolean().optional(),
    },
  ),
  'tests.setStateBatch': method<{readonly changed: number}>()(
    'write',
    'The same for many: all that match in runs that are not locked; `names` of a run with their items; or the `tests` given.',
    {
      target: name.optional(),
      runPatt: name.optional(),
      testPatt: text.optional(),
      fromStates: names.optional(),
      fromStatuses: names.optional(),
      runId: id.optional(),
      names: names.optional(),
      fromState: name.optional(),
      fromStatus: name.optional(),
      tests: z.array(testRef).max(limits.batch).optional(),
      state: name.optional(),
      status: name.optional(),
      comment: longText.optional(),
    },
  ),
  'tests.delete': method<{readonly deleted: number}>()(
    'write',
    'Marks tests as DELETED and takes out their steps and values: all of them, or none when one is running or its run is locked.',
    {testIds},
  ),
  'tests.purge': method<{readonly purged: number}>()(
    'write',
    'Takes out tests that were marked as DELETED longer ago than this.',
    {olderThanS: z.number().nonnegative().default(purgeAfterS)},
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
  'tests.previous': method<TestRow | null>()(
    'read',
    'The same test in the newest other run of the target; with `all` a list, and name and item path are patterns.',
    {runId: id, testName: name, itemPath: name, all: z.boolean().optional()},
  ),
} as const;

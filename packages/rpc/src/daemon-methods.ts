/** What the homehost daemon answers (spec homehost.md 9), and what it tells without being asked. */

import {
  type Attempt,
  type Counts,
  type DataRow,
  IMPORTED_TABLES,
  type MovedId,
  type RunnerRow,
  type RunRow,
  type StateChange,
  type StateCount,
  type StepRow,
  type TestRow,
  type UsageRow,
} from '@megatest/store';
import * as z from 'zod';
import {method} from './method-table.ts';
import {reportEntry} from './report-entries.ts';

const text = z.string().max(64 * 1024);
const name = z.string().max(4096);
const id = z.number().int().nonnegative();
const names = z.array(name).max(10_000);
const testRef = z.union([
  z.strictObject({testId: id}),
  z.strictObject({runId: id, testName: name, itemPath: name}),
]);

export type TestRef = z.output<typeof testRef>;

const client = z.strictObject({
  clientId: name,
  host: name,
  pid: id,
  user: name,
  kind: z.enum(['cli', 'test', 'manager', 'dashboard']),
});

export type ClientInfo = z.output<typeof client>;

export const submitOptions = z.strictObject({
  testPatt: text.optional(),
  modePatt: name.optional(),
  tagExpr: name.optional(),
  requireTarget: z.boolean().optional(),
  rerun: names.optional(),
  force: z.boolean().optional(),
  preclean: z.boolean().optional(),
  runWait: z.boolean().optional(),
  setVars: text.optional(),
  contour: name.optional(),
  verbosity: name.optional(),
  /** Failures at which nothing more is launched. */
  maxFail: z.number().int().positive().optional(),
  /** Launch in an order that this seed decides. */
  shuffle: z.number().int().nonnegative().optional(),
  /** Of `rerun-step`: the step to begin with. */
  fromStep: name.optional(),
  /** Nothing follows that step. */
  onlyStep: z.boolean().optional(),
});

export type SubmitOptions = z.output<typeof submitOptions>;

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

export type SyncStatus = {
  readonly dirty: boolean;
  readonly lastFlushMs: number;
  readonly lagS: number;
  readonly stamp: number;
  readonly seq: number;
};

export type ServerStatus = {
  readonly area: string;
  readonly areaName: string;
  readonly serverId: string;
  readonly host: string;
  readonly port: number;
  readonly pid: number;
  readonly version: string;
  readonly uptimeS: number;
  readonly memoryBytes: number;
  /** Committed writes since the start, and how many a second in the last five seconds. */
  readonly writes: number;
  readonly writesPerS: number;
  /** Requests that wait for their answer. */
  readonly unanswered: number;
  readonly sync: SyncStatus;
  readonly clients: readonly ClientInfo[];
  readonly managers: readonly {
    readonly id: string;
    readonly host: string;
    readonly user: string;
    readonly pid: number;
    readonly tests: number;
  }[];
  readonly drivers: readonly {
    readonly id: number;
    readonly target: string;
    readonly runName: string;
    readonly waitsFor: string | null;
  }[];
  /** Calls answered so far, by method. */
  readonly calls: Readonly<Record<string, number>>;
};

export type RunSummary = RunRow & {readonly counts: readonly StateCount[]};

export const daemonMethods = {
  'server.hello': method<{
    readonly serverId: string;
    readonly protocol: number;
    readonly challenge: string;
  }>()('read', 'First message of a connection: who calls, for which area; answered with a challenge.', {
    area: name,
    protocol: z.number(),
    version: name,
    client,
    challenge: z.string().regex(/^[0-9a-f]{64}$/),
    lastSeq: id.optional(),
  }),
  'server.login': method<{
    readonly proof: string;
    readonly version: string;
    readonly role: 'operator' | 'viewer';
    readonly keys: readonly string[];
    readonly serverTimeMs: number;
    readonly epoch: string;
    /** The highest write of this client that is known to be done. */
    readonly lastSeqDone: number;
  }>()('read', 'Proves the key by an answer to the challenge; the key itself never travels.', {
    keyName: z.enum(['rw', 'ro']),
    response: z.string().regex(/^[0-9a-f]{64}$/),
  }),
  'server.ping': method<{readonly pid: number; readonly area: string; readonly uptimeS: number}>()(
    'read',
    'Is it there? Allowed before login.',
    {},
  ),
  'server.status': method<ServerStatus>()(
    'read',
    'What the daemon is doing, for whom, and how far behind T is.',
    {},
  ),
  'server.sessionToken': method<{readonly token: string; readonly validS: number}>()(
    'read',
    'A token for "Authorization: Bearer" of POST /rpc, with the role of the caller.',
    {},
  ),
  'server.shutdown': method<{readonly flushed: boolean}>()('write', 'Orderly end with a last flush.', {
    reason: name,
  }),
  'sync.flush': method<{readonly stamp: number; readonly seq: number}>()(
    'long',
    'Answered once everything committed before is in T; `full` compares all rows, and overwrites a restored T.',
    {full: z.boolean().optional()},
  ),
  'db.cleanup': method<{readonly before: Counts; readonly after: Counts}>()(
    'write',
    'Takes out removed tests and runs, and rows that belong to nothing.',
    {},
  ),
  'sync.import': method<{
    readonly taken: number;
    /** Rows that are there in a later version. */
    readonly older: number;
    readonly moved: readonly MovedId[];
  }>()('write', 'Takes in rows of results that are not there, or in an earlier version; parents first.', {
    rows: z
      .array(
        z.strictObject({
          table: z.enum(IMPORTED_TABLES),
          row: z
            .record(name, z.union([text, z.number(), z.null()]))
            .refine(({id}) => typeof id === 'number', 'a row has an id'),
        }),
      )
      .max(1000),
  }),
  'sync.status': method<SyncStatus>()('read', 'How far T is behind.', {}),

  'runs.submit': method<{readonly driverId: number; readonly runId: number | null}>()(
    'write',
    'Starts a driver; the same uuid again returns the same driver.',
    {
      uuid: name,
      action: z.enum(['run', 'rerun-clean', 'rerun-all', 'rerun-failed', 'rerun-step']),
      target: name,
      runName: name,
      options: submitOptions,
      manager: z.strictObject({host: name, user: name}),
      argv: z.array(text).max(10_000),
    },
  ),
  'runs.attach': method<{readonly ended: {readonly exitCode: number} | null; readonly nextSeq: number}>()(
    'read',
    'Sends the output of a driver from `fromSeq` on, now and as it comes.',
    {driverId: id, fromSeq: id.optional()},
  ),
  'runs.list': method<readonly RunSummary[]>()(
    'read',
    'Runs by name pattern and target pattern, oldest first, with their counts.',
    {
      runPatt: name,
      target: name.optional(),
      sinceS: z.number().optional(),
    },
  ),
  'runs.get': method<RunSummary | null>()('read', 'One run.', {runId: id}),
  'runs.setStatus': method<null>()('write', 'Status and comment of a run.', {
    runId: id,
    status: name,
    comment: text.optional(),
  }),
  'runs.setLock': method<null>()('write', 'Protects a run from removal and resets, or no longer.', {
    runId: id,
    locked: z.boolean(),
    user: name,
  }),
  'runs.wait': method<null>()('long', 'Answered when no such test is left.', {
    target: name,
    runPatt: name,
    testPatt: text,
    states: names.optional(),
    statuses: names.optional(),
  }),
  'runs.remove': method<{
    readonly tests: number;
    readonly runs: number;
    readonly messages: readonly string[];
  }>()(
    'long',
    'Removes test directories (by a manager) and records; a run of which nothing is left goes too. Locked runs are skipped.',
    {
      target: name,
      runPatt: name,
      testPatt: text,
      states: names.optional(),
      statuses: names.optional(),
      manager: z.strictObject({host: name, user: name}),
    },
    'operator',
  ),
  'runs.markIncomplete': method<{readonly testIds: readonly number[]}>()(
    'write',
    'Tests that have died without a word become COMPLETED/DEAD, in these runs or in all.',
    {target: name.optional(), runPatt: name.optional(), deadtimeS: z.number().nonnegative().optional()},
  ),
  'runs.kill': method<{readonly tests: number; readonly drivers: number}>()(
    'write',
    'Stops drivers and asks running tests to be killed.',
    {
      target: name,
      runPatt: name,
      testPatt: text,
    },
  ),
  'runners.list': method<readonly Omit<RunnerRow, 'plan'>[]>()('read', 'Drivers, newest first.', {}),
  'runners.stop': method<{readonly stopped: number}>()(
    'write',
    'Nothing new is launched; running tests go on.',
    {driverId: id},
  ),

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

  'manager.register': method<{
    readonly managerId: string;
    /** Launches that are not this manager's any more. */
    readonly forget: readonly string[];
    /** Submissions of this manager that are still being driven. */
    readonly submissions: readonly string[];
  }>()(
    'write',
    'A manager has come up; it says which launches it has, and learns which of them are not its own any more.',
    {
      managerId: name,
      host: name,
      user: name,
      uid: id,
      pid: id,
      pidStart: name,
      cpus: id,
      launches: z.array(z.strictObject({testId: id, launchId: name})).max(100_000),
    },
  ),
  'pilot.next': method<{
    readonly tests: readonly {readonly testId: number; readonly launchId: string; readonly rundir: string}[];
    /** Nothing is left for it, and nothing is being run that could bring more. */
    readonly isOver: boolean;
  }>()('long', 'Launches that a pilot job is to take; answered when there are any, or when it may leave.', {
    job: name,
    /** Who launches for it. */
    manager: z.strictObject({host: name, user: name}),
    /** Launches that it has already. */
    taken: names,
    max: id.positive(),
  }),
  'manager.heartbeat': method<{readonly kill: readonly number[]}>()(
    'write',
    'Load of the host and the running tests, every three seconds.',
    {
      managerId: name,
      load: z.array(z.number()).max(3),
      tests: z
        .array(
          z.strictObject({
            testId: id,
            runDuration: z.number(),
            cpuload: z.number().optional(),
            diskfree: z.number().optional(),
          }),
        )
        .max(10_000),
    },
  ),
  'manager.report': method<{readonly done: number}>()(
    'write',
    'Entries of a journal, in order; each takes effect once.',
    {
      journalId: name,
      entries: z.array(z.strictObject({seq: id, entry: reportEntry})).max(1000),
    },
  ),
} as const;

export type DaemonMethods = typeof daemonMethods;

/** What the daemon sends unasked. Missing one never matters: each has a call that asks for the same. */
export const daemonNotifications = {
  'driver.output': z.object({
    driverId: id,
    seq: id,
    stream: z.enum(['stdout', 'log']),
    level: z.number(),
    text: z.string(),
  }),
  'driver.progress': z.object({
    driverId: id,
    total: id,
    done: id,
    running: id,
    failed: id,
  }),
  /** A test of the run has a new result. */
  'driver.result': z.object({
    driverId: id,
    testId: id,
    testName: z.string(),
    itemPath: z.string(),
    state: z.string(),
    status: z.string(),
    runDuration: z.number(),
    host: z.string(),
    comment: z.string(),
    /** How many tests of the run have ended, of how many. */
    done: id,
    total: id,
  }),
  'driver.ended': z.object({driverId: id, exitCode: z.number()}),
  'server.goingDown': z.object({reason: z.string()}),
} as const;

export type DaemonNotifications = {
  [N in keyof typeof daemonNotifications]: z.output<(typeof daemonNotifications)[N]>;
};

/** What the daemon asks of a manager (spec homehost.md 9.12), and what a manager answers on its local socket (1.11). */
import {MODES} from '@megatest/model';
import type {DataAnswer} from '@megatest/store';
import * as z from 'zod';
import {type AreaDescription, DESCRIBED, type TestFiles} from './area-description.ts';
import {daemonMethods, submitOptions} from './daemon-methods.ts';
import type {Finding} from './finding.ts';
import {method} from './method-table.ts';
import {managerJob} from './methods/jobs.ts';
import type {PacketCounts} from './methods/packets.ts';
import {reportEntry} from './report-entries.ts';

const name = z.string().max(4096);
const text = z.string().max(64 * 1024);
const id = z.number().int().nonnegative();
const vars = z.array(z.tuple([z.string(), z.string()]).readonly()).readonly();

const plannedItem = z.object({itemPath: z.string(), vars});
const dataQuestion = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('series'),
    file: name,
    table: name,
    timeColumn: name,
    nameColumn: name,
    valueColumn: name,
    series: z.array(name).max(100).readonly(),
    span: z.tuple([z.number(), z.number()]).readonly().nullable(),
    points: id.min(2),
  }),
  z.strictObject({kind: z.literal('select'), file: name, sql: text, limit: id}),
  z.strictObject({kind: z.literal('newestRun'), file: name}),
]);

const message = z.object({stream: z.enum(['stdout', 'log']), level: z.number(), text: z.string()});

/** The plan of a run as it travels; the types are those of `@megatest/model`. */
export const runPlan = z.object({
  testPatt: z.string(),
  tests: z.array(
    z.object({
      testName: z.string(),
      testDir: z.string(),
      waitons: z.array(z.object({testName: z.string(), itemMap: z.string()})),
      modes: z.array(z.enum(MODES)),
      priority: z.number(),
      jobgroup: z.string(),
      hasTriggers: z.boolean(),
      iterated: z.enum(['no', 'now', 'later']),
      items: z.array(plannedItem),
      /** How many items there are before the pattern. */
      itemCount: z.number().optional(),
      retry: z.object({count: z.number(), delayS: z.number()}).optional(),
      skip: z.object({kind: z.enum(['prevrunning', 'fileexists', 'rundelay']), value: z.string()}).nullable(),
      reason: z.string(),
      isInCycle: z.boolean(),
    }),
  ),
  settings: z.object({
    /** Active instances in the whole area. */
    maxConcurrentJobs: z.number(),
    /** Active instances of each job group. */
    jobgroups: z.record(z.string(), z.number()),
    launchDelayS: z.number(),
    /** `[setup] run-wait yes`. */
    runWait: z.boolean(),
    reruns: z.number(),
    deadtimeS: z.number(),
    giveUpWaitingS: z.number(),
    /** Longest chain of recorded durations first, instead of by priority and name. */
    ordersByDuration: z.boolean(),
    /** `[setup] allow-auto-rerun`. */
    allowAutoRerun: z.string(),
    /** What `rerun clean` sets back; `null` = the default list. */
    cleanRerun: z.object({
      states: z.array(z.string()).nullable(),
      statuses: z.array(z.string()).nullable(),
    }),
    linkTree: z.string(),
    /** Load per CPU of the launching host above which nothing is launched; `null` = no limit. */
    maxLoad: z.number().nullable(),
    /** Seconds after which the load is looked at again. */
    waitDelayS: z.number(),
    /** `[runs] pre-hook`: a command to run before a run that has no tests yet. */
    preHook: z.string().nullable(),
  }),
  /** Set when planning ended the run; nothing is to be run then. */
  exitCode: z.number().nullable(),
});

export type RunPlan = z.output<typeof runPlan>;
export type PlanReply = {
  readonly plan: RunPlan;
  readonly messages: readonly z.output<typeof message>[];
  /** What `[test_meta]` says of every test of the area. */
  readonly testMeta: readonly z.output<typeof testMeta>[];
};

const testMeta = z.object({testName: z.string(), values: z.record(z.string(), z.string())});

export const planReply = z.object({plan: runPlan, messages: z.array(message), testMeta: z.array(testMeta)});

const launch = z.strictObject({
  launchId: name,
  testId: id,
  runId: id,
  testName: name,
  itemPath: name,
  vars,
  testDir: name,
  preclean: z.boolean(),
  /** How often it was launched before in this run; the files of the attempt before are kept. */
  retry: z.number().int().nonnegative(),
  /** The test is skipped when the manager finds this file. */
  skipIfExists: name.nullable(),
  /** Link and physical directory of an earlier execution, for `preclean`. */
  rundir: name,
  shortdir: name,
});

export type Launch = z.output<typeof launch>;

/** What a manager needs of a submission at every launch. */
const submission = z.strictObject({uuid: name, target: name, runName: name, options: submitOptions});

export const managerMethods = {
  'manager.plan': method<PlanReply>()(
    'long',
    'Reads the area in the environment of the submission and answers with the plan.',
    {submission, argv: z.array(text)},
  ),
  'manager.expandItems': method<{
    readonly items: readonly z.output<typeof plannedItem>[];
    readonly messages: readonly z.output<typeof message>[];
  }>()('long', 'Expands items that come from commands, now that the prerequisites are met.', {
    submission,
    testName: name,
    testDir: name,
  }),
  'manager.preHook': method<{readonly exitCode: number}>()(
    'long',
    'Runs the pre-hook of a run in its environment; its output goes to a file in logs.',
    {submission, command: text},
  ),
  'manager.launch': method<null>()('read', 'Orders launches; answered when they stand in the journal.', {
    submission,
    launches: z.array(launch).max(1000),
  }),
  'manager.kill': method<null>()('read', 'Ends the processes of tests.', {
    tests: z.array(z.strictObject({testId: id, reason: text})).max(100_000),
  }),
  'manager.clean': method<
    readonly {readonly testId: number; readonly ok: boolean; readonly text: string}[]
  >()('long', 'Removes the directories of tests.', {
    tests: z.array(z.strictObject({testId: id, rundir: name, shortdir: name})).max(100_000),
  }),
  'manager.closeSubmission': method<null>()(
    'read',
    'The driver of a submission has ended: its environment is no longer needed.',
    {uuid: name},
  ),
  'manager.doctor': method<readonly Finding[]>()(
    'long',
    'What its host lacks that the area needs: disks, programs, hosts to be reached, clock.',
    {},
  ),
  'manager.describe': method<AreaDescription>()(
    'long',
    'What the files of the area say, read in the environment of the manager without running their commands.',
    {what: z.array(z.enum(DESCRIBED)).max(DESCRIBED.length)},
  ),
  'manager.testFiles': method<TestFiles>()(
    'long',
    'The testconfig of a test as it stands in its source, and its rules for waivers, likewise.',
    {testName: name},
  ),
  'manager.readData': method<DataAnswer>()(
    'long',
    'Asks a database that the files of the area name; one that takes too long is given up.',
    {question: dataQuestion},
  ),
  'manager.openSubmission': method<null>()(
    'read',
    'A run that no command submits but a job: it gets the environment of the manager.',
    {uuid: name, target: name},
  ),
  'manager.job': method<null>()(
    'read',
    'Runs a job as a command; answered when the order is on disk, its end is reported.',
    {job: managerJob, claimToken: name, leaseUntil: id},
  ),
  'manager.endJob': method<null>()('read', 'Ends the command of a job.', {id, reason: text}),
  'manager.importPackets': method<PacketCounts>()(
    'long',
    'Takes new packets of the packet directories, or of one directory, into `pkts.db`.',
    {dir: name.optional()},
  ),
  'manager.stop': method<null>()('read', 'Ends the manager; its tests go on.', {reason: text}),
} as const;

export type ManagerMethods = typeof managerMethods;

/** `env` as `KEY=value` pairs of a process. */
const environment = z.record(z.string(), z.string());

export const localMethods = {
  'server.hello': daemonMethods['server.hello'],
  'server.login': daemonMethods['server.login'],
  'server.ping': daemonMethods['server.ping'],
  'submission.open': method<{readonly host: string; readonly user: string}>()(
    'read',
    'The environment of a submission, which never travels through the daemon.',
    {uuid: name, env: environment, cwd: name, umask: z.number()},
  ),
  'execute.handOver': method<{readonly exitCode: number}>()(
    'long',
    'A test that a launcher has brought to this host; answered when it has ended.',
    {
      cmdinfo: z.string(),
      env: environment,
      cwd: name,
      umask: z.number(),
      /** The file that the process writes to, if it is one: what no step redirects goes there. */
      output: name.nullable(),
    },
  ),
  'execute.interrupt': method<null>()(
    'read',
    'The process that handed a test over was told to end: so is the test.',
    {launchId: name, signal: z.enum(['SIGINT', 'SIGTERM'])},
  ),
  'helper.report': method<null>()(
    'long',
    'What a helper call inside a test has to say; answered when the daemon has it.',
    {entries: z.array(reportEntry).max(10_000)},
  ),
  'manager.status': method<{
    readonly pid: number;
    readonly tests: number;
    /** What it runs, is about to adopt, or has ended without the daemon having heard of it. */
    readonly testIds: readonly number[];
    readonly isConnected: boolean;
  }>()('read', 'What the manager is doing.', {}),
  'manager.stop': method<null>()('read', 'Ends the manager; its tests go on.', {reason: text}),
} as const;

export type LocalMethods = typeof localMethods;

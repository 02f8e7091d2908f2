/** The job queue (spec homehost.md 9.13). */
import {JOB_ACTION_NAMES} from '@megatest/model';
import type {JobRow} from '@megatest/store';
import * as z from 'zod';
import {method} from '../method-table.ts';
import {submitOptions} from './runs.ts';
import {id, name, text} from './shapes.ts';

/** What of them a job that is a run hands on; the others are left out. */
export const jobRunParams = submitOptions
  .pick({
    modePatt: true,
    tagExpr: true,
    requireTarget: true,
    rerun: true,
    force: true,
    preclean: true,
    contour: true,
    maxFail: true,
    shuffle: true,
    fromStep: true,
    onlyStep: true,
  })
  .strip();

/** Options of the actions beyond what is to be run, changed or removed. */
const addedParams = z.strictObject({
  ...jobRunParams.shape,
  /** Only tests in these states, with these statuses: comma lists. */
  state: name.optional(),
  status: name.optional(),
  /** `STATE/STATUS` of `set-ss`, the status of `set-run-status`. */
  new: name.optional(),
  /** Comment to store with it. */
  message: text.optional(),
  archive: z.enum(['save', 'save-remove', 'keep-html', 'restore']).optional(),
  /** Text of `command`, run by /bin/sh. */
  command: text.optional(),
  syncTo: name.optional(),
  deadtimeS: z.number().nonnegative().optional(),
  /** `V=x,W=y` */
  vars: text.optional(),
  /** The job ends with its last test (the default), or when the last one was launched. */
  runWait: z.boolean().optional(),
});

/** A job of the dashboard has more, which only the daemon gives it. */
const jobParams = addedParams.extend({
  /** `command`: instead of a text, the words of `megatest` commands, each of which is run when the one before has ended with 0. */
  commands: z.array(z.array(text).readonly()).readonly().optional(),
  /** What was shown to who asked for it, and where he was. */
  commandLine: z.string().optional(),
  address: z.string().optional(),
});

export type JobParams = z.output<typeof jobParams>;

export type Job = Pick<
  JobRow,
  | 'id'
  | 'uuid'
  | 'parentUuid'
  | 'action'
  | 'state'
  | 'owner'
  | 'source'
  | 'target'
  | 'runName'
  | 'testPatt'
  | 'runId'
  | 'testId'
  | 'priority'
  | 'notBefore'
  | 'attempts'
  | 'maxAttempts'
  | 'exitCode'
  | 'message'
  | 'logPath'
  | 'creationTime'
  | 'startTime'
  | 'endTime'
> & {readonly params: JobParams};

/** The job as it travels to a manager. */
export const managerJob = z.strictObject({
  id,
  uuid: name,
  action: z.enum(JOB_ACTION_NAMES),
  target: name,
  runName: name,
  testPatt: text,
  params: jobParams,
});

export type ManagerJob = z.output<typeof managerJob>;

export type ClaimedJob = {
  readonly job: ManagerJob;
  readonly claimToken: string;
  readonly leaseUntil: number;
};

/** Part of the name of files that belong to it. */
const jobUuid = z.string().regex(/^[\w-]{1,100}$/, 'a uuid has letters, digits, _ and - only');

export const jobsMethods = {
  'jobs.add': method<Job>()(
    'write',
    'Puts a job into the queue; answered when it is in `megatest.db`. The same uuid again returns the same job.',
    {
      uuid: jobUuid,
      action: z.enum(JOB_ACTION_NAMES),
      target: name.optional(),
      runName: name.optional(),
      testPatt: text.optional(),
      params: addedParams.optional(),
      priority: z.number().int().min(-1_000_000).max(1_000_000).optional(),
      /** Seconds since 1970. */
      notBefore: id.optional(),
      source: z.enum(['cli', 'dashboard', 'http', 'pkt', 'rungen', 'runner', 'legacy']),
      parentUuid: name.optional(),
    },
  ),
  'jobs.get': method<Job | null>()('read', 'One job, by `id` or by `uuid`.', {
    id: id.optional(),
    uuid: name.optional(),
  }),
  'jobs.list': method<readonly Job[]>()(
    'read',
    'Jobs, newest first. `state` and `action` are comma lists, the others patterns; `cursor` is the id of the last one that is known.',
    {
      state: name.optional(),
      action: name.optional(),
      target: name.optional(),
      runName: name.optional(),
      owner: name.optional(),
      since: z.number().optional(),
      limit: id.positive().max(10_000).optional(),
      cursor: id.optional(),
    },
  ),
  'jobs.last': method<{
    readonly action: string;
    readonly testPatt: string;
    readonly creationTime: number;
    readonly jobId: number | null;
    readonly driverId: number | null;
  } | null>()('read', 'What last ran tests of a run, or is to: the default pattern of a rerun.', {
    target: name,
    runName: name,
  }),
  'jobs.cancel': method<Job>()(
    'write',
    'A job that waits is not done; one that is at work is ended: its run launches nothing more, its command is killed.',
    {id},
  ),
  'jobs.retry': method<Job>()('write', 'Does a job again that failed, or was killed or cancelled.', {id}),
  'jobs.setPriority': method<Job>()('write', 'Larger ones are begun first.', {
    id,
    priority: z.number().int().min(-1_000_000).max(1_000_000),
  }),
  'jobs.log': method<{readonly text: string; readonly next: number}>()(
    'read',
    'What a job has printed from byte `offset` on, a part at a time; `next` is the offset of what follows.',
    {id, offset: id},
  ),
  'jobs.claim': method<readonly ClaimedJob[]>()(
    'write',
    'A manager asks for jobs of its user that it can do now.',
    {actions: z.array(z.enum(JOB_ACTION_NAMES)).max(100), max: id.positive().max(100)},
  ),
  'jobs.finish': method<null>()('write', 'The end of a claimed job, from who holds its token.', {
    id,
    claimToken: name,
    exitCode: z.number().int(),
    message: text,
  }),
} as const;

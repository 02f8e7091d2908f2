/** What a manager reports through its journal (spec homehost.md 9.12): one closed union. */
import type {ResourceUsage} from '@megatest/store';
import * as z from 'zod';
import {longText as text} from './methods/shapes.ts';

const name = z.string().max(4096);
const id = z.number().int().nonnegative();
const launch = {testId: id, launchId: name};
const amount = z.number().nonnegative().nullable();

const resourceUsage = z.strictObject({
  cpuUserS: amount,
  cpuSystemS: amount,
  memoryPeakBytes: amount,
  readBytes: amount,
  writtenBytes: amount,
}) satisfies z.ZodType<ResourceUsage>;

const testEntries = [
  /** The launcher was started, or the test itself when there is none. */
  z.strictObject({type: z.literal('launched'), ...launch, rundir: name, shortdir: name}),
  /** `fatal`: the command cannot be started at all, so the driver ends. */
  z.strictObject({type: z.literal('launchFailed'), ...launch, reason: text, fatal: z.boolean()}),
  /** The manager died over the launch and nobody has begun the test since: it is launched anew, under another id. */
  z.strictObject({type: z.literal('launchLost'), ...launch}),
  /** A manager that was ordered to run the test itself begins: what `tests.claim` is for a test that a launcher brought. */
  z.strictObject({
    type: z.literal('claimed'),
    ...launch,
    host: name,
    pid: id,
    steps: z.array(name).optional(),
  }),
  /** The file of `[skip] fileexists` was there: nothing was run. */
  z.strictObject({type: z.literal('skipped'), ...launch, comment: text}),
  z.strictObject({
    type: z.literal('state'),
    ...launch,
    state: name.optional(),
    status: name.optional(),
    comment: text.optional(),
  }),
  z.strictObject({
    type: z.literal('update'),
    ...launch,
    set: z.record(name, z.union([text, z.number()])),
  }),
  z.strictObject({
    type: z.literal('step'),
    ...launch,
    stepName: name,
    state: name,
    status: name,
    eventTime: id,
    comment: text,
    logfile: name,
  }),
  z.strictObject({
    type: z.literal('data'),
    ...launch,
    rows: z.array(
      z.strictObject({
        category: name,
        variable: name,
        value: z.union([z.number(), text]),
        expected: z.union([z.number(), text]),
        tol: z.union([z.number(), text]),
        units: name,
        comment: text,
        status: name,
        type: name,
      }),
    ),
    rollup: z.boolean(),
  }),
  /** The execution is over; what it left in the row decides unless `state` says more. */
  z.strictObject({
    type: z.literal('ended'),
    ...launch,
    state: name.optional(),
    status: name.optional(),
    comment: text.optional(),
    runDuration: z.number(),
    /** Nothing of it is known of a test whose processes the manager has not seen. */
    usage: resourceUsage.optional(),
  }),
] as const;

const claimedJob = {id, claimToken: name};

/** Of jobs that a manager runs as commands. */
const jobEntries = [
  z.strictObject({type: z.literal('jobStarted'), ...claimedJob}),
  /** 130: it was ended on request. */
  z.strictObject({type: z.literal('jobEnded'), ...claimedJob, exitCode: z.number().int(), message: text}),
  /** Its process is gone, and nobody knows how it ended. */
  z.strictObject({type: z.literal('jobLost'), ...claimedJob}),
] as const;

/** What is to be said of a test; its own helper calls may say that too. */
export const reportEntry = z.discriminatedUnion('type', testEntries);
export type ReportEntry = z.output<typeof reportEntry>;

const jobEntry = z.discriminatedUnion('type', jobEntries);
export type JobEntry = z.output<typeof jobEntry>;

/** What stands in the journal of a manager. */
export const journalEntry = z.discriminatedUnion('type', [...testEntries, ...jobEntries]);
export type JournalEntry = z.output<typeof journalEntry>;

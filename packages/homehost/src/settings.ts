/** What the daemon needs of the area's config. It never evaluates a config file: who starts it gives it this as JSON. */
import * as z from 'zod';

const day = 86_400;

/** `[jobs]` of the area (spec mtutil.md 15.8). */
export const jobSettings = z.object({
  /** Commands at the same time. */
  maxActions: z.number().positive().default(4),
  leaseS: z.number().positive().default(60),
  keepDoneS: z.number().nonnegative().default(day),
  keepFailedS: z
    .number()
    .nonnegative()
    .default(7 * day),
  /** Whose jobs are accepted; empty: everybody's who may write. */
  users: z.array(z.string()).default([]),
});

export type JobSettings = z.output<typeof jobSettings>;

export const daemonSettings = z.object({
  areaPath: z.string(),
  areaName: z.string(),
  keys: z.array(z.object({name: z.string(), type: z.string()})),
  /** Bind address; `undefined` = all interfaces. */
  hostname: z.string().optional(),
  lowport: z.number().default(32_768),
  /** Connections from other hosts are encrypted. */
  tls: z.boolean().default(false),
  idleTimeoutS: z.number().default(300),
  syncIntervalS: z.number().default(3),
  syncMarginS: z.number().default(10),
  /** `[setup] dbdir-space-required`, which M's disk must have. */
  spaceRequiredKiB: z.number().default(100_000),
  /** Files in `logs/` that are older are removed. */
  logExpireDays: z.number().default(30),
  jobs: jobSettings.prefault({}),
});

export type DaemonSettings = z.output<typeof daemonSettings>;

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

/** A section of `megatest.config`, evaluated. */
const configSection = z.object({
  name: z.string(),
  entries: z.array(z.tuple([z.string(), z.string()])),
});

/** `[dashboard]` as its pages get it; who reads the config fills in the defaults. */
const dashboardSettings = z
  .object({
    'history-runs': z.number().int().positive().max(1000).catch(20),
    /** Tests that views keep in memory. */
    'index-cells': z.number().min(1).catch(4_000_000),
    /** Whether browsers can log in at all. */
    enabled: z.boolean().catch(true),
    'allowed-hosts': z.array(z.string()).catch([]),
    'base-path': z.string().catch('/'),
  })
  .catchall(z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]));

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
  dashboard: dashboardSettings.prefault({
    'history-runs': 20,
    'index-cells': 4_000_000,
    enabled: true,
    'allowed-hosts': [],
    'base-path': '/',
  }),
  config: z.array(configSection).default([]),
  /** About values that are not used, for the log. */
  warnings: z.array(z.string()).default([]),
});

export type DaemonSettings = z.output<typeof daemonSettings>;

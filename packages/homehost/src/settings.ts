/** What the daemon needs of the area's config. It never evaluates a config file: who starts it gives it this as JSON. */
import * as z from 'zod';

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
});

export type DaemonSettings = z.output<typeof daemonSettings>;

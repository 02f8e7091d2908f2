/** The feed of changes (spec homehost.md 9.14). */
import * as z from 'zod';
import {method} from '../method-table.ts';
import {id, name} from './shapes.ts';

/**
 * `changes`: tests and runs of all kinds; `run:ID`: a run and its tests; `test:ID`: one test; `runners`: what drives runs; `jobs`, `job:ID`:
 * the job queue; `grid:ID`: an open grid; `log:ID`: a log that this connection has opened; `mode`: whether the daemon stays.
 */
const topic = z.union(
  [
    z.enum(['changes', 'runners', 'jobs', 'mode']),
    z.templateLiteral([z.enum(['run', 'test', 'job', 'grid', 'log']), ':', z.number().int().nonnegative()]),
  ],
  {error: 'topics are changes, run:ID, test:ID, runners, jobs, job:ID, grid:ID, log:ID and mode'},
);
export type Topic = z.output<typeof topic>;
const topics = z.array(topic).max(1000);

const paletteEntry = z.object({
  state: name,
  status: name,
  text: name,
  class: z.enum(['running', 'waiting', 'good', 'failed', 'other']),
});
const paletteNews = z.object({from: id, entries: z.array(paletteEntry)});
export type PaletteEntry = Readonly<z.output<typeof paletteEntry>>;
/** What the codes from `from` on mean. */
export type PaletteNews = {readonly from: number; readonly entries: readonly PaletteEntry[]};

export const feedMethods = {
  subscribe: method<{readonly rev: number}>()(
    'read',
    'From now on `changed`, `palette`, `grid.changed`, `runners.changed`, `jobs.changed`, `log.more` and `mode.changed` are told, as the topics ask; what came after `since` too.',
    {topics, since: id.optional()},
  ),
  unsubscribe: method<null>()('read', 'No longer.', {topics}),
} as const;

export const feedNotifications = {
  changed: z
    .object({
      rev: id,
      prev: id,
      runs: z.array(id),
      /** `[id, runId, code, eventTime, runDuration]` */
      tests: z.array(z.tuple([id, id, id, z.number(), z.number()])),
      gone: z.array(id),
      truncated: z.boolean(),
    })
    .describe(
      'What changed after `prev`: runs and removed tests by id, tests as `[id, runId, code, eventTime, runDuration]`. `truncated`: too much to list, what is shown is to be read again.',
    ),
  palette: paletteNews.describe(
    'What the codes from `from` on mean; each is told once to a connection, before it is used.',
  ),
  'grid.changed': z
    .object({
      grid: id,
      rowCount: id,
      pending: id,
      runs: z
        .array(z.object({runId: id, target: z.array(name).readonly(), runName: name, eventTime: z.number()}))
        .readonly()
        .optional(),
    })
    .describe(
      'Rows, cells or columns (then with `runs`) of a grid came or went: the window is to be read again; topic `grid:ID`.',
    ),
  'runners.changed': z
    .object({runner: z.object({id, state: name}).loose()})
    .describe('A driver began or ended; topic `runners`.'),
  'jobs.changed': z
    .object({job: z.object({id, state: name}).loose()})
    .describe('A job was added, or is in another state; topics `jobs` and `job:ID`.'),
  'mode.changed': z
    .object({mode: name, reason: name})
    .describe('The daemon leaves (`goingDown`); topic `mode`.'),
} as const;

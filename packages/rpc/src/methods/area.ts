/** What pages show of the area as a whole (spec homehost.md 9.15, dashboard.md B5.1, B5.6, B5.10). */
import type {DataAnswer, NamedSeries} from '@megatest/store';
import * as z from 'zod';
import type {DescribedArea} from '../area-description.ts';
import {method} from '../method-table.ts';
import type {ServerStatus} from './session.ts';
import {id, name, text} from './shapes.ts';

export type ServerInfo = {
  /** `live`: the daemon answers. */
  readonly mode: 'live' | 'cache';
  readonly area: string;
  readonly areaPath: string;
  readonly suite: string;
  readonly homehost: string;
  readonly thisHost: string;
  readonly user: string;
  readonly role: 'operator' | 'viewer';
  readonly version: string;
  readonly keys: readonly string[];
  readonly rev: number;
  readonly serverTimeMs: number;
  /** `[dashboard]`, with its defaults. */
  readonly dashboardConfig: Readonly<Record<string, string | number | boolean | readonly string[]>>;
};

export type RunStatistics = {
  /** By name: the status of what is COMPLETED, else the state. */
  readonly columns: readonly string[];
  readonly totals: Readonly<Record<string, number>>;
  /** The newest first, at most 1000. */
  readonly rows: readonly {
    readonly target: readonly string[];
    readonly runName: string;
    readonly runId: number;
    readonly counts: Readonly<Record<string, number>>;
  }[];
  readonly isTruncated: boolean;
};

export type ConfigTable = {
  readonly section: string;
  readonly rows: readonly {
    readonly key: string;
    /** As it stands in the file; `null`: it comes from an included file. */
    readonly raw: string | null;
    /** As the daemon was given it at its start; `null` when it was not. */
    readonly value: string | null;
  }[];
};

export type AreaSummary = RunStatistics & {
  readonly config: readonly ConfigTable[];
  /** Why the files of the area could not be read; `null` when they were. */
  readonly problem: string | null;
  readonly targets: readonly string[];
  readonly daemon: ServerStatus;
};

export type DependencyNode = {
  readonly name: string;
  /** `null`: not known without running commands. */
  readonly items: number | null;
  readonly priority: number;
  /** Named by others, and not in the area. */
  readonly missing: boolean;
  /** What it waits for is not known without running commands. */
  readonly isDynamic: boolean;
  readonly testDir: string | null;
  /** Of the run that was asked for. */
  readonly stateCounts?: readonly {readonly state: string; readonly status: string; readonly count: number}[];
};

export type DependencyGraph = {
  readonly nodes: readonly DependencyNode[];
  /** From what is waited for to what waits. */
  readonly edges: readonly (readonly [from: string, to: string, kind: 'waiton' | 'itemmap'])[];
  /** Tests that wait for each other, and those that wait for themselves. */
  readonly cycles: readonly (readonly string[])[];
  /** Tests that could not be read, and why. */
  readonly problems: readonly string[];
};

export type OtherArea = DescribedArea & {
  readonly newestRun: {readonly target: string; readonly runName: string; readonly eventTime: number} | null;
};

export const VIEW_TYPES = ['external', 'page', 'url', 'table', 'plot', 'testdata', 'grid'] as const;

export type View = {
  readonly name: string;
  readonly type: string;
  readonly title: string;
  readonly order: number;
  readonly refreshS: number;
  readonly settings: Readonly<Record<string, string>>;
  /** Why it cannot be shown. */
  readonly problem: string | null;
};

/** What a view shows besides its settings. */
export type ViewData = DataAnswer | {readonly kind: 'page'; readonly html: string} | {readonly kind: 'none'};

export const areaMethods = {
  'server.info': method<ServerInfo>()('read', 'What a page needs at its start.', {}),
  'area.summary': method<AreaSummary>()(
    'long',
    'The tables of `megatest.config`, the daemon, and the tests of all runs counted by status when COMPLETED, else by state.',
    {},
  ),
  'deps.get': method<DependencyGraph>()(
    'long',
    'Which test waits for which, as the files of the area say without running commands: of all tests, or of those that match and what they wait for.',
    {testPatt: text.optional(), runId: id.optional()},
  ),
  'areas.list': method<readonly OtherArea[]>()('long', 'The areas of `[areas]`, and how they are.', {}),
  'views.get': method<{readonly views: readonly View[]; readonly data: ViewData}>()(
    'long',
    'The views of `.mtviews.config`, in their order; with `name` that one and what it shows.',
    {name: name.optional()},
  ),
  'graphs.read': method<{
    readonly name: string;
    readonly series: readonly NamedSeries[];
    /** Of all values; `null` when there are none. */
    readonly min: number | null;
    readonly max: number | null;
  }>()(
    'long',
    'A graph of `[graph]` between two times, each series with at most `points` points (2000) and the value before it.',
    {
      name,
      from: z.number(),
      to: z.number(),
      points: id.min(2).max(10_000).optional(),
    },
  ),
} as const;

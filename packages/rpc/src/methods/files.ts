/** Files and logs of a run directory (spec homehost.md 9.15, dashboard.md B5.7, B5.9, B10). */
import * as z from 'zod';
import type {TestFiles} from '../area-description.ts';
import {method} from '../method-table.ts';
import {id, name} from './shapes.ts';

export type FileEntry = {
  readonly name: string;
  readonly kind: 'file' | 'directory' | 'link' | 'other';
  /** Bytes. */
  readonly size: number;
  readonly mtimeS: number;
  /** Where a link leads. */
  readonly target?: string;
};

export type FileListing = {
  readonly path: string;
  readonly isThere: boolean;
  /** The archive block that has it; 0 = none. */
  readonly archived: number;
  /** By name. */
  readonly entries: readonly FileEntry[];
  /** There are more. */
  readonly isTruncated: boolean;
};

export type TestVariable = {
  readonly name: string;
  /** `null`: masked for who may only look. */
  readonly value: string | null;
};

export const MARK_TYPES = [
  'error',
  'expect',
  'abort',
  'check',
  'warning',
  'required-warn',
  'required',
  'skip',
  'waive',
  'ignore',
  'value',
  'note',
  'trigger',
] as const;

export type MarkType = (typeof MARK_TYPES)[number];

export type LogMark = {
  /** Number of the line. */
  readonly line: number;
  readonly type: MarkType;
  /** Number of its rule, as the report of logpro counts them. */
  readonly rule: number | null;
};

export type MarkOverview = {
  readonly marks: readonly LogMark[];
  /** There are no more of them. */
  readonly isWhole: boolean;
};

export type OpenedLog = MarkOverview & {
  readonly log: number;
  /** Bytes. */
  readonly size: number;
  /** `null` while they are not all counted. */
  readonly lines: number | null;
  readonly kind: 'text' | 'html' | 'binary';
};

export type LogWindow = {
  readonly log: number;
  readonly size: number;
  readonly total: number | null;
  /** Number of the first line; `null` when it is not known, in the tail of a very large log. */
  readonly from: number | null;
  readonly lines: readonly string[];
  /** Which of these lines, counted from 0, are longer than what is shown. */
  readonly cut: readonly number[];
  readonly marks: readonly LogMark[];
};

/** Relative to the run directory. */
const path = name.min(1);
const log = id.positive();

export const filesMethods = {
  'files.list': method<FileListing>()(
    'read',
    'What is in the run directory of a test, or in a folder of it; at most 5000 entries.',
    {testId: id, path: path.optional()},
  ),
  'files.environment': method<{readonly variables: readonly TestVariable[]}>()(
    'read',
    'The variables of `megatest.sh` of a test, those of `MT_` first; secrets are masked unless an operator says `show`.',
    {testId: id, show: z.boolean().optional()},
  ),
  'files.testconfig': method<{
    readonly source: TestFiles | null;
    /** Why the source could not be read; `null` when it was. */
    readonly problem: string | null;
    /** The copy in the run directory. */
    readonly run: {readonly path: string; readonly text: string} | null;
  }>()(
    'long',
    'The testconfig of a test in its source, with its rules for waivers, and the one that it ran with.',
    {
      testId: id,
    },
  ),
  'logs.open': method<OpenedLog>()(
    'long',
    'Opens a file of a run directory for reading by lines, with what logpro said of them; it is closed with the connection, which has 32 at most.',
    {testId: id, path},
  ),
  'logs.close': method<null>()('read', 'No longer needed.', {log}),
  'logs.read': method<LogWindow>()(
    'long',
    'At most 500 lines and 256 KiB from line `from` on (the first is 1), or with a negative `from` the last ones.',
    {
      log,
      from: z
        .number()
        .int()
        .refine((from) => from !== 0, 'lines count from 1, or from -1 at the end'),
      count: id.positive().max(500),
    },
  ),
  'logs.follow': method<null>()('read', '`log.more` is told from now on; as topic `log:ID` of `subscribe`.', {
    log,
  }),
} as const;

export const filesNotifications = {
  'log.more': z
    .object({
      log: id,
      size: id,
      lines: id.nullable(),
      /** Another file has taken its place: it is to be opened again. */
      isReplaced: z.boolean(),
    })
    .describe('A log that is followed has grown, was begun anew, or was replaced by another file.'),
} as const;

/**
 * What the files of an area say, read by a manager without running their commands, for pages and listings (spec homehost.md 9.12). As it
 * travels from the manager to the daemon.
 */
import type {RawSection} from '@megatest/config';

export const DESCRIBED = ['config', 'settings', 'tests', 'targets', 'areas', 'views'] as const;
export type Described = (typeof DESCRIBED)[number];

export type DescribedTest = {
  readonly testName: string;
  readonly testDir: string;
  readonly waitons: readonly {readonly testName: string; readonly itemMap: string}[];
  /** Some of its waitons come from a command, and are not known. */
  readonly isDynamic: boolean;
  readonly priority: number;
  /** `null`: they come from a command, and are not known. */
  readonly items: number | null;
  readonly meta: Readonly<Record<string, string>>;
};

export type DescribedArea = {
  readonly name: string;
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  readonly isThere: boolean;
  readonly isReadable: boolean;
  readonly daemon: {readonly host: string; readonly port: number} | null;
  /** Last change of its `megatest.db`. */
  readonly changedS: number | null;
};

export type DescribedView = {
  readonly name: string;
  readonly settings: Readonly<Record<string, string>>;
};

export type AreaDescription = {
  /** `megatest.config` as it stands, without what it includes. */
  readonly config?: readonly RawSection[];
  /** What a daemon that is started now would be given. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly tests?: readonly DescribedTest[];
  readonly targets?: readonly string[];
  readonly areas?: readonly DescribedArea[];
  readonly views?: readonly DescribedView[];
  /** What could not be read. */
  readonly problems: readonly string[];
};

export type TestFiles = {
  /** The testconfig of the source; `null` when it is not there. */
  readonly path: string;
  readonly text: string | null;
  /** `[waivers]` and `[waiver_rules]`. */
  readonly waivers: readonly (readonly [name: string, rule: string])[];
  readonly waiverRules: readonly (readonly [name: string, command: string])[];
  /** `[setup] waivercommentpatt`, which the comment of a waiver must match as a whole. */
  readonly commentPattern: string | null;
};

/** What a schedule is told of its run, and what it says of an instance. */
import type {PlannedTest, StateStatus} from '@megatest/model';
import type {DecisionOptions} from './launch-decision.ts';
import type {LaunchOrder} from './launch-order.ts';
import type {MayOthersStart} from './others.ts';

export type RegisteredRow = StateStatus & {
  readonly itemPath: string;
  readonly testId: number;
  /** Launched by this driver before the daemon was restarted: `-force` and `-rerun` do not repeat it. */
  readonly isOwnLaunch: boolean;
  /** Which retry that launch was, as `takeReady` said; without it: none. */
  readonly retry?: number;
};

export type ScheduleOptions = DecisionOptions & {
  /** Whether the same instance is running in any run of the area, for mode `exclusive`. */
  readonly isRunningAnywhere: (testName: string, itemPath: string | undefined) => boolean;
  /**
   * Whether another live runner of this run may still start something of a test: `mayStart` of its schedule, or true while it has
   * none yet. Call `recheckOthers` when that may have changed. Without it: there is no other runner.
   */
  readonly mayOthersStart?: MayOthersStart;
  /** The instances of `rerun failed`: all others are left as they are. Without it: all. */
  readonly isWanted?: (testName: string, itemPath: string) => boolean;
  /** Failures, after their retries, at which nothing more is launched. */
  readonly maxFail?: number | undefined;
  readonly order?: LaunchOrder;
};

/** What `takeReady` gives away. */
export type ReadyInstance = {
  readonly instance: Instance;
  readonly plan: PlannedTest;
  /** 0 for the first launch; to be kept with it, for a daemon that is restarted. */
  readonly retry: number;
};

export type Instance = {
  readonly testName: string;
  readonly itemPath: string;
  readonly vars: readonly (readonly [string, string])[];
  readonly testId: number;
};

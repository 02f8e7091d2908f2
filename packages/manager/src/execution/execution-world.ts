/** What an execution sees of its manager and, through it, of the daemon. */
import type {Env} from '@megatest/config';
import type {ReportEntry} from '@megatest/rpc';
import type {AreaContext} from '../plan/area-context.ts';
import type {CommandInfo} from './cmdinfo.ts';
import type {Spawner} from './spawner.ts';
import type {StepRecord} from './step-view.ts';
import type {Written} from './test-records.ts';
import type {TestconfigData} from './testconfig-data.ts';
import type {TriggerList} from './triggers.ts';
import type {PreviousTest} from './waivers.ts';

export type ExecutionWorld = {
  readonly report: (entry: ReportEntry) => void;
  /** Asks the daemon for the right to run the test; `undefined` when the order itself came from the daemon to this manager. */
  readonly claim?: (request: {
    testId: number;
    launchId: string;
    host: string;
    pid: number;
    pidStart: string;
    takeOver?: boolean;
  }) => Promise<{readonly run: boolean}>;
  readonly loadTestconfig: (env: Env, testDir: string) => Promise<TestconfigData>;
  /** The same test in the newest other run of the target. */
  readonly previous: (info: CommandInfo) => Promise<PreviousTest | null>;
  /** Step records that an earlier manager reported of the test. */
  readonly recordedSteps: (testId: number) => Promise<readonly StepRecord[]>;
  /** Runs what a write has fired, once it is committed. */
  readonly fire: (test: TriggeredTest, written: Written) => void;
  /** An item has ended: the page of its test is out of date. */
  readonly itemEnded: (info: CommandInfo, env: Env, context: AreaContext) => void;
  /** Starts the shells of steps. */
  readonly spawner: Spawner;
  readonly nowS: () => number;
  readonly log: (text: string) => void;
  /** File mode mask of whoever submitted or started the test. */
  readonly umask: number;
  /** Where the front of the `megatest` command finds this manager. */
  readonly callsDirectory: string;
};

export type TriggeredTest = {
  readonly info: CommandInfo;
  readonly triggers: TriggerList;
  readonly env: Readonly<Env>;
};

/**
 * Whether a launch is skipped by the `[skip]` section of its testconfig (spec runs.md 8). The rule looks at nothing itself: whoever
 * asks has looked for the running instances, the file and the latest result.
 */
import {parseDuration, type SkipRule, unreachable} from '@megatest/model';

/** Statuses of an earlier run that count for `rundelay`, and the states in which they do. */
export const RUNDELAY_STATES = ['COMPLETED', 'INCOMPLETE'] as const;
export const RUNDELAY_STATUSES = ['PASS', 'FAIL', 'ABORT'] as const;

export type SkipFacts = {
  readonly nowS: number;
  /** The same instance is in a running state in any run of the area; for a test without items also any of its items. */
  readonly isRunningAnywhere: boolean;
  /** Whether the file of `fileexists` was there when the launching manager looked for it. */
  readonly doesFileExist: boolean;
  /** The latest `event_time` of the same instance in any run with the states and statuses above. */
  readonly lastResultS: number | undefined;
};

/** `undefined` = launch. The comment goes into the row, which becomes COMPLETED/SKIP. */
export function decideSkip(
  name: string,
  rule: SkipRule | null,
  facts: SkipFacts,
): {readonly comment: string; readonly text: string} | undefined {
  const reason = rule === null ? undefined : reasonOf(rule, facts);
  return reason === undefined
    ? undefined
    : {comment: `Skipping due to ${reason}`, text: `INFO: (1) SKIPPING Test ${name} due to ${reason}`};
}

function reasonOf({kind, value}: SkipRule, facts: SkipFacts): string | undefined {
  switch (kind) {
    case 'prevrunning':
      return facts.isRunningAnywhere ? 'previous tests running' : undefined;
    case 'fileexists':
      // The spelling is what existing areas look for.
      return facts.doesFileExist ? `existance of file ${value}` : undefined;
    case 'rundelay': {
      // Parts without a unit count as nothing, so that `rundelay 90` skips only beside a running copy.
      const delayS = parseDuration(value) ?? 0;
      const isRecent = facts.lastResultS !== undefined && facts.nowS - facts.lastResultS < delayS;
      return facts.isRunningAnywhere || isRecent ? `previous test run less than ${value} ago` : undefined;
    }
    default:
      return unreachable(kind);
  }
}

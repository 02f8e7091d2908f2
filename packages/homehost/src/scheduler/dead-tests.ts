/** Which tests have died without a word (spec runs.md 11). What is dead becomes COMPLETED/DEAD, and its parent rolls up. */
export const DEAD_COMMENT = 'Test failed to complete';

/** A launched test may sit in the queue of a cluster for a day before its executor must have started. */
const launchedLimitS = 86_400;

export type DeadTestFacts = {
  readonly nowS: number;
  /** `[setup] deadtime`. */
  readonly deadtimeS: number;
  /** When the manager that runs the test was last heard: now, while it is connected; `undefined` = never, or nobody has it. */
  readonly managerHeardS: number | undefined;
};

type Row = {readonly state: string; readonly eventTimeS: number; readonly runDurationS: number};

/** Ids of those that have died; `isManaged`: a manager that is connected has the test. */
export function deadTests(
  rows: readonly (Row & {readonly id: number})[],
  by: Omit<DeadTestFacts, 'managerHeardS'> & {readonly isManaged: (testId: number) => boolean},
): readonly number[] {
  const {nowS, deadtimeS, isManaged} = by;
  return rows
    .filter((row) => isDead(row, {nowS, deadtimeS, managerHeardS: isManaged(row.id) ? nowS : undefined}))
    .map(({id}) => id);
}

/** To be asked of instances only: parent rows follow from their items. */
export function isDead(row: Row, {nowS, deadtimeS, managerHeardS}: DeadTestFacts): boolean {
  switch (row.state) {
    case 'RUNNING':
    case 'REMOTEHOSTSTART': {
      // The executor writes the duration every few seconds, so a test that lives never gets this old.
      const isSilent = nowS - row.eventTimeS > row.runDurationS + deadtimeS;
      const isManagerSilent = managerHeardS === undefined || nowS - managerHeardS >= deadtimeS;
      return isSilent && isManagerSilent;
    }
    case 'LAUNCHED':
      return nowS - row.eventTimeS > launchedLimitS;
    default:
      return false;
  }
}

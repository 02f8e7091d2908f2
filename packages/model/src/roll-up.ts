/**
 * How the items of an iterated test roll up into its parent row (spec runs.md 5).
 *
 * The rule needs only how many items have which state and status, so a parent keeps these counts and a change costs the
 * same whatever the number of items. The result does not depend on the order of events, except that of two texts with the
 * same rank the changed item's wins.
 */
import {isRunning, stateRank, statusRank} from './states.ts';

export type StateStatus = {readonly state: string; readonly status: string};
export type CountedGroup = StateStatus & {readonly count: number};

/** Items in these states no longer count: they are on their way out. */
const leaving = new Set(['DELETED', 'REMOVING', 'CLEANING']);
const allowedWithNotStarted = new Set([
  'n/a',
  'na',
  'PASS',
  'FAIL',
  'WARN',
  'CHECK',
  'WAIVED',
  'DEAD',
  'SKIP',
]);

/**
 * The parent row for a changed item and all others, given as groups with counts.
 * `current` is the item after the change; it must not be counted in `others`.
 */
export function rollUp(current: StateStatus, others: readonly CountedGroup[]): StateStatus {
  const groups = others.filter((group) => group.count > 0 && !leaving.has(group.state)).sort(byText);
  const all: readonly StateStatus[] = leaving.has(current.state) ? groups : [current, ...groups];
  if (all.length === 0) {
    return {state: 'NOT_STARTED', status: 'n/a'};
  }
  const isBlocked = all.some(
    (item) => item.state === 'NOT_STARTED' && !allowedWithNotStarted.has(item.status),
  );
  const state = parentState(current, groups, all, isBlocked);
  if (isBlocked || state === 'NOT_STARTED') {
    return {state, status: 'CHECK'};
  }
  return {
    state,
    status: highest(
      all.map((item) => item.status),
      statusRank,
    ),
  };
}

function parentState(
  current: StateStatus,
  groups: readonly StateStatus[],
  all: readonly StateStatus[],
  isBlocked: boolean,
): string {
  if (groups.some((group) => isRunning(group.state))) {
    return 'RUNNING';
  }
  if (isRunning(current.state)) {
    return current.state;
  }
  if (isBlocked) {
    return 'COMPLETED';
  }
  const unfinished = all.filter((item) => item.state !== 'COMPLETED').map((item) => item.state);
  return unfinished.length > 0 ? highest(unfinished, stateRank) : 'COMPLETED';
}

/** The first text of highest rank. */
function highest(texts: readonly string[], rank: (text: string) => number): string {
  return texts.reduce((best, text) => (rank(text) > rank(best) ? text : best));
}

function byText(a: StateStatus, b: StateStatus): number {
  return compare(a.state, b.state) || compare(a.status, b.status);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * The states and statuses of a test, their ranks, kinds, labels and colours: the single source of them all
 * (spec runs.md 4). Both are free text in the database; a text that is not listed here counts as `ended`, rank 0.
 */

/** What a state means to the engine: may still run, is running, is being ended or cleaned, has ended, is gone. */
export type StateKind = 'waiting' | 'running' | 'ending' | 'busy' | 'ended' | 'gone';

export type StateRow = {
  readonly name: string;
  readonly rank: number;
  readonly kind: StateKind;
  readonly meaning: string;
};

export const STATES: readonly StateRow[] = [
  {
    name: 'NOT_STARTED',
    rank: 4,
    kind: 'waiting',
    meaning: 'registered; the status tells whether it may still run',
  },
  {name: 'LAUNCHED', rank: 6, kind: 'running', meaning: 'given to the launcher'},
  {name: 'REMOTEHOSTSTART', rank: 7, kind: 'running', meaning: 'the executor has started on the host'},
  {
    name: 'RUNNING',
    rank: 8,
    kind: 'running',
    meaning: 'script or steps active; on a parent row: some item active',
  },
  {name: 'COMPLETED', rank: 5, kind: 'ended', meaning: 'normal end, the status holds the result'},
  {name: 'INCOMPLETE', rank: 0, kind: 'ended', meaning: 'the executor was stopped by a signal'},
  {name: 'KILLREQ', rank: 2, kind: 'ending', meaning: 'someone asked to kill it'},
  {name: 'KILLED', rank: 3, kind: 'ended', meaning: 'killed on request or by time limit'},
  {name: 'FAILEDKILL', rank: 0, kind: 'ended', meaning: 'removal could not kill it'},
  {name: 'STUCK', rank: 1, kind: 'ended', meaning: 'set by users only'},
  {name: 'UNKNOWN', rank: 0, kind: 'ended', meaning: 'set by users only'},
  {name: 'CLEANING', rank: 0, kind: 'busy', meaning: 'its directory is being precleaned'},
  {name: 'REMOVING', rank: 0, kind: 'busy', meaning: 'its directory is being removed'},
  {name: 'ARCHIVE_REMOVING', rank: 0, kind: 'busy', meaning: 'being removed after archiving'},
  {name: 'ARCHIVED', rank: 0, kind: 'ended', meaning: 'data is only in the archive; the status is kept'},
  {name: 'DELETED', rank: 0, kind: 'gone', meaning: 'removed; hidden from normal queries'},
];

export type StatusRow = {
  readonly name: string;
  readonly rank: number;
  /** Whether dependants may go on when the test is COMPLETED with it. */
  readonly isGood: boolean;
  readonly meaning: string;
};

export const STATUSES: readonly StatusRow[] = [
  {name: 'n/a', rank: 1, isGood: false, meaning: 'no result yet'},
  {name: 'PASS', rank: 2, isGood: true, meaning: 'good'},
  {name: 'SKIP', rank: 3, isGood: true, meaning: 'skip rule, or logpro code 6'},
  {name: 'WARN', rank: 4, isGood: true, meaning: 'logpro code 2'},
  {name: 'WAIVED', rank: 5, isGood: true, meaning: 'waived by a user, by propagation, or logpro code 4'},
  {
    name: 'CHECK',
    rank: 6,
    isGood: true,
    meaning: 'logpro code 3; on a parent row: part of the items could not run',
  },
  {name: 'STUCK/DEAD', rank: 7, isGood: false, meaning: 'set by users only'},
  {name: 'DEAD', rank: 7, isGood: false, meaning: 'found dead, or its launcher failed'},
  {name: 'KILLED', rank: 7.5, isGood: false, meaning: 'killed on request or by time limit'},
  {name: 'FAILED TO KILL', rank: 7.5, isGood: false, meaning: 'there was no process to kill'},
  {name: 'FAIL', rank: 8, isGood: false, meaning: 'bad exit code, or logpro code 1'},
  {name: 'ABORT', rank: 9, isGood: false, meaning: 'logpro code 5'},
  {name: 'AUTO', rank: 0, isGood: false, meaning: 'the result is computed from the test data'},
  {name: 'AUTO-WARN', rank: 0, isGood: false, meaning: 'as AUTO, after a step that warned'},
  {name: 'INCOMPLETE', rank: 0, isGood: false, meaning: 'left by auto-rerun'},
  {name: 'LOCKED', rank: 0, isGood: false, meaning: 'together with CLEANING or REMOVING'},
  {name: 'ZERO_ITEMS', rank: 0, isGood: false, meaning: 'NOT_STARTED: the item list came out empty'},
  {name: 'PREQ_FAIL', rank: 0, isGood: false, meaning: 'NOT_STARTED: a prerequisite ended badly'},
  {
    name: 'PREQ_DISCARDED',
    rank: 0,
    isGood: false,
    meaning: 'NOT_STARTED: a prerequisite will itself never run',
  },
  {name: 'BLOCKED', rank: 0, isGood: false, meaning: 'NOT_STARTED: gave up (read, never written)'},
  {name: 'TEN_STRIKES', rank: 0, isGood: false, meaning: 'NOT_STARTED: gave up (read, never written)'},
  {name: 'TIMED_OUT', rank: 0, isGood: false, meaning: 'NOT_STARTED: nothing was running for too long'},
  {name: 'KEEP_TRYING', rank: 0, isGood: false, meaning: 'NOT_STARTED: as n/a (read, never written)'},
];

const stateByName = new Map(STATES.map((row) => [row.name, row]));
const statusByName = new Map(STATUSES.map((row) => [row.name, row]));
const noResultSynonym = 'na';

export function stateKind(state: string): StateKind {
  return stateByName.get(state)?.kind ?? 'ended';
}

export function stateRank(state: string): number {
  return stateByName.get(state)?.rank ?? 0;
}

export function statusRank(status: string): number {
  return statusByName.get(status === noResultSynonym ? 'n/a' : status)?.rank ?? 0;
}

/** LAUNCHED, REMOTEHOSTSTART or RUNNING. */
export function isRunning(state: string): boolean {
  return stateKind(state) === 'running';
}

export function isEnded(state: string): boolean {
  return stateKind(state) === 'ended';
}

/** Whether a dependant in normal mode may go: the "good" rows of runs.md 4.3. */
export function isGood(state: string, status: string): boolean {
  return (state === 'COMPLETED' || state === 'ARCHIVED') && (statusByName.get(status)?.isGood ?? false);
}

/** A NOT_STARTED row with such a status will not run by itself: everything but "no result yet". */
export function isDeadEndStatus(status: string): boolean {
  return status !== 'n/a' && status !== 'KEEP_TRYING';
}

/** The rows that `rerun failed` repeats, and that a summary calls failed (runs.md 12.6). */
export function hasFailed(state: string, status: string): boolean {
  if (state === 'COMPLETED') {
    return ['FAIL', 'ABORT', 'CHECK', 'DEAD', 'STUCK/DEAD', 'KILLED', 'FAILED TO KILL'].includes(status);
  }
  if (state === 'NOT_STARTED') {
    return isDeadEndStatus(status);
  }
  return state === 'KILLED' || state === 'FAILEDKILL' || state === 'INCOMPLETE';
}

const notStartedLabels = new Set([
  'ZERO_ITEMS',
  'BLOCKED',
  'PREQ_FAIL',
  'PREQ_DISCARDED',
  'TIMED_OUT',
  'KEEP_TRYING',
  'TEN_STRIKES',
]);

/** The one word shown for a test: its status once it has one worth showing, otherwise its state (runs.md 4.4). */
export function label(state: string, status: string): string {
  if (
    state === 'COMPLETED' ||
    state === 'ARCHIVED' ||
    (state === 'NOT_STARTED' && notStartedLabels.has(status))
  ) {
    return status;
  }
  return state;
}

/** Colours as `#RRGGBB`; the first row that matches decides, `*` matches any status (runs.md 4.4). */
const colours: readonly (readonly [state: string, statuses: string, background: string, text: string])[] = [
  ['COMPLETED', 'PASS', '#46F949', 'black'],
  ['COMPLETED', 'WARN,WAIVED', '#FFAC0D', 'black'],
  ['COMPLETED', 'SKIP', '#E6E600', 'black'],
  ['COMPLETED', 'ABORT', '#C624A6', 'white'],
  ['COMPLETED', '*', '#FD2131', 'black'],
  ['ARCHIVED', 'PASS', '#46AA49', 'black'],
  ['ARCHIVED', 'WARN,WAIVED', '#C8820D', 'black'],
  ['ARCHIVED', 'SKIP', '#E6E600', 'black'],
  ['ARCHIVED', '*', '#B42131', 'white'],
  ['LAUNCHED', '*', '#657B8E', 'black'],
  ['CHECK', '*', '#FF6432', 'black'],
  ['REMOTEHOSTSTART', '*', '#3282C3', 'black'],
  ['RUNNING', '*', '#0983E8', 'black'],
  ['KILLREQ', '*', '#2752CE', 'white'],
  ['KILLED', '*', '#EA6511', 'black'],
  ['NOT_STARTED', 'CHECK', '#E6E600', 'black'],
  ['NOT_STARTED', '*', '#F0F0F0', 'black'],
];

export function colour(state: string, status: string): {readonly background: string; readonly text: string} {
  const row = colours.find(
    ([ofState, statuses]) => ofState === state && (statuses === '*' || statuses.split(',').includes(status)),
  );
  return {background: row?.[2] ?? '#C0C0C0', text: row?.[3] ?? 'black'};
}

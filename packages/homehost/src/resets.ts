/** Which rows are set back before a run, by the three kinds of rerun and by `allow-auto-rerun` (spec runs.md 12). */
import {hasFailed, rollUp, type StateStatus, unreachable} from '@megatest/model';

export type RerunAction = 'run' | 'rerun-clean' | 'rerun-all' | 'rerun-failed' | 'rerun-step';

/** What `-rerun-clean` sets back: rows with one of the states, then rows with one of the statuses. */
export type CleanRerunLists = {readonly states: readonly string[]; readonly statuses: readonly string[]};

/** Without `[validvalues] cleanrerun-states` and `cleanrerun-statuses`. */
export const CLEAN_RERUN_DEFAULTS: CleanRerunLists = {
  states: ['KILLREQ', 'KILLED', 'UNKNOWN', 'INCOMPLETE', 'STUCK', 'NOT_STARTED'],
  statuses: ['FAIL', 'INCOMPLETE', 'ABORT', 'CHECK'],
};

/** What may be repeated from a step on. */
const ENDED_STATES: readonly string[] = ['COMPLETED', 'KILLED', 'INCOMPLETE'];

export type ResetRow = StateStatus & {
  readonly id: number;
  readonly testName: string;
  readonly itemPath: string;
};

export function mustReset(
  action: RerunAction,
  row: StateStatus,
  lists: CleanRerunLists = CLEAN_RERUN_DEFAULTS,
): boolean {
  switch (action) {
    case 'run':
      return false;
    case 'rerun-all':
      return true;
    case 'rerun-clean':
      return lists.states.includes(row.state) || lists.statuses.includes(row.status);
    case 'rerun-failed':
      return hasFailed(row.state, row.status);
    case 'rerun-step':
      return ENDED_STATES.includes(row.state);
    default:
      return unreachable(action);
  }
}

/**
 * The ids of the rows that become NOT_STARTED/n/a, in the order in which they are to be written with roll-up: items and tests
 * without items first, then parents. `rows` are all rows of the run that may be set back, items with their parents.
 */
export function planResets(
  action: RerunAction,
  rows: readonly ResetRow[],
  lists: CleanRerunLists = CLEAN_RERUN_DEFAULTS,
): readonly number[] {
  const itemsOf = new Map<string, ResetRow[]>();
  for (const row of rows.filter(({itemPath}) => itemPath !== '')) {
    const items = itemsOf.get(row.testName);
    if (items === undefined) {
      itemsOf.set(row.testName, [row]);
    } else {
      items.push(row);
    }
  }
  const isParent = (row: ResetRow) => row.itemPath === '' && itemsOf.has(row.testName);
  const instances = rows.filter((row) => !isParent(row) && mustReset(action, row, lists));
  const reset = new Set(instances.map(({id}) => id));
  const parents = rows.filter((row) => {
    // Where only some are repeated, parents tell by roll-up alone: their other items keep their results.
    if (!isParent(row) || repeatsSome(action)) {
      return false;
    }
    const items = itemsOf.get(row.testName) ?? [];
    return mustReset(action, afterResets(row, items, reset), lists);
  });
  return [...instances, ...parents].map(({id}) => id);
}

/** Only instances that are chosen one by one run; all others are left as they are. */
export function repeatsSome(action: RerunAction): boolean {
  return action === 'rerun-failed' || action === 'rerun-step';
}

/** The parent row as it is when the items have been set back and rolled up. */
function afterResets(
  parent: StateStatus,
  items: readonly ResetRow[],
  reset: ReadonlySet<number>,
): StateStatus {
  if (!items.some(({id}) => reset.has(id))) {
    return parent;
  }
  const [current, ...others] = items.map(
    ({id, state, status}): StateStatus =>
      reset.has(id) ? {state: 'NOT_STARTED', status: 'n/a'} : {state, status},
  );
  return current === undefined
    ? parent
    : rollUp(
        current,
        others.map((item) => ({...item, count: 1})),
      );
}

/** One word of `[setup] allow-auto-rerun`; what is `undefined` matches anything. */
export type AutoRerunRule = {readonly state: string | undefined; readonly status: string | undefined};

/** `STATE`, `STATE/STATUS` or `/STATUS`, blank-separated; a status may contain slashes itself. */
export function parseAutoRerun(text: string): readonly AutoRerunRule[] {
  return text
    .split(/\s+/)
    .filter((word) => word !== '' && word !== '/')
    .map((word) => {
      const [, state = '', status] = /^([^/]*)(?:\/(.+))?$/.exec(word.replace(/\/$/, '')) ?? [];
      return {state: state === '' ? undefined : state, status};
    });
}

/** The new values of a row that is to run again by itself; `undefined` = it stays as it is. */
export function autoRerun(rules: readonly AutoRerunRule[], row: StateStatus): StateStatus | undefined {
  const rule = rules.find(
    ({state, status}) => (state ?? row.state) === row.state && (status ?? row.status) === row.status,
  );
  // Areas look for the old state as the new status, where no status was given.
  return rule === undefined
    ? undefined
    : {state: 'NOT_STARTED', status: rule.status === undefined ? row.state : row.status};
}

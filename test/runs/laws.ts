/**
 * What must hold of every run, whatever happens to it; said a second time, from the rows alone, so that a mistake in the schedule
 * does not hide itself. A broken law throws.
 */
import {
  ItemMap,
  isDeadEndStatus,
  isEnded,
  isGood,
  isRunning,
  type PlannedTest,
  rollUp,
  type StateStatus,
  stateRank,
  statusRank,
  TestPattern,
} from '@megatest/model';
import type {FakeRow, FakeStore} from './fake-store.ts';

const nothing: StateStatus = {state: 'NOT_STARTED', status: 'n/a'};

/** Whether the rows of all waitons let an instance go (runs.md 6), as they are now. */
export function areWaitonsMet(test: PlannedTest, itemPath: string, store: FakeStore): boolean {
  return test.waitons.every(({testName, itemMap}) => {
    const parent = store.find(testName, '') ?? nothing;
    return test.modes.some((mode) => {
      switch (mode) {
        case 'exclusive':
          return false;
        case 'normal':
          return isGood(parent.state, parent.status);
        case 'toplevel':
          return isEnded(parent.state);
        default:
          return isItemMet(test, new ItemMap(itemMap).apply(itemPath), parent, store, testName);
      }
    });
  });
}

function isItemMet(
  test: PlannedTest,
  path: string,
  parent: StateStatus,
  store: FakeStore,
  waiton: string,
): boolean {
  const items = itemsAt(path, store, waiton);
  if (test.iterated === 'no' || path === '' || items.length === 0) {
    return isGood(parent.state, parent.status);
  }
  const isForced = parent.state === 'COMPLETED' && ['PASS', 'WARN', 'WAIVED', 'SKIP'].includes(parent.status);
  return isForced || items.every(({state, status}) => isGood(state, status));
}

function itemsAt(path: string, store: FakeStore, testName: string): readonly FakeRow[] {
  if (path.includes('%')) {
    const isMeant = new TestPattern(`%/${path}`).forTest(testName);
    return [...store.rowsOf(testName)].filter((row) => row.itemPath !== '' && isMeant(row.itemPath));
  }
  const row = path === '' ? undefined : store.find(testName, path);
  return row === undefined ? [] : [row];
}

/** Rows of a run that has ended: nothing moves, and what never started says why, but for what the pattern leaves out. */
export function checkEndStates(store: FakeStore, isOpenAllowed: (row: FakeRow) => boolean): void {
  for (const row of store.rows) {
    const {state, status} = row;
    const isLegal =
      isEnded(state) || (state === 'NOT_STARTED' && (isDeadEndStatus(status) || isOpenAllowed(row)));
    if (!isLegal) {
      throw new Error(`${row.testName}/${row.itemPath} ended as ${state}/${status}`);
    }
  }
}

/** The parent row of each test with items is what its items roll up into, computed from scratch. */
export function checkRollUp(store: FakeStore, tests: readonly PlannedTest[]): void {
  for (const {testName} of tests) {
    const items = [...store.rowsOf(testName)].filter((row) => row.itemPath !== '');
    const [current, ...others] = items;
    const parent = store.find(testName, '');
    const hasMoved = items.some(({state, status}) => state !== 'NOT_STARTED' || status !== 'n/a');
    if (current === undefined || parent === undefined || !hasMoved) {
      continue;
    }
    const result = rollUp(
      current,
      others.map(({state, status}) => ({state, status, count: 1})),
    );
    const isSame =
      isRunning(result.state) === isRunning(parent.state) &&
      stateRank(result.state) === stateRank(parent.state) &&
      statusRank(result.status) === statusRank(parent.status);
    if (!isSame) {
      throw new Error(
        `${testName} is ${parent.state}/${parent.status}, its items roll up into ${result.state}/${result.status}`,
      );
    }
  }
}

/**
 * How the items of each iterated test stand, as counts by state and status, so that the roll-up into the parent row costs the same
 * whatever their number (spec homehost.md 9.10). Filled when first needed.
 */
import {rollUp, type StateStatus} from '@megatest/model';
import type {Statement} from 'better-sqlite3';
import type {Connection} from './connection.ts';

/** What is known of the row with empty item path. */
export type Parent = StateStatus & {readonly id: number; readonly rundir: string; readonly shortdir: string};

/** A handful of groups at most: looked through faster than a key is made of two texts. */
type Group = StateStatus & {count: number};
type Counter = {
  parent: Parent;
  readonly groups: Group[];
  /** Parents by who is there (see `rollCall`): thousands of items end in the same few ways, one after another. */
  readonly results: Map<number, StateStatus>;
};
/** Of more groups than bits the parent is worked out every time. */
const mostRemembered = 20;

/** The place of an item: its parent has the same run and name. */
type Item = {readonly runId: number; readonly testName: string; readonly itemPath: string};

export class ItemCounters {
  readonly #findParent: (runId: number, testName: string) => Parent | undefined;
  readonly #groups: Statement<[number, string], Group>;
  /** By run and test name. */
  readonly #counters = new Map<number, Map<string, Counter>>();

  constructor(db: Connection, findParent: (runId: number, testName: string) => Parent | undefined) {
    this.#findParent = findParent;
    this.#groups = db.prepare(
      `SELECT state, status, count(*) AS count FROM tests WHERE run_id = ? AND testname = ? AND item_path <> ''
       GROUP BY state, status`,
    );
  }

  parentOf({runId, testName}: Item): Parent | undefined {
    return this.#counterOf(runId, testName)?.parent;
  }

  /** The parent's own state or status was set: it is no longer what its items make of it. */
  parentChanged({runId, testName}: Item): void {
    this.#counters.get(runId)?.delete(testName);
  }

  parentMoved({runId, testName}: Item, directories: Pick<Parent, 'rundir' | 'shortdir'>): void {
    const counter = this.#counters.get(runId)?.get(testName);
    if (counter !== undefined) {
      counter.parent = {...counter.parent, ...directories};
    }
  }

  /** Keeps the counts right when a row changes; does nothing when nobody has asked for them yet. */
  count(item: Item, before: StateStatus | undefined, after: StateStatus): void {
    if (item.itemPath === '') {
      this.parentChanged(item);
      return;
    }
    const counter = this.#counters.get(item.runId)?.get(item.testName);
    if (counter !== undefined) {
      move(counter.groups, before, after);
    }
  }

  /**
   * Counts a change of an item and says what its parent is now; `undefined` when it has none. `write` makes the item's row say so:
   * before it the counts must have been read, so that they hold the old values.
   */
  rollUp(item: Item & StateStatus, next: StateStatus, write: () => void): RolledUp | undefined {
    const counter = this.#counterOf(item.runId, item.testName);
    write();
    if (counter === undefined) {
      return undefined;
    }
    move(counter.groups, item, next);
    const result = parentOf(counter, next);
    const {parent} = counter;
    const hasChanged = parent.state !== result.state || parent.status !== result.status;
    if (hasChanged) {
      counter.parent = {...parent, ...result};
    }
    return {parent: counter.parent, hasChanged};
  }

  clear(): void {
    this.#counters.clear();
  }

  #counterOf(runId: number, testName: string): Counter | undefined {
    const ofRun = this.#counters.get(runId) ?? new Map<string, Counter>();
    const known = ofRun.get(testName);
    if (known !== undefined) {
      return known;
    }
    const parent = this.#findParent(runId, testName);
    if (parent === undefined) {
      return undefined;
    }
    const made = {parent, groups: this.#groups.all(runId, testName), results: new Map()};
    this.#counters.set(runId, ofRun.set(testName, made));
    return made;
  }
}

export type RolledUp = {readonly parent: Parent; readonly hasChanged: boolean};

/** The parent of an item that has just become `next`, and of all others. */
function parentOf({groups, results}: Counter, next: StateStatus): StateStatus {
  const own = groupOf(groups, next);
  own.count -= 1;
  const key = groups.length > mostRemembered ? undefined : rollCall(groups, own);
  const result = (key === undefined ? undefined : results.get(key)) ?? rollUp(next, groups);
  own.count += 1;
  if (key !== undefined) {
    results.set(key, result);
  }
  return result;
}

/** All that a roll-up looks at, as a number: which groups have somebody in them, and which one the changed item is of. */
function rollCall(groups: readonly Group[], own: Group): number {
  let call = groups.indexOf(own);
  for (let index = 0; index < groups.length; index += 1) {
    call += (groups[index]?.count ?? 0) > 0 ? 2 ** (index + 5) : 0;
  }
  return call;
}

function groupOf(groups: Group[], {state, status}: StateStatus): Group {
  const known = groups.find((group) => group.state === state && group.status === status);
  if (known !== undefined) {
    return known;
  }
  const made = {state, status, count: 0};
  groups.push(made);
  return made;
}

function move(groups: Group[], before: StateStatus | undefined, after: StateStatus): void {
  if (before !== undefined) {
    const group = groupOf(groups, before);
    group.count = Math.max(0, group.count - 1);
  }
  groupOf(groups, after).count += 1;
}

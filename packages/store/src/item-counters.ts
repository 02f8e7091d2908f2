/**
 * How the items of each iterated test stand, as counts by state and status, so that the roll-up into the parent row costs the same
 * whatever their number (spec homehost.md 9.10). Filled when first needed.
 */
import {type CountedGroup, rollUp, type StateStatus} from '@megatest/model';
import type {Statement} from 'better-sqlite3';
import type {Connection} from './connection.ts';

/** What is known of the row with empty item path. */
export type Parent = StateStatus & {readonly id: number; readonly rundir: string; readonly shortdir: string};

type Counter = {parent: Parent; readonly counts: Map<string, number>};

/** The place of an item: its parent has the same run and name. */
type Item = {readonly runId: number; readonly testName: string; readonly itemPath: string};

export class ItemCounters {
  readonly #findParent: (runId: number, testName: string) => Parent | undefined;
  readonly #groups: Statement<[number, string], CountedGroup>;
  readonly #counters = new Map<string, Counter>();

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
    this.#counters.delete(keyOf(runId, testName));
  }

  parentMoved({runId, testName}: Item, directories: Pick<Parent, 'rundir' | 'shortdir'>): void {
    const counter = this.#counters.get(keyOf(runId, testName));
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
    const counter = this.#counters.get(keyOf(item.runId, item.testName));
    if (counter !== undefined) {
      move(counter.counts, before, after);
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
    move(counter.counts, item, next);
    const others: CountedGroup[] = [];
    for (const [key, count] of counter.counts) {
      const [state = '', status = ''] = key.split('\0');
      const isOwn = state === next.state && status === next.status;
      others.push({state, status, count: isOwn ? count - 1 : count});
    }
    const result = rollUp(next, others);
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
    const key = keyOf(runId, testName);
    const known = this.#counters.get(key);
    if (known !== undefined) {
      return known;
    }
    const parent = this.#findParent(runId, testName);
    if (parent === undefined) {
      return undefined;
    }
    const counts = new Map(
      this.#groups.all(runId, testName).map((group) => [keyOf(group.state, group.status), group.count]),
    );
    const made = {parent, counts};
    this.#counters.set(key, made);
    return made;
  }
}

export type RolledUp = {readonly parent: Parent; readonly hasChanged: boolean};

function keyOf(first: number | string, second: string): string {
  return `${first}\0${second}`;
}

function move(counts: Map<string, number>, before: StateStatus | undefined, after: StateStatus): void {
  if (before !== undefined) {
    const key = keyOf(before.state, before.status);
    counts.set(key, Math.max(0, (counts.get(key) ?? 0) - 1));
  }
  const key = keyOf(after.state, after.status);
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

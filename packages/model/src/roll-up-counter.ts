/**
 * The items of one parent row, counted by state and status, so that a changed item costs the same whatever their number
 * (spec runs.md 5).
 */
import {type CountedGroup, rollUp, type StateStatus} from './roll-up.ts';

type MutableGroup = StateStatus & {count: number};

export class RollUpCounter {
  readonly #groups = new Map<string, MutableGroup>();

  /** An item changed: `before` is `undefined` for a new one. Returns the values of the parent row. */
  move(before: StateStatus | undefined, after: StateStatus): StateStatus {
    if (before !== undefined) {
      this.#add(before, -1);
    }
    // The rule wants the changed item apart from all others.
    const parent = rollUp(after, this.groups());
    this.#add(after, 1);
    return parent;
  }

  groups(): readonly CountedGroup[] {
    return [...this.#groups.values()];
  }

  #add({state, status}: StateStatus, change: number): void {
    const key = `${state}\0${status}`;
    const group = this.#groups.get(key) ?? {state, status, count: 0};
    group.count += change;
    if (group.count < 0) {
      throw new Error(`no item is ${state}/${status}, so none can leave it`);
    }
    if (group.count === 0) {
      this.#groups.delete(key);
    } else {
      this.#groups.set(key, group);
    }
  }
}

/**
 * The instances that take a slot of the area's limits (spec runs.md 7.4), counted by job group and by name, so that neither the
 * limits nor mode `exclusive` ever look at all of them.
 */
export type SlotHolder = {
  readonly testId: number;
  readonly runId: number;
  readonly testName: string;
  readonly itemPath: string;
  /** Empty = none. */
  readonly jobgroup: string;
};

/** `[jobgroups]`: active instances of each group; what is not named has no limit. */
export type GroupLimits = Readonly<Record<string, number>>;

export class Slots {
  readonly #holders = new Map<number, SlotHolder>();
  readonly #inGroup = new Map<string, number>();
  readonly #inRun = new Map<number, number>();
  /** Holders by test name, and by test name and item path. */
  readonly #running = new Map<string, number>();

  get size(): number {
    return this.#holders.size;
  }

  inRun(runId: number): number {
    return this.#inRun.get(runId) ?? 0;
  }

  /** Of all runs. */
  inGroup(jobgroup: string): number {
    return this.#inGroup.get(jobgroup) ?? 0;
  }

  /** An instance is launched, or found active; a second time changes nothing. */
  take(holder: SlotHolder): void {
    if (!this.#holders.has(holder.testId)) {
      this.#holders.set(holder.testId, holder);
      this.#count(holder, 1);
    }
  }

  /** It is not active any more: what it was, or `undefined` if it had no slot. */
  free(testId: number): SlotHolder | undefined {
    const holder = this.#holders.get(testId);
    if (holder !== undefined) {
      this.#holders.delete(testId);
      this.#count(holder, -1);
    }
    return holder;
  }

  holders(): Iterable<SlotHolder> {
    return this.#holders.values();
  }

  /** Whether one more test of the group may be launched; 0 slots block every launch. */
  hasRoom(jobgroup: string, maxConcurrentJobs: number, limits: GroupLimits): boolean {
    const limit = jobgroup === '' || !Object.hasOwn(limits, jobgroup) ? undefined : limits[jobgroup];
    const isGroupFree = limit === undefined || this.inGroup(jobgroup) < limit;
    return this.size < maxConcurrentJobs && isGroupFree;
  }

  /** Whether an instance is active in any run of the area; without an item path: any instance of the test. */
  isRunning(testName: string, itemPath: string | undefined): boolean {
    return this.#running.has(itemPath === undefined ? testName : instanceKey(testName, itemPath));
  }

  #count({runId, testName, itemPath, jobgroup}: SlotHolder, by: 1 | -1): void {
    add(this.#inRun, runId, by);
    add(this.#inGroup, jobgroup, by);
    add(this.#running, testName, by);
    add(this.#running, instanceKey(testName, itemPath), by);
  }
}

/** No test name contains a slash, so it cannot be taken for a test name. */
function instanceKey(testName: string, itemPath: string): string {
  return `${testName}/${itemPath}`;
}

function add<Key>(counts: Map<Key, number>, key: Key, by: number): void {
  const count = (counts.get(key) ?? 0) + by;
  if (count === 0) {
    counts.delete(key);
  } else {
    counts.set(key, count);
  }
}

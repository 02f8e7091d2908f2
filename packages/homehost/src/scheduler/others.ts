/**
 * What waits because another runner of the same run may still start a waiton that this one does not (spec runs.md 6, 18). Such a
 * waiton is no dead end, and nothing tells when it becomes one, so it is asked for again.
 */
import type {Wake} from './announce.ts';
import type {Node, ScheduledInstance} from './schedule-node.ts';

/** Whether another live runner of the run may still start something of this test. */
export type MayOthersStart = (testName: string) => boolean;

export class Others {
  readonly #mayStart: MayOthersStart;
  readonly #asked = new Set<string>();
  /** By the waiton that another runner may start. */
  readonly #held = new Map<string, Set<Node | ScheduledInstance>>();

  constructor(mayStart: MayOthersStart) {
    this.#mayStart = mayStart;
  }

  /** To be given to the gates; remembers which waitons depend on others. */
  readonly mayStart: MayOthersStart = (testName) => {
    const may = this.#mayStart(testName);
    if (may) {
      this.#asked.add(testName);
    }
    return may;
  };

  /** The gate has judged: what it has asked for holds back `waiting`, or (without it) nothing. */
  judged(waiting?: Node | ScheduledInstance): void {
    if (this.#asked.size === 0) {
      return;
    }
    for (const testName of this.#asked) {
      if (waiting !== undefined) {
        const held = this.#held.get(testName) ?? new Set();
        this.#held.set(testName, held.add(waiting));
      }
    }
    this.#asked.clear();
  }

  /** Wakes what nobody else will start any more; true when there is something. */
  release(wake: Wake): boolean {
    let hasWoken = false;
    for (const [testName, held] of this.#held) {
      if (!this.#mayStart(testName)) {
        this.#held.delete(testName);
        for (const entry of held) {
          hasWoken = true;
          if ('node' in entry) {
            // What was judged of a pattern of items is out of date, though no row has changed.
            for (const {upstream} of entry.node.upstream) {
              upstream.version += 1;
            }
            wake.instance(entry);
          } else {
            wake.node(entry);
          }
        }
      }
    }
    return hasWoken;
  }
}

/**
 * The instances that only lack a slot, in the order of launching: tests by their rank, instances of a test by theirs. A job group
 * that is full holds back its own tests and nobody else's.
 */
import {Heap} from './heap.ts';
import type {Node, ScheduledInstance} from './schedule-node.ts';

export class ReadyQueue {
  /** Tests with ready instances, by job group. */
  readonly #groups = new Map<string, Heap<Node>>();

  push(instance: ScheduledInstance): void {
    const {node} = instance;
    if (node.ready.size === 0) {
      const {jobgroup} = node.plan;
      const group = this.#groups.get(jobgroup) ?? new Heap<Node>((a, b) => a.rank < b.rank);
      this.#groups.set(jobgroup, group);
      group.push(node);
    }
    node.ready.push(instance);
  }

  /** Removes the first instance of a test whose job group `mayLaunch` allows. */
  take(mayLaunch: (jobgroup: string) => boolean): ScheduledInstance | undefined {
    let best: {readonly group: Heap<Node>; readonly node: Node} | undefined;
    for (const [jobgroup, group] of this.#groups) {
      const node = group.peek();
      if (node !== undefined && (best === undefined || node.rank < best.node.rank) && mayLaunch(jobgroup)) {
        best = {group, node};
      }
    }
    const instance = best?.node.ready.pop();
    if (best?.node.ready.size === 0) {
      best.group.pop();
    }
    return instance;
  }
}

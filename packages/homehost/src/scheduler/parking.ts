/** What mode `exclusive` holds back: tests and instances whose waitons are done, while the same one runs elsewhere. */
import type {Wake} from './announce.ts';
import type {Node, ScheduledInstance} from './schedule-node.ts';

export class Parking {
  /** Parked as a whole (its items are not looked at yet), or with some of its instances. */
  readonly #nodes = new Map<Node, Map<string, ScheduledInstance>>();

  park(node: Node, instance?: ScheduledInstance): void {
    const instances = this.#nodes.get(node) ?? new Map<string, ScheduledInstance>();
    this.#nodes.set(node, instances);
    if (instance !== undefined) {
      instances.set(instance.itemPath, instance);
    }
  }

  /** Wakes what may wait for `itemPath` of the test, or (without one) everything of it; each parks again if it must. */
  release(node: Node, itemPath: string | undefined, wake: Wake): void {
    const instances = this.#nodes.get(node);
    if (instances === undefined) {
      return;
    }
    wake.node(node);
    for (const instance of itemPath === undefined ? [...instances.values()] : [instances.get(itemPath)]) {
      if (instance !== undefined) {
        instances.delete(instance.itemPath);
        wake.instance(instance);
      }
    }
    if (instances.size === 0) {
      this.#nodes.delete(node);
    }
  }

  releaseAll(wake: Wake): void {
    for (const node of [...this.#nodes.keys()]) {
      this.release(node, undefined, wake);
    }
  }
}

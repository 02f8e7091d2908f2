/** Time that passes only from event to event; events of the same moment happen in the order in which they were planned. */
import {Heap} from '../../packages/homehost/src/scheduler/heap.ts';

type Event = {readonly atS: number; readonly number: number; readonly happen: () => void};

export class VirtualClock {
  nowS = 0;
  readonly #events = new Heap<Event>((a, b) => a.atS < b.atS || (a.atS === b.atS && a.number < b.number));
  #planned = 0;

  after(delayS: number, happen: () => void): void {
    this.#planned += 1;
    this.#events.push({atS: this.nowS + delayS, number: this.#planned, happen});
  }

  /** Runs until nothing is planned any more. */
  run(): void {
    for (let event = this.#events.pop(); event !== undefined; event = this.#events.pop()) {
      this.nowS = event.atS;
      event.happen();
    }
  }
}

/**
 * The tests of one run as columns of numbers: a million of them take some tens of megabytes. A test that was removed keeps its place, with
 * code 0, and gets it again when it comes back.
 */

export type Cell = {
  readonly rowKey: number;
  readonly id: number;
  /** 0: it was removed. */
  readonly code: number;
  /** Unix seconds. */
  readonly eventTime: number;
  /** Seconds. */
  readonly runDuration: number;
};

const firstCapacity = 16;
const most32 = 2 ** 32 - 1;

export class RunCells {
  #size = 0;
  #ids = new Float64Array(firstCapacity);
  #rowKeys = new Uint32Array(firstCapacity);
  #codes = new Uint16Array(firstCapacity);
  #eventTimes = new Uint32Array(firstCapacity);
  #durations = new Uint32Array(firstCapacity);
  /** Places by row key, each one higher than it is: 0 is free. Never more than half full. */
  #table = new Uint32Array(2 * firstCapacity);

  /** With those that were removed. */
  get size(): number {
    return this.#size;
  }

  /** What it takes in memory, in cells. */
  get capacity(): number {
    return this.#ids.length;
  }

  /** Where the test or item is; `undefined` when the run never had it. */
  placeOf(rowKey: number): number | undefined {
    const stored = this.#table[this.#slotOf(rowKey)] ?? 0;
    return stored === 0 ? undefined : stored - 1;
  }

  id(place: number): number {
    return this.#ids[place] ?? 0;
  }

  rowKey(place: number): number {
    return this.#rowKeys[place] ?? 0;
  }

  code(place: number): number {
    return this.#codes[place] ?? 0;
  }

  eventTime(place: number): number {
    return this.#eventTimes[place] ?? 0;
  }

  runDuration(place: number): number {
    return this.#durations[place] ?? 0;
  }

  set({rowKey, id, code, eventTime, runDuration}: Cell): void {
    const place = this.placeOf(rowKey) ?? this.#append(rowKey);
    this.#ids[place] = id;
    this.#codes[place] = code;
    this.#eventTimes[place] = seconds(eventTime);
    this.#durations[place] = seconds(runDuration);
  }

  #append(rowKey: number): number {
    if (this.#size === this.capacity) {
      this.#grow();
    }
    const place = this.#size;
    this.#size += 1;
    this.#rowKeys[place] = rowKey;
    this.#table[this.#slotOf(rowKey)] = place + 1;
    return place;
  }

  #grow(): void {
    const capacity = 2 * this.capacity;
    this.#ids = copied(this.#ids, new Float64Array(capacity));
    this.#rowKeys = copied(this.#rowKeys, new Uint32Array(capacity));
    this.#codes = copied(this.#codes, new Uint16Array(capacity));
    this.#eventTimes = copied(this.#eventTimes, new Uint32Array(capacity));
    this.#durations = copied(this.#durations, new Uint32Array(capacity));
    this.#table = new Uint32Array(2 * capacity);
    for (let place = 0; place < this.#size; place += 1) {
      this.#table[this.#slotOf(this.rowKey(place))] = place + 1;
    }
  }

  /** Where the row key is in the table, or would be. */
  #slotOf(rowKey: number): number {
    const mask = this.#table.length - 1;
    // The constant spreads neighbouring keys over the table.
    let slot = (Math.imul(rowKey, 0x9e3779b1) >>> 0) & mask;
    for (;;) {
      const stored = this.#table[slot] ?? 0;
      if (stored === 0 || this.#rowKeys[stored - 1] === rowKey) {
        return slot;
      }
      slot = (slot + 1) & mask;
    }
  }
}

function copied<T extends Float64Array | Uint32Array | Uint16Array>(from: T, into: T): T {
  into.set(from);
  return into;
}

/** Other tools may store what is no time at all. */
function seconds(value: number): number {
  return Math.min(Math.max(Math.trunc(value), 0), most32);
}

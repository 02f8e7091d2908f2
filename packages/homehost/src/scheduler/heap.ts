/** A binary heap: `pop` gives the smallest entry. Entries that come in order cost one comparison to push. */
export class Heap<T> {
  readonly #isBefore: (a: T, b: T) => boolean;
  readonly #entries: T[] = [];

  constructor(isBefore: (a: T, b: T) => boolean) {
    this.#isBefore = isBefore;
  }

  get size(): number {
    return this.#entries.length;
  }

  peek(): T | undefined {
    return this.#entries[0];
  }

  push(entry: T): void {
    const entries = this.#entries;
    let at = entries.length;
    entries.push(entry);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const other = entries[above];
      if (other === undefined || !this.#isBefore(entry, other)) {
        break;
      }
      entries[at] = other;
      at = above;
    }
    entries[at] = entry;
  }

  pop(): T | undefined {
    const entries = this.#entries;
    const first = entries[0];
    const last = entries.pop();
    if (first === undefined || last === undefined || entries.length === 0) {
      return first;
    }
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const [a, b] = [entries[left], entries[left + 1]];
      const isRight = a !== undefined && b !== undefined && this.#isBefore(b, a);
      const below = isRight ? b : a;
      if (below === undefined || !this.#isBefore(below, last)) {
        break;
      }
      entries[at] = below;
      at = isRight ? left + 1 : left;
    }
    entries[at] = last;
    return first;
  }
}

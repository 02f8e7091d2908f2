/**
 * The tests and items that any run has, each with a number: its *row key*. A name is kept once, however many runs have it, and names are
 * never forgotten while the index is there.
 */
import {naturalCompare} from '@megatest/model';

type TestKeys = {readonly testName: string; readonly byItem: Map<string, number>};

export class RowNames {
  readonly #tests = new Map<string, TestKeys>();
  /** By row key. */
  readonly #ofTest: TestKeys[] = [];
  readonly #items: string[] = [];
  /** Row keys in natural order, as far as they have been sorted. */
  #sorted: number[] = [];

  get size(): number {
    return this.#items.length;
  }

  keyOf(testName: string, itemPath: string): number {
    let test = this.#tests.get(testName);
    if (test === undefined) {
      test = {testName, byItem: new Map()};
      this.#tests.set(testName, test);
    }
    let key = test.byItem.get(itemPath);
    if (key === undefined) {
      key = this.#items.push(itemPath) - 1;
      this.#ofTest.push(test);
      test.byItem.set(itemPath, key);
    }
    return key;
  }

  testName(key: number): string {
    return this.#ofTest[key]?.testName ?? '';
  }

  itemPath(key: number): string {
    return this.#items[key] ?? '';
  }

  /** The row of the test itself, whether any run has it or not. */
  topOf(key: number): number {
    return this.keyOf(this.testName(key), '');
  }

  /** All row keys by test and then by item in natural order, so that a test comes before its items. */
  inOrder(): readonly number[] {
    if (this.#sorted.length < this.size) {
      // What is new comes behind what is sorted: the sort finds the two and merges them.
      for (let key = this.#sorted.length; key < this.size; key += 1) {
        this.#sorted.push(key);
      }
      this.#sorted.sort(
        (left, right) =>
          (this.#ofTest[left] === this.#ofTest[right]
            ? 0
            : naturalCompare(this.testName(left), this.testName(right))) ||
          naturalCompare(this.itemPath(left), this.itemPath(right)),
      );
    }
    return this.#sorted;
  }
}

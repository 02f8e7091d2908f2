/** The rows of a grid: tests, each with its items behind it unless it is collapsed. */
import type {RowGroup} from '@megatest/model';
import type {GridParams, GridRow} from '@megatest/rpc';
import type {RowNames} from './row-names.ts';

export type NumberedGroup = RowGroup<number>;

export class GridRows {
  readonly #names: RowNames;
  readonly #groups: readonly NumberedGroup[];
  readonly #isCollapsed: (testName: string) => boolean;
  /** Where each group begins, and last where the rows end. */
  readonly #begins: Float64Array;

  constructor(names: RowNames, groups: readonly NumberedGroup[], isCollapsed: (testName: string) => boolean) {
    this.#names = names;
    this.#groups = groups;
    this.#isCollapsed = isCollapsed;
    this.#begins = new Float64Array(groups.length + 1);
    let begin = 0;
    for (const [index, group] of groups.entries()) {
      begin += this.#sizeOf(group);
      this.#begins[index + 1] = begin;
    }
  }

  get groups(): readonly NumberedGroup[] {
    return this.#groups;
  }

  get count(): number {
    return this.#begins.at(-1) ?? 0;
  }

  /** Rows from `from` to before `to`, with the row keys of their cells. */
  slice(from: number, to: number): readonly {readonly row: GridRow; readonly rowKey: number}[] {
    const rows: {readonly row: GridRow; readonly rowKey: number}[] = [];
    let index = this.#groupAt(from);
    for (let at = from; at < Math.min(to, this.count); at += 1) {
      while (at >= (this.#begins[index + 1] ?? 0)) {
        index += 1;
      }
      const group = this.#groups[index];
      if (group !== undefined) {
        rows.push(this.#rowOf(group, at - (this.#begins[index] ?? 0)));
      }
    }
    return rows;
  }

  /** Where the row with this key is: in a collapsed test, where the test is. */
  find(rowKey: number): number | undefined {
    const testName = this.#names.testName(rowKey);
    const index = this.#groups.findIndex((group) => group.testName === testName);
    const group = this.#groups[index];
    if (group === undefined) {
      return undefined;
    }
    const begin = this.#begins[index] ?? 0;
    const item = group.items.indexOf(rowKey);
    if (this.#isCollapsed(testName) || group.top === rowKey) {
      return group.top === rowKey || item >= 0 ? begin : undefined;
    }
    return item < 0 ? undefined : begin + item + this.#headsOf(group);
  }

  #sizeOf(group: NumberedGroup): number {
    return this.#isCollapsed(group.testName) ? 1 : group.items.length + this.#headsOf(group);
  }

  /** Rows before the items. */
  #headsOf({top}: NumberedGroup): number {
    return top === undefined ? 0 : 1;
  }

  #rowOf(group: NumberedGroup, at: number): {readonly row: GridRow; readonly rowKey: number} {
    const {testName: label, items, top} = group;
    const n = items.length;
    if (n > 0 && this.#isCollapsed(label)) {
      // A collapsed test has its row even where only items would be shown: it can be expanded again.
      const rowKey = top ?? this.#names.keyOf(label, '');
      return {rowKey, row: {label, item: '', kind: 'collapsed', n}};
    }
    if (top !== undefined && at === 0) {
      return {rowKey: top, row: {label, item: '', kind: 'test', n}};
    }
    const rowKey = items[at - this.#headsOf(group)] ?? 0;
    return {rowKey, row: {label, item: this.#names.itemPath(rowKey), kind: 'item', n}};
  }

  /** The group that has this row. */
  #groupAt(row: number): number {
    let [low, high] = [0, this.#groups.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#begins[middle + 1] ?? 0) > row) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }
}

export function collapsedBy(collapse: GridParams['collapse']): (testName: string) => boolean {
  if (collapse === undefined) {
    return () => false;
  }
  const isList = Array.isArray(collapse);
  const named = new Set(isList ? collapse : (collapse as {readonly allBut: readonly string[]}).allBut);
  return (testName) => named.has(testName) === isList;
}

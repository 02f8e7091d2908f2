/** Items of an iterated test: `[items]` as a cross product, `[itemstable]` column by column (spec config.md 13). */
import type {PlannedItem} from '@megatest/model';
import type {Config, Entry} from './config.ts';
import {wordsOf} from './words.ts';

export type ItemsOutcome = {
  readonly isIterated: boolean;
  readonly items: readonly PlannedItem[];
  readonly warnings: readonly string[];
  /** Item paths that came out again; only the first of each is kept. */
  readonly duplicates: readonly string[];
};

/** `runDeferred` runs a deferred `[system]` value; it is not called for others. */
export function expandItems(config: Config, runDeferred: (entry: Entry) => string): ItemsOutcome {
  const warnings: string[] = [];
  const rows = (section: string): readonly Row[] => {
    const entries = config.entries(section);
    if (config.section(section) !== undefined && entries.length === 0) {
      warnings.push(`WARNING:[${section}] section in testconfig but no entries defined`);
    }
    return entries.map((entry) => rowOf(entry.key, entry.isDeferred ? runDeferred(entry) : entry.value));
  };
  const productRows = rows('items');
  const tableRows = rows('itemstable');
  const list = new ItemList(!areAllDifferent(productRows, tableRows));
  addProduct(productRows, list);
  addColumns(tableRows, list);
  const {items, duplicates} = list;
  return {isIterated: productRows.length + tableRows.length > 0, items, warnings, duplicates};
}

type Row = {readonly name: string; readonly values: readonly string[]; readonly hasSlash: boolean};

function rowOf(name: string, text: string): Row {
  return {name, values: wordsOf(text), hasSlash: text.includes('/')};
}

/** Makes its variables when it is asked: there can be a hundred thousand items, and each must stay small. */
class Item implements PlannedItem {
  readonly itemPath: string;
  readonly #rows: readonly Row[];
  /** Which value of each row; as long as the rows, or one index for all of them. */
  readonly #at: readonly number[] | number;

  constructor(itemPath: string, rows: readonly Row[], at: readonly number[] | number) {
    this.itemPath = itemPath;
    this.#rows = rows;
    this.#at = at;
  }

  get vars(): readonly (readonly [string, string])[] {
    return this.#rows.map(({name, values}, row) => [name, values[indexIn(this.#at, row)] ?? '-']);
  }

  toJSON(): PlannedItem {
    return {itemPath: this.itemPath, vars: this.vars};
  }
}

function indexIn(at: readonly number[] | number, row: number): number {
  return typeof at === 'number' ? at : (at[row] ?? 0);
}

/**
 * Whether no two items can have the same path, which is cheaper to find out than to look at every path: without slashes in the
 * values two paths are equal only when all their values are.
 */
function areAllDifferent(product: readonly Row[], table: readonly Row[]): boolean {
  if ([...product, ...table].some(({hasSlash}) => hasSlash)) {
    return false;
  }
  const isDifferent = ({values}: Row) => isAscending(values) || new Set(values).size === values.length;
  if (table.length === 0) {
    return product.every(isDifferent);
  }
  const longest = longestOf(table);
  return product.length === 0 && table.some((row) => row.values.length === longest && isDifferent(row));
}

/** Each longer than the one before, or later in the alphabet: so it is with numbered values, and needs no table of them all. */
function isAscending(values: readonly string[]): boolean {
  for (let at = 1; at < values.length; at += 1) {
    const before = values[at - 1] ?? '';
    const value = values[at] ?? '';
    if (value.length < before.length || (value.length === before.length && value <= before)) {
      return false;
    }
  }
  return true;
}

function longestOf(rows: readonly Row[]): number {
  return rows.reduce((most, row) => Math.max(most, row.values.length), 0);
}

/** Items by their paths, each once. Plain loops: there can be a hundred thousand of them, and each must stay small. */
class ItemList {
  readonly items: PlannedItem[] = [];
  readonly duplicates: string[] = [];
  /** Paths so far; not kept when none can come twice. */
  readonly #seen: Set<string> | undefined;

  constructor(mayRepeat: boolean) {
    this.#seen = mayRepeat ? new Set() : undefined;
  }

  /** The item that takes from each row the value at its index, or all at the one index; `-` where the row is too short. */
  add(rows: readonly Row[], at: readonly number[] | number): void {
    let itemPath = '';
    for (let row = 0; row < rows.length; row += 1) {
      const value = rows[row]?.values[indexIn(at, row)] ?? '-';
      itemPath = row === 0 ? value : `${itemPath}/${value}`;
    }
    if (this.#seen?.has(itemPath) === true) {
      this.duplicates.push(itemPath);
    } else {
      this.#seen?.add(itemPath);
      this.items.push(new Item(itemPath, rows, at));
    }
  }
}

function addColumns(rows: readonly Row[], list: ItemList): void {
  const longest = longestOf(rows);
  for (let column = 0; column < longest; column += 1) {
    list.add(rows, column);
  }
}

/** All combinations; the last row varies fastest. */
function addProduct(rows: readonly Row[], list: ItemList): void {
  if (rows.length === 0 || rows.some((row) => row.values.length === 0)) {
    return;
  }
  const indexes = rows.map(() => 0);
  for (;;) {
    list.add(rows, [...indexes]);
    let at = rows.length - 1;
    while (at >= 0) {
      const next = (indexes[at] ?? 0) + 1;
      if (next < (rows[at]?.values.length ?? 0)) {
        indexes[at] = next;
        break;
      }
      indexes[at] = 0;
      at -= 1;
    }
    if (at < 0) {
      return;
    }
  }
}

/** What an item adds to the environment (config.md 6.5, 13). */
export function itemEnvironment({itemPath, vars}: PlannedItem): Record<string, string> {
  return {
    ...Object.fromEntries(vars),
    MT_ITEMPATH: itemPath,
    MT_ITEM_INFO: `(${vars.map(([name, value]) => `(${name} ${value})`).join(' ')})`,
  };
}

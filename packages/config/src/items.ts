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
    return entries.map((entry) => ({
      name: entry.key,
      values: wordsOf(entry.isDeferred ? runDeferred(entry) : entry.value),
    }));
  };
  const productRows = rows('items');
  const tableRows = rows('itemstable');
  const seen = new Set<string>();
  const items: PlannedItem[] = [];
  const duplicates: string[] = [];
  const add = (vars: readonly (readonly [string, string])[]) => {
    const itemPath = vars.map(([, value]) => value).join('/');
    if (!seen.has(itemPath)) {
      seen.add(itemPath);
      items.push({itemPath, vars});
    } else {
      duplicates.push(itemPath);
    }
  };
  for (const vars of product(productRows)) {
    add(vars);
  }
  const longest = tableRows.reduce((most, row) => Math.max(most, row.values.length), 0);
  for (let column = 0; column < longest; column += 1) {
    add(tableRows.map((row) => [row.name, row.values[column] ?? '-'] as const));
  }
  return {isIterated: productRows.length + tableRows.length > 0, items, warnings, duplicates};
}

type Row = {readonly name: string; readonly values: readonly string[]};

function* product(rows: readonly Row[]): Generator<readonly (readonly [string, string])[]> {
  if (rows.length === 0 || rows.some((row) => row.values.length === 0)) {
    return;
  }
  const indexes = rows.map(() => 0);
  for (;;) {
    yield rows.map((row, at) => [row.name, row.values[indexes[at] ?? 0] ?? ''] as const);
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

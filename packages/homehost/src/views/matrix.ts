/** Tests and items of one run, or of two in comparison, as a table (spec dashboard.md A7, B5.4). */
import {compareRecords} from '@megatest/model';
import type {Matrix} from '@megatest/rpc';
import type {CellIndex} from './cell-index.ts';
import type {Listing} from './open-listings.ts';
import {comparisonEntry} from './palette.ts';
import type {RunCells} from './run-cells.ts';
import type {ShownTests} from './shown-tests.ts';

export type MatrixPage = Pick<Matrix, 'cols' | 'rows' | 'cells'>;

type MatrixCell = {readonly testId: number; readonly code: number};

export function matrixOf({names}: CellIndex, cells: RunCells, shown: ShownTests): Listing<MatrixPage> {
  return tabulate(names, (rowKey) => {
    const place = cells.placeOf(rowKey);
    return place === undefined || !shown.has(cells, place)
      ? undefined
      : {testId: cells.id(place), code: cells.code(place)};
  });
}

export type ComparedListing = Listing<MatrixPage & {readonly counts: Readonly<Record<string, number>>}>;

export function comparisonOf(
  {names, palette}: CellIndex,
  runs: {readonly src: RunCells; readonly dest: RunCells},
  shown: ShownTests,
  hidesClean: boolean,
): ComparedListing {
  const counts: Record<string, number> = {};
  const table = tabulate(names, (rowKey) => {
    const [src, dest] = [recordOf(runs.src, rowKey), recordOf(runs.dest, rowKey)];
    const isShown = [src, dest].some((record) => record !== undefined && shown.hasCode(record.code));
    if (!isShown || !shown.hasRow(rowKey)) {
      return undefined;
    }
    const compared = compareRecords(entryOf(src), entryOf(dest));
    counts[compared.state] = (counts[compared.state] ?? 0) + 1;
    const record = compared.side === 'src' ? src : dest;
    return hidesClean && compared.state === 'CLEAN'
      ? undefined
      : {testId: record?.testId ?? 0, code: palette.codeOf(comparisonEntry(compared))};
  });
  return {length: table.length, page: (from, to) => ({...table.page(from, to), counts})};

  function entryOf(record: MatrixCell | undefined) {
    return record === undefined ? undefined : palette.entries[record.code - 1];
  }
}

function recordOf(cells: RunCells, rowKey: number): MatrixCell | undefined {
  const place = cells.placeOf(rowKey);
  const code = place === undefined ? 0 : cells.code(place);
  return place === undefined || code === 0 ? undefined : {testId: cells.id(place), code};
}

/**
 * Walks through tests, and in each through its items, in natural order; columns and rows are numbered as they come. The first row, without
 * a name, is that of the tests themselves.
 */
function tabulate(
  names: CellIndex['names'],
  cellOf: (rowKey: number) => MatrixCell | undefined,
): Listing<MatrixPage> {
  const cols: string[] = [];
  const rows = new Map([['', 0]]);
  const cells: (readonly [number, number, number, number])[] = [];
  for (const rowKey of names.inOrder()) {
    const cell = cellOf(rowKey);
    if (cell === undefined) {
      continue;
    }
    const [testName, itemPath] = [names.testName(rowKey), names.itemPath(rowKey)];
    if (cols.at(-1) !== testName) {
      cols.push(testName);
    }
    const row = rows.get(itemPath) ?? rows.size;
    rows.set(itemPath, row);
    cells.push([row, cols.length - 1, cell.testId, cell.code]);
  }
  const rowNames = [...rows.keys()];
  /** How many columns or rows are there when so many cells were told. */
  const upTo = (place: 0 | 1, count: number, least: number) => {
    let most = least;
    for (let at = 0; at < count; at += 1) {
      most = Math.max(most, (cells[at]?.[place] ?? 0) + 1);
    }
    return most;
  };
  return {
    length: cells.length,
    page: (from, to) => ({
      cols: cols.slice(upTo(1, from, 0), upTo(1, to, 0)),
      rows: rowNames.slice(from === 0 ? 0 : upTo(0, from, 1), upTo(0, to, 1)),
      cells: cells.slice(from, to),
    }),
  };
}

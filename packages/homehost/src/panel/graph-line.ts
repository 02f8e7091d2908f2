/** A line of `[graph]`, and of a plot: where its data are (spec dashboard.md A8.3, B5.5). */
import {resolve} from 'node:path';

export type Graph = {
  readonly file: string;
  readonly table: string;
  readonly timeColumn: string;
  readonly nameColumn: string;
  readonly valueColumn: string;
  readonly series: readonly string[];
};

/** A name that may stand in a query. */
const identifier = /^[A-Za-z_]\w*$/;
const mostSeries = 100;

/** The graph, or why the line is none. */
export function parseGraphLine(text: string, areaPath: string): Graph | string {
  const [place = '', table = '', timeColumn = '', nameColumn = '', valueColumn = '', ...series] = text
    .trim()
    .split(/\s+/);
  if (series.length === 0) {
    return 'a graph needs a file, a table, the columns of time, name and value, and at least one series';
  }
  if (series.length > mostSeries) {
    return `a graph has at most ${mostSeries} series`;
  }
  const [, kind, path = ''] = /^(?:([A-Za-z]\w*):)?(.*)$/.exec(place) ?? [];
  if (kind !== undefined && kind !== 'sqlite3') {
    return `data of a graph are read from a file of sqlite3, not of ${kind}`;
  }
  const wrong = [table, timeColumn, nameColumn, valueColumn].find((part) => !identifier.test(part));
  if (wrong !== undefined) {
    return `"${wrong}" cannot be the name of a table or a column`;
  }
  return {file: resolve(areaPath, path), table, timeColumn, nameColumn, valueColumn, series};
}

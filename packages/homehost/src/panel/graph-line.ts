/** A line of `[graph]`, and of a plot: where its data are (spec dashboard.md A8.3, B5.5). */
import {resolve} from 'node:path';
import type {DataQuestion} from '@megatest/rpc';

/** What of it the line says. */
export type Graph = Omit<Extract<DataQuestion, {readonly kind: 'series'}>, 'kind' | 'span' | 'points'>;

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
  return {file: resolve(areaPath, path), table, timeColumn, nameColumn, valueColumn, series};
}

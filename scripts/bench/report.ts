/**
 * What every bench returns and how it is shown: a row for each figure, with the reference measured beside it and the ratio
 * that the target speaks of.
 */
import {mkdirSync, writeFileSync} from 'node:fs';
import {cpus} from 'node:os';
import {join} from 'node:path';

export type Row = {
  readonly what: string;
  /** Our figure, in `unit`. */
  readonly ours: number;
  readonly reference: string;
  readonly referenceValue: number;
  readonly unit: string;
  /** `<= 2` means: ours / reference must be at most 2. */
  readonly target: string;
};

export function printRows(name: string, rows: readonly Row[]): string {
  const cells = [
    ['what', 'ours', 'reference', '', 'ratio', 'target'],
    ...rows.map((row) => [
      row.what,
      `${round(row.ours)} ${row.unit}`,
      row.reference,
      `${round(row.referenceValue)} ${row.unit}`,
      round(row.ours / row.referenceValue),
      row.target,
    ]),
  ];
  const widths =
    cells[0]?.map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0))) ?? [];
  const lines = cells.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return `${name} on ${cpus().length} x ${cpus()[0]?.model ?? 'unknown CPU'}, Node ${process.versions.node}\n${lines.join('\n')}\n`;
}

export function saveRows(checkout: string, name: string, rows: readonly Row[]): string {
  const folder = join(checkout, 'bench/results');
  mkdirSync(folder, {recursive: true});
  const file = join(folder, `${name}.json`);
  const machine = {cpus: cpus().length, model: cpus()[0]?.model ?? '', node: process.versions.node};
  const withRatio = rows.map((row) => ({...row, ratio: row.ours / row.referenceValue}));
  writeFileSync(
    file,
    `${JSON.stringify({bench: name, time: new Date().toISOString(), machine, rows: withRatio}, null, 2)}\n`,
  );
  return file;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

function round(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

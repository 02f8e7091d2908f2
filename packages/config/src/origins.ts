/** Where each value comes from, and what it replaced (`config show --origins`). */
import {relative} from 'node:path';
import type {Config, Entry, Origin} from './config.ts';

export type OriginRow = {
  readonly section: string;
  readonly key: string;
  readonly value: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The includes that led there, as `file:line`, outermost first. */
  readonly includedFrom: readonly string[];
  /** Values that this one took the place of, the latest first. */
  readonly replaced: readonly {readonly value: string; readonly file: string; readonly line: number}[];
};

export function originRows(config: Config): readonly OriginRow[] {
  return config.sections.flatMap((section) =>
    section.entries.map(({key, value, origin, replaced}) => {
      const {file, line, column, includedFrom} = origin;
      return {section: section.name, key, value, file, line, column, includedFrom, replaced: chain(replaced)};
    }),
  );
}

function chain(start: Entry | undefined): OriginRow['replaced'] {
  const values: {value: string; file: string; line: number}[] = [];
  for (let entry = start; entry !== undefined; entry = entry.replaced) {
    values.push({value: entry.value, file: entry.origin.file, line: entry.origin.line});
  }
  return values;
}

/** A line for each value: `file:line:column: [section] key value`, with indented lines for includes and replaced values. */
export function printOrigins(config: Config, relativeTo?: string): string {
  const show = (place: Pick<Origin, 'file' | 'line'>) => `${shorten(place.file, relativeTo)}:${place.line}`;
  return originRows(config)
    .map((row) => {
      const included = [...row.includedFrom]
        .reverse()
        .map((place) => `  included from ${shorten(place, relativeTo)}\n`);
      const replaced = row.replaced.map(
        (earlier) => `  replaces "${firstLine(earlier.value)}" of ${show(earlier)}\n`,
      );
      const head = `${show(row)}:${row.column}: [${row.section}] ${row.key} ${firstLine(row.value)}`;
      return `${head.trimEnd()}\n${included.join('')}${replaced.join('')}`;
    })
    .join('');
}

function firstLine(value: string): string {
  const [first = '', ...more] = value.split('\n');
  return more.length === 0 ? first : `${first} ...`;
}

function shorten(path: string, relativeTo: string | undefined): string {
  if (relativeTo === undefined) {
    return path;
  }
  const short = relative(relativeTo, path);
  return short.startsWith('..') ? path : short;
}

/** The keys of the area, and targets made of them. */
import {type CallHandlers, type keysMethods, limits} from '@megatest/rpc';
import type {HandlerTools} from './handler-tools.ts';
import {wrongCursor} from './wrong-cursor.ts';

/** What a target shows for a key that a run has no value of. */
const noValue = '-na-';

export type KeysHandlers = CallHandlers<typeof keysMethods>;

export function keysHandlers({store}: HandlerTools): KeysHandlers {
  return {
    'keys.list': () => store.keys,
    'keys.forRun': ({runId}) => {
      const run = store.runs.get(runId);
      return run === undefined
        ? null
        : store.keys.map((key, index) => ({key, value: run.target[index] ?? ''}));
    },
    'runs.target': ({runId}) =>
      store.runs
        .get(runId)
        ?.target.map((value) => (value === '' ? noValue : value))
        .join('/') ?? null,
    'runs.targets': ({cursor}) => {
      const after = cursor === undefined ? undefined : parseCursor(cursor, store.keys.length);
      const rows = store.runs.targets(after, limits.rows + 1);
      const page = rows.slice(0, limits.rows);
      return {
        columns: store.keys,
        rows: page,
        ...(rows.length > limits.rows ? {next: JSON.stringify(page.at(-1))} : {}),
      };
    },
  };
}

/** The last target of the page before. */
function parseCursor(cursor: string, length: number): readonly string[] {
  let values: unknown;
  try {
    values = JSON.parse(cursor);
  } catch {
    values = undefined;
  }
  const isTarget = (value: unknown): value is string[] =>
    Array.isArray(value) && value.length === length && value.every((part) => typeof part === 'string');
  if (!isTarget(values)) {
    throw wrongCursor(cursor);
  }
  return values;
}

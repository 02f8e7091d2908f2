/** The order of rows of tests and items (spec dashboard.md B5.3). */
import {label} from './states.ts';

export const ROW_SORTS = [
  '+testname',
  '-testname',
  '+event_time',
  '-event_time',
  '+statestatus',
  '-statestatus',
] as const;

export type RowSort = (typeof ROW_SORTS)[number];

/** What rows of one test go by. */
export type RowGroup<Row> = {
  readonly testName: string;
  /** The row of the test itself, which stays first; not there when only items are shown. */
  readonly top: Row | undefined;
  /** In natural order. */
  readonly items: readonly Row[];
};

/** What is shown of a test, from what is best to what asks most for a look; a word that nobody knows stands with `n/a`. */
const severities: readonly (readonly string[])[] = [
  ['SKIP'],
  ['PASS'],
  ['WAIVED'],
  ['WARN'],
  ['NOT_STARTED'],
  ['LAUNCHED'],
  ['REMOTEHOSTSTART'],
  ['RUNNING'],
  ['KILLREQ'],
  ['n/a'],
  ['CHECK'],
  ['KILLED'],
  ['STUCK', 'STUCK/DEAD'],
  ['INCOMPLETE', 'DEAD'],
  ['FAIL'],
  ['ABORT'],
];
const severityOf = new Map(severities.flatMap((words, rank) => words.map((word) => [word, rank])));
const unknown = severityOf.get('n/a') ?? 0;

export function severity(state: string, status: string): number {
  return severityOf.get(label(state, status)) ?? unknown;
}

/**
 * `groups` by name in natural order; returns them, and the items in them, in the order of `sort`. `keyOf` tells the newest start of a row,
 * or its severity, as `sort` asks, and is asked often; a group goes by the highest of its rows. What is equal stays in natural order.
 */
export function orderRows<Row>(
  groups: readonly RowGroup<Row>[],
  sort: RowSort,
  keyOf: (row: Row) => number,
): readonly RowGroup<Row>[] {
  switch (sort) {
    case '+testname':
      return groups;
    case '-testname':
      return groups.map((group) => ({...group, items: group.items.toReversed()})).toReversed();
    case '+event_time':
    case '-event_time':
    case '+statestatus':
    case '-statestatus': {
      const isDescending = sort.startsWith('-');
      const ordered = groups.map((group) => {
        const ofTop = group.top === undefined ? Number.NEGATIVE_INFINITY : keyOf(group.top);
        const key = group.items.reduce((most, row) => Math.max(most, keyOf(row)), ofTop);
        return {key, group: {...group, items: byKey(group.items, keyOf, isDescending)}};
      });
      return byKey(ordered, ({key}) => key, isDescending).map(({group}) => group);
    }
  }
}

function byKey<T>(all: readonly T[], keyOf: (one: T) => number, isDescending: boolean): readonly T[] {
  const sign = isDescending ? -1 : 1;
  return all.toSorted((left, right) => sign * (keyOf(left) - keyOf(right)));
}

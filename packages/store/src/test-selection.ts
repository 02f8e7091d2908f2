/** Which tests a listing is about. */
import {all, type Condition, matchList, matchTests} from './selectors.ts';

export type TestSelection = {
  readonly runIds: readonly number[] | null;
  readonly testPatt?: string | undefined;
  readonly states?: readonly string[] | undefined;
  readonly statuses?: readonly string[] | undefined;
  readonly exclude?: boolean | undefined;
  readonly afterId?: number | undefined;
  readonly limit?: number | undefined;
};

/** What follows FROM: rows that are not DELETED, by id; state and status lists must both match, `exclude` inverts them. */
export function selectedTests(selection: TestSelection): Condition {
  const not = selection.exclude === true ? 'NOT ' : '';
  const negate = (condition: Condition | undefined) =>
    condition === undefined ? undefined : {sql: `${not}(${condition.sql})`, values: condition.values};
  const where = all([
    {sql: "state <> 'DELETED'", values: []},
    selection.runIds === null
      ? undefined
      : {sql: `run_id IN (${selection.runIds.map(Number).join(', ')})`, values: []},
    matchTests(selection.testPatt),
    negate(matchList('state', selection.states)),
    negate(matchList('status', selection.statuses)),
    {sql: `id > ${Number(selection.afterId ?? 0)}`, values: []},
  ]);
  return {
    sql: `tests WHERE ${where.sql} ORDER BY id LIMIT ${Number(selection.limit ?? -1)}`,
    values: where.values,
  };
}

/** Which tests a listing is about. */
import {all, type Condition, matchList, matchTests} from './selectors.ts';

export type TestSelection = {
  readonly runIds: readonly number[] | null;
  readonly testPatt?: string | undefined;
  readonly states?: readonly string[] | undefined;
  readonly statuses?: readonly string[] | undefined;
  readonly exclude?: boolean | undefined;
  /**
   * `normal`: state and status must both be listed. `dashboard`: with both lists, what is COMPLETED is chosen by its status and all
   * else by its state.
   */
  readonly mode?: 'normal' | 'dashboard' | undefined;
  /** Rows written at this Unix second or later, those that are DELETED too. */
  readonly sinceS?: number | undefined;
  readonly includeDeleted?: boolean | undefined;
  readonly afterId?: number | undefined;
  readonly limit?: number | undefined;
};

/** What follows FROM: rows that are not DELETED, by id; state and status lists must both match, `exclude` inverts them. */
export function selectedTests(selection: TestSelection): Condition {
  const where = testCondition(selection);
  return {
    sql: `tests WHERE ${where.sql} ORDER BY id LIMIT ${Number(selection.limit ?? -1)}`,
    values: where.values,
  };
}

/** The same without order and limit. */
export function testCondition(selection: TestSelection): Condition {
  const {runIds, testPatt, sinceS, includeDeleted, afterId} = selection;
  const isWithDeleted = includeDeleted === true || sinceS !== undefined;
  return all([
    isWithDeleted ? undefined : {sql: "state <> 'DELETED'", values: []},
    runIds === null ? undefined : {sql: `run_id IN (${runIds.map(Number).join(', ')})`, values: []},
    matchTests(testPatt),
    matchStates(selection),
    sinceS === undefined ? undefined : {sql: 'last_update >= ?', values: [sinceS]},
    {sql: `id > ${Number(afterId ?? 0)}`, values: []},
  ]);
}

function matchStates({states, statuses, exclude, mode}: TestSelection): Condition | undefined {
  const not = exclude === true ? 'NOT ' : '';
  const negate = (condition: Condition | undefined) =>
    condition === undefined ? undefined : {sql: `${not}(${condition.sql})`, values: condition.values};
  const byState = negate(matchList('state', states));
  const byStatus = negate(matchList('status', statuses));
  if (mode !== 'dashboard' || byState === undefined || byStatus === undefined) {
    return all([byState, byStatus]);
  }
  return {
    sql: `((state = 'COMPLETED' AND ${byStatus.sql}) OR (state <> 'COMPLETED' AND ${byState.sql}))`,
    values: [...byStatus.values, ...byState.values],
  };
}

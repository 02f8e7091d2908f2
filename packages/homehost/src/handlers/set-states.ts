/** `tests.setState` and `tests.setStateBatch`: state, status and comment of one test or of many (spec homehost.md 9.10). */
import {RpcError} from '@megatest/rpc';
import type {SetState, TestCore} from '@megatest/store';
import type {HandlerTools} from './handler-tools.ts';
import type {TestsHandlers} from './tests.ts';

type BatchParams = Parameters<TestsHandlers['tests.setStateBatch']>[0];

export function setStateHandlers(
  tools: HandlerTools,
): Pick<TestsHandlers, 'tests.setState' | 'tests.setStateBatch'> {
  const {once, auditState, selectTests, find, core, run, refuseLocked, cutter, store, homehost} = tools;

  /** Within a transaction. */
  function set(id: number, values: SetState) {
    const status = values.status === 'AUTO' ? store.data.rollUp(id, values.status) : values.status;
    const change = store.tests.setState(id, {...values, status}, homehost.nowS());
    if (change === undefined) {
      throw new RpcError('notFound', `there is no test ${id}`, {what: 'test', id});
    }
    return change;
  }

  /** Ids of the tests that a batch is about, and how the audit calls them. */
  function chosen(params: BatchParams): {readonly what: string; readonly testIds: readonly number[]} {
    const {target, runPatt, testPatt, fromStates, fromStatuses, runId, names, fromState, fromStatus, tests} =
      params;
    const byPattern = target !== undefined && runPatt !== undefined && testPatt !== undefined;
    const byName = runId !== undefined && names !== undefined;
    if ([byPattern, byName, tests !== undefined].filter(Boolean).length !== 1) {
      throw new RpcError(
        'invalidValue',
        'tests are chosen by "target", "runPatt" and "testPatt", or by "runId" and "names", or by "tests"',
        {field: 'tests'},
      );
    }
    if (byPattern) {
      const rows = selectTests({target, runPatt, testPatt, states: fromStates, statuses: fromStatuses});
      // Items first: what they do to their parents is overwritten if those are meant too.
      const testIds = [...rows].sort((a, b) => b.rundir.length - a.rundir.length).map(({id}) => id);
      return {what: `${target} ${runPatt} ${testPatt}`, testIds};
    }
    if (byName) {
      run(runId);
      refuseLocked([runId]);
      const wanted = new Set(names);
      const rows = store.tests
        .list({
          runIds: [runId],
          ...(fromState === undefined ? {} : {states: [fromState]}),
          ...(fromStatus === undefined ? {} : {statuses: [fromStatus]}),
        })
        .filter(({testName}) => wanted.has(testName));
      const testIds = [...rows].sort((a, b) => b.itemPath.length - a.itemPath.length).map(({id}) => id);
      return {what: `${names.join(',')} of run ${runId}`, testIds};
    }
    const rows = (tests ?? []).map((test) => find(test));
    refuseLocked(rows.map(({runId}) => runId));
    const testIds = rows.map(({id}) => id);
    return {what: `tests ${testIds.join(', ')}`, testIds};
  }

  return {
    'tests.setState': async ({test, state, status, comment, expect, rollup}, context) => {
      const result = await once(context, () => {
        const row = core('testId' in test ? test.testId : find(test).id);
        const {id} = row;
        auditState(context, `test ${id}`, state, status);
        refuseUnexpected(row, expect);
        const kept = cutter(context)(`the comment of test ${id}`, comment);
        const change = set(id, {state, status, comment: kept, rollup});
        return {test: change.test, top: change.top ?? null};
      });
      if (state === 'KILLREQ') {
        homehost.tellToKill([result.test.testId], comment ?? 'killed on request');
      }
      return result;
    },
    'tests.setStateBatch': async (params, context) => {
      const {state, status} = params;
      const comment = cutter(context)('the comment of many tests', params.comment);
      let told: readonly number[] = [];
      const result = await once(context, () => {
        const {what, testIds} = chosen(params);
        auditState(context, what, state, status);
        for (const testId of testIds) {
          set(testId, {state, status, comment});
        }
        told = testIds;
        return {changed: testIds.length};
      });
      if (state === 'KILLREQ') {
        homehost.tellToKill(told, comment ?? 'killed on request');
      }
      return result;
    },
  };
}

function refuseUnexpected(
  {id, state, status}: TestCore,
  expect: {readonly states?: string[] | undefined; readonly statuses?: string[] | undefined} | undefined,
): void {
  const isExpected =
    (expect?.states?.includes(state) ?? true) && (expect?.statuses?.includes(status) ?? true);
  if (!isExpected) {
    const wanted = [...(expect?.states ?? []), ...(expect?.statuses ?? [])].join(' or ');
    throw new RpcError('conflict', `test ${id} is ${state}, expected ${wanted}`, {current: {state, status}});
  }
}

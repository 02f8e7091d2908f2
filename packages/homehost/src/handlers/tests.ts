/** Tests. */
import {type CallHandlers, RpcError, type testsMethods} from '@megatest/rpc';
import {claim} from '../reports.ts';
import {setStates} from '../run-changes.ts';
import type {HandlerTools} from './handler-tools.ts';
import {why} from './why.ts';

const listLimit = 5000;

export type TestsHandlers = CallHandlers<typeof testsMethods>;

export function testsHandlers(tools: HandlerTools): TestsHandlers {
  const {once, auditState, find, core, store, homehost} = tools;
  return {
    'tests.list': ({runIds, testPatt, states, statuses, exclude, afterId, limit}) =>
      store.tests.list({runIds, testPatt, states, statuses, exclude, afterId, limit: limit ?? listLimit}),
    'tests.get': ({test}) =>
      ('testId' in test
        ? store.tests.get(test.testId)
        : store.tests.find(test.runId, test.testName, test.itemPath)) ?? null,
    'tests.setState': async ({test, state, status, comment, expect}, context) => {
      const result = await once(context, () => {
        const row = core('testId' in test ? test.testId : find(test).id);
        const {id} = row;
        auditState(context, `test ${id}`, state, status);
        const isUnexpected =
          (expect?.states !== undefined && !expect.states.includes(row.state)) ||
          (expect?.statuses !== undefined && !expect.statuses.includes(row.status));
        if (isUnexpected) {
          const wanted = [...(expect?.states ?? []), ...(expect?.statuses ?? [])].join(' or ');
          throw new RpcError('conflict', `test ${id} is ${row.state}, expected ${wanted}`, {
            current: {state: row.state, status: row.status},
          });
        }
        const rolled = status === 'AUTO' ? store.data.rollUp(id, status) : status;
        const change = store.tests.setState(id, {state, status: rolled, comment}, homehost.nowS());
        if (change === undefined) {
          throw new RpcError('notFound', `there is no test ${id}`, {what: 'test', id});
        }
        return {test: change.test, top: change.top ?? null};
      });
      if (state === 'KILLREQ') {
        homehost.tellToKill([result.test.testId], comment ?? 'killed on request');
      }
      return result;
    },
    'tests.setStateBatch': async (
      {target, runPatt, testPatt, fromStates, fromStatuses, state, status, comment},
      context,
    ) => {
      auditState(context, `${target} ${runPatt} ${testPatt}`, state, status);
      const choice = {target, runPatt, testPatt, states: fromStates, statuses: fromStatuses};
      let ids: readonly number[] = [];
      const changed = await once(context, () => {
        ids = setStates(homehost, choice, {state, status, comment});
        return ids.length;
      });
      if (state === 'KILLREQ') {
        homehost.tellToKill(ids, 'killed on request');
      }
      return {changed};
    },
    'tests.claim': async (params, context) => {
      const result = await once(context, () => claim(store, params, homehost.nowS()));
      const manager = homehost.managers
        .all()
        .find((candidate) => candidate.connection === context.connection);
      if (manager !== undefined && result.run) {
        homehost.managers.setOwner(params.testId, manager.id);
      }
      return result;
    },
    'tests.update': async ({test, set}, context) => {
      await once(context, () => store.tests.update(find(test).id, set));
      return null;
    },
    'tests.why': ({test}) => {
      const row = find(test);
      return {text: why(homehost, row), attempts: store.attempts.ofTest(row.id)};
    },
    'tests.previous': ({runId, testName, itemPath}) =>
      store.tests.previous(runId, testName, itemPath) ?? null,
  };
}

/** Tests. */
import {stateKind} from '@megatest/model';
import {type CallHandlers, limits, RpcError, type testsMethods} from '@megatest/rpc';
import {cutUpdate} from '../cut-records.ts';
import {claim} from '../reports.ts';
import {type HandlerTools, inForm} from './handler-tools.ts';
import {setStateHandlers} from './set-states.ts';
import {why} from './why.ts';

export type TestsHandlers = CallHandlers<typeof testsMethods>;

export function testsHandlers(tools: HandlerTools): TestsHandlers {
  const {once, audit, find, core, run, refuseLocked, paged, selectRuns, cutter, store, homehost} = tools;
  const {listings} = store;
  return {
    ...setStateHandlers(tools),
    'tests.list': (params) => {
      const {runId, runIds, sortBy, sortOrder, fields, since, afterId, limit, cursor, ...selection} = params;
      if (runId !== undefined && runIds !== undefined) {
        throw new RpcError('invalidValue', 'either "runId" or "runIds" is to be given', {field: 'runId'});
      }
      const ofRuns = runId === undefined ? (runIds ?? null) : [runId];
      const page = paged(() =>
        listings.list(
          {...selection, runIds: ofRuns, sinceS: since, afterId},
          {fields, sortBy, isDescending: sortOrder === 'desc', cursor, limit: limit ?? limits.rows},
        ),
      );
      return cursor === undefined ? page.rows : inForm(page);
    },
    'tests.get': ({test, fields}) => {
      const row =
        'testId' in test
          ? store.tests.get(test.testId)
          : store.tests.find(test.runId, test.testName, test.itemPath);
      return (row === undefined || fields === undefined ? row : listings.get(row.id, fields)) ?? null;
    },
    'tests.getMany': ({testIds}) => testIds.map((testId) => store.tests.get(testId) ?? null),
    'tests.id': ({runId, testName, itemPath}) => store.tests.find(runId, testName, itemPath)?.id ?? null,
    'tests.itemCount': ({runId, testName}) => listings.itemCount(runId, testName),
    'tests.itemsSummary': ({runId, testName, cursor}) =>
      paged(() => listings.items(runId, testName, {cursor, limit: limits.rows})),
    'tests.paths': ({target, runPatt, cursor, ...selection}) => {
      const runIds = selectRuns(target, runPatt).map(({id}) => id);
      return paged(() => listings.paths({...selection, runIds}, {cursor, limit: limits.rows}));
    },
    'tests.register': async ({runId, tests}, context) => {
      audit(context, `registered ${tests.length} tests of run ${runId}`);
      return await once(context, () => {
        run(runId);
        return store.tests.register(runId, tests, homehost.nowS());
      });
    },
    'tests.delete': async ({testIds}, context) => {
      audit(context, `deleted tests ${testIds.join(', ')}`);
      return await once(context, () => {
        const rows = testIds.map((testId) => core(testId));
        refuseLocked(rows.map(({runId}) => runId));
        for (const {id, state, status} of rows) {
          const kind = stateKind(state);
          if (kind === 'running' || kind === 'ending') {
            throw new RpcError('conflict', `test ${id} is ${state}: it must have ended first`, {
              current: {state, status},
            });
          }
        }
        store.tests.delete(testIds);
        return {deleted: testIds.length};
      });
    },
    'tests.purge': async ({olderThanS}, context) => {
      audit(context, `purged tests that were deleted ${olderThanS} seconds ago`);
      return await once(context, () => ({
        purged: store.tests.purge(homehost.nowS() - olderThanS).length,
      }));
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
      await once(context, () => {
        const {id} = find(test);
        store.tests.update(id, cutUpdate(cutter(context), id, set));
      });
      return null;
    },
    'tests.why': ({test}) => {
      const row = find(test);
      return {text: why(homehost, row), attempts: store.attempts.ofTest(row.id)};
    },
    'tests.previous': ({runId, testName, itemPath, all}) => {
      if (all !== true) {
        return listings.previous(runId, testName, itemPath) ?? null;
      }
      const rows = listings.allPrevious(runId, testName, itemPath, limits.rows + 1);
      if (rows.length > limits.rows) {
        throw new RpcError('tooLarge', `more than ${limits.rows} tests match: ask for fewer`, {
          limit: limits.rows,
        });
      }
      return inForm(rows);
    },
  };
}

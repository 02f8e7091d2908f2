/** What belongs to a test: steps, measured values, use of resources. */
import type {CallHandlers, recordsMethods} from '@megatest/rpc';
import type {HandlerTools} from './handler-tools.ts';

export type RecordsHandlers = CallHandlers<typeof recordsMethods>;

export function recordsHandlers(tools: HandlerTools): RecordsHandlers {
  const {once, find, store, homehost} = tools;
  return {
    'steps.set': async ({testId, stepName, state, status, comment, logfile}, context) => {
      await once(context, () =>
        store.steps.set({
          testId,
          stepName,
          state,
          status,
          eventTime: homehost.nowS(),
          comment: comment ?? '',
          logfile: logfile ?? '',
        }),
      );
      return null;
    },
    'steps.list': ({testIds}) => store.steps.list(testIds),
    'testData.add': async ({testId, rows, rollup}, context) => {
      await once(context, () => {
        const row = find({testId});
        store.data.add(testId, rows);
        if (rollup === true) {
          const status = store.data.rollUp(testId, row.status);
          if (status !== row.status) {
            store.tests.setState(testId, {status}, homehost.nowS());
          }
        }
      });
      return null;
    },
    'usage.list': ({testIds}) => store.usage.list(testIds),
    'testData.list': ({testIds, categoryPatt}) => store.data.list(testIds, categoryPatt),
  };
}

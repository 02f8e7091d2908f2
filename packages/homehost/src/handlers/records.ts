/** What belongs to a test: steps, measured values, use of resources. */
import {type DataValues, parseCsv} from '@megatest/model';
import {type CallHandlers, DATA_ROWS_PER_CALL, limits, RpcError, type recordsMethods} from '@megatest/rpc';
import {cutRow} from '../cut-records.ts';
import {type HandlerTools, inForm} from './handler-tools.ts';

export type RecordsHandlers = CallHandlers<typeof recordsMethods>;

export function recordsHandlers(tools: HandlerTools): RecordsHandlers {
  const {once, find, core, cut, cutter, paged, store, homehost} = tools;

  /** Within a transaction; the status that the test has then. */
  function rollUp(testId: number): string {
    const before = core(testId).status;
    const status = store.data.rollUp(testId, before);
    if (status !== before) {
      store.tests.setState(testId, {status}, homehost.nowS());
    }
    return status;
  }

  return {
    'steps.set': async ({testId, stepName, state, status, comment, logfile, ageS}, context) => {
      await once(context, () =>
        store.steps.set({
          testId,
          stepName,
          state,
          status,
          eventTime: Math.floor(homehost.nowS() - (ageS ?? 0)),
          comment: cut(context, `the comment of step ${stepName} of test ${testId}`, comment ?? ''),
          logfile: logfile ?? '',
        }),
      );
      return null;
    },
    'steps.list': ({testIds, cursor}) => {
      if (cursor === undefined) {
        return store.steps.list(testIds);
      }
      return inForm(paged(() => store.steps.page(testIds, {cursor, limit: limits.rows})));
    },
    'testData.add': async ({testId, rows, csv, rollup}, context) => {
      const given = dataOf(rows, csv).map((row) => cutRow(cutter(context), testId, row));
      await once(context, () => {
        find({testId});
        store.data.add(testId, given);
        if (rollup === true) {
          rollUp(testId);
        }
      });
      return null;
    },
    'usage.list': ({testIds}) => store.usage.list(testIds),
    'testData.list': ({testIds, categoryPatt, cursor}) => {
      if (cursor === undefined) {
        return store.data.list(testIds, categoryPatt);
      }
      return inForm(paged(() => store.data.page(testIds, categoryPatt, {cursor, limit: limits.rows})));
    },
    'testData.rollup': async ({testId}, context) => await once(context, () => ({status: rollUp(testId)})),
  };
}

function dataOf(rows: readonly DataValues[] | undefined, csv: string | undefined): readonly DataValues[] {
  if ((rows === undefined) === (csv === undefined)) {
    throw new RpcError('invalidValue', 'either "rows" or "csv" is to be given', {field: 'rows'});
  }
  const given = rows ?? parseCsv(csv ?? '');
  if (given.length > DATA_ROWS_PER_CALL) {
    throw new RpcError('tooLarge', `${given.length} values in one call, ${DATA_ROWS_PER_CALL} are allowed`, {
      limit: DATA_ROWS_PER_CALL,
    });
  }
  return given;
}

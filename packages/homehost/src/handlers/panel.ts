/** One test with all that belongs to it, and its past. */
import type {CallHandlers, panelMethods} from '@megatest/rpc';
import {catalogueRows} from '../panel/catalogue.ts';
import {allowedActions} from '../panel/panel-actions.ts';
import type {HandlerTools} from './handler-tools.ts';

export type PanelHandlers = CallHandlers<typeof panelMethods>;

const dataRows = 500;
/** Of all items of a history together. */
const mostOutcomes = 4000;

export function panelHandlers({find, store, world}: HandlerTools): PanelHandlers {
  const {panel, settings} = world;
  const outcomes = settings.dashboard['history-runs'];
  return {
    'tests.panel': async ({testId}, {connection}) => {
      const test = find({testId});
      const {runId, testName, itemPath, state, archived} = test;
      const run = store.runs.get(runId) ?? null;
      const steps = store.steps.list([testId]);
      const {rows, next} = store.data.page([testId], undefined, {limit: dataRows});
      const parent = itemPath === '' ? undefined : store.tests.find(runId, testName, '');
      return {
        test,
        run,
        keys: store.keys.map((key, index) => ({key, value: run?.target[index] ?? ''})),
        meta: store.meta.get(testName) ?? null,
        steps,
        data: rows,
        hasMoreData: next !== undefined,
        ...store.listings.neighbours(test),
        parent: parent === undefined ? null : {id: parent.id, state: parent.state, status: parent.status},
        actions: allowedActions({
          role: connection.role,
          state,
          isLocked: run?.state === 'locked',
          isArchived: state === 'ARCHIVED' || archived > 0,
          hasSteps: steps.length > 0,
        }),
        files: await panel.files.list(test, ''),
      };
    },
    'tests.history': async ({n = outcomes, ...selection}) => {
      const items = Math.max(1, Math.floor(mostOutcomes / n));
      const found = await panel.thread.ask('history', {...selection, outcomes: n, items: items + 1});
      return {items: found.slice(0, items), isTruncated: found.length > items};
    },
    'tests.catalogue': async ({cursor}) => {
      const {description, problem} = await panel.areaFiles.tryToDescribe('tests');
      const described = new Map(description?.tests?.map((test) => [test.testName, test]));
      const known = [...described.keys()];
      const after = cursor === '' ? undefined : cursor;
      const {names, scores, next} = await panel.thread.ask('catalogue', {outcomes, known, after});
      const rows = catalogueRows(names, described, (name) => store.meta.get(name), scores);
      return {rows, problem, ...(next === undefined ? {} : {next})};
    },
    'targets.latest': async () => ({
      keys: store.keys,
      rows: await panel.thread.ask('newestOfTargets'),
    }),
  };
}

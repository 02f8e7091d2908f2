/** What pages show of the area as a whole. */
import {hostname} from 'node:os';
import {type areaMethods, type CallHandlers, type OtherArea, PROGRAM_VERSION, RpcError} from '@megatest/rpc';
import {configTables} from '../panel/config-tables.ts';
import {dependencyGraph} from '../panel/dependency-graph.ts';
import {parseGraphLine} from '../panel/graph-line.ts';
import {viewData, viewsInOrder} from '../panel/views.ts';
import {daemonSettings} from '../settings.ts';
import type {HandlerTools} from './handler-tools.ts';

export type AreaHandlers = CallHandlers<typeof areaMethods>;

const graphPoints = 2000;

export function areaHandlers({store, run, homehost, world}: HandlerTools): AreaHandlers {
  const {panel, settings, serverStatus} = world;
  const {areaPath, areaName, dashboard} = settings;
  const {areaFiles, thread} = panel;

  /** The newest run of another area; nothing when that cannot be read. */
  async function newestRun(path: string): Promise<OtherArea['newestRun']> {
    const answer = await areaFiles
      .readData({kind: 'newestRun', file: `${path}/megatest.db`})
      .catch(() => undefined);
    return answer?.kind === 'run' ? answer.run : null;
  }

  return {
    'server.info': (_, {connection: {client, role}}) => ({
      mode: 'live',
      area: areaName,
      areaPath,
      suite: areaName,
      homehost: hostname(),
      thisHost: hostname(),
      user: client.user,
      role,
      version: PROGRAM_VERSION,
      keys: store.keys,
      rev: homehost.feed.rev,
      serverTimeMs: Date.now(),
      dashboardConfig: dashboard,
    }),
    'area.summary': async () => {
      const [{description, problem}, {description: second}, statistics] = await Promise.all([
        areaFiles.tryToDescribe('config'),
        areaFiles.tryToDescribe('targets'),
        thread.ask('statistics'),
      ]);
      return {
        ...statistics,
        config: configTables(description?.config ?? [], settings.config),
        problem,
        targets: second?.targets ?? [],
        daemon: serverStatus(),
      };
    },
    'deps.get': async ({testPatt, runId}) => {
      const counts = runId === undefined ? undefined : await thread.ask('countsByTest', run(runId).id);
      return dependencyGraph(await areaFiles.describe('tests'), testPatt, counts);
    },
    'areas.list': async () => {
      const {areas = []} = await areaFiles.describe('areas');
      const found: OtherArea[] = [];
      for (const area of areas) {
        found.push({...area, newestRun: area.changedS === null ? null : await newestRun(area.path)});
      }
      return found;
    },
    'views.get': async ({name}) => {
      const views = viewsInOrder((await areaFiles.describe('views')).views ?? []);
      if (name === undefined) {
        return {views, data: {kind: 'none'}};
      }
      const wanted = views.find((view) => view.name === name);
      if (wanted === undefined) {
        throw new RpcError('notFound', `there is no view ${name} in .mtviews.config`, {
          what: 'view',
          id: name,
        });
      }
      const {view, data} = await viewData(wanted, {
        areaPath,
        working: panel.working,
        readData: async (question) => await areaFiles.readData(question),
        variables: async (selection) => await thread.ask('variables', selection),
      });
      return {views: [view], data};
    },
    'graphs.read': async ({name, from, to, points = graphPoints}) => {
      const now = daemonSettings.parse((await areaFiles.describe('settings')).settings);
      const {entries = []} = now.config.find((section) => section.name === 'graph') ?? {};
      const line = entries.find(([key]) => key === name)?.[1];
      if (line === undefined) {
        throw new RpcError('notFound', `[graph] has no ${name}`, {what: 'graph', id: name});
      }
      const graph = parseGraphLine(line, areaPath);
      if (typeof graph === 'string') {
        throw new RpcError('invalidValue', `[graph] ${name}: ${graph}`, {field: 'graph', value: name});
      }
      const answer = await areaFiles.readData({kind: 'series', ...graph, span: [from, to], points});
      const series = answer.kind === 'series' ? answer.series : [];
      const values = series.flatMap((one) => one.points.map(([, value]) => value));
      const least = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
      const greatest = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
      const isEmpty = values.length === 0;
      return {name, series, min: isEmpty ? null : least, max: isEmpty ? null : greatest};
    },
  };
}

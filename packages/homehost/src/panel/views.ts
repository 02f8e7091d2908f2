/** User-defined views of `.mtviews.config` (spec dashboard.md A9, B5.10): their settings, in order, and what each shows. */
import {constants} from 'node:fs';
import {open, realpath} from 'node:fs/promises';
import {resolve} from 'node:path';
import type {DataAnswer, DataQuestion, DescribedView, View, ViewData} from '@megatest/rpc';
import {VIEW_TYPES} from '@megatest/rpc';
import type {VariableSelection} from '@megatest/store';
import {parseGraphLine} from './graph-line.ts';

export type ViewWorld = {
  readonly areaPath: string;
  /** M, the database of a view that names none. */
  readonly working: string;
  readonly readData: (question: DataQuestion) => Promise<DataAnswer>;
  readonly variables: (selection: VariableSelection) => Promise<DataAnswer>;
};

const lastOrder = 999;
const defaultRefreshS = 30;
const leastRefreshS = 5;
const mostRows = 5000;
const plotPoints = 2000;
const defaultRuns = 20;
const mostRuns = 1000;
const mostPageBytes = 1024 * 1024;

/** By their order, then by name. */
export function viewsInOrder(described: readonly DescribedView[]): readonly View[] {
  return described
    .filter(({name, settings}) => name !== 'default' || Object.keys(settings).length > 0)
    .map(toView)
    .sort((a, b) => a.order - b.order || (a.name < b.name ? -1 : 1));
}

/** What it shows, or the reason why not, in a view of its own. */
export async function viewData(
  view: View,
  world: ViewWorld,
): Promise<{readonly view: View; readonly data: ViewData}> {
  const nothing: ViewData = {kind: 'none'};
  if (view.problem !== null) {
    return {view, data: nothing};
  }
  const found = await dataOf(view, world).catch((error: unknown) =>
    error instanceof Error ? error.message : String(error),
  );
  return typeof found === 'string' ? {view: {...view, problem: found}, data: nothing} : {view, data: found};
}

function toView({name, settings}: DescribedView): View {
  const {type = '', title = name} = settings;
  const isKnown = (VIEW_TYPES as readonly string[]).includes(type);
  const problem = isKnown
    ? null
    : type === ''
      ? `[${name}] has no type; types are ${VIEW_TYPES.join(', ')}`
      : `[${name}] has type ${type}, which is none of ${VIEW_TYPES.join(', ')}`;
  const refreshS = Math.max(leastRefreshS, numberOr(settings.refresh, defaultRefreshS));
  return {name, type, title, order: numberOr(settings.order, lastOrder), refreshS, settings, problem};
}

/** A text is the reason why there is none. */
async function dataOf({type, settings}: View, world: ViewWorld): Promise<ViewData | string> {
  const file = settings.db === undefined ? world.working : resolve(world.areaPath, settings.db);
  const {sql} = settings;
  switch (type) {
    case 'page':
      return await pageOf(settings.file, world.areaPath);
    case 'table':
      return sql === undefined
        ? 'a table needs sql'
        : await world.readData({kind: 'select', file, sql, limit: mostRows});
    case 'plot': {
      if (sql !== undefined) {
        return await world.readData({kind: 'select', file, sql, limit: mostRows});
      }
      const graph = parseGraphLine(settings.db ?? '', world.areaPath);
      return typeof graph === 'string'
        ? graph
        : await world.readData({kind: 'series', ...graph, span: null, points: plotPoints});
    }
    case 'testdata': {
      const {testpatt, category, variable} = settings;
      const runs = Math.min(mostRuns, numberOr(settings.runs, defaultRuns));
      return await world.variables({testPatt: testpatt, category, variable, runs, limit: mostRows});
    }
    case 'url':
      return settings.url === undefined ? 'a url needs its url' : {kind: 'none'};
    case 'external':
      return `this view is Scheme code (${settings.source ?? 'without a source'}) and cannot run here`;
    default:
      return {kind: 'none'};
  }
}

/** An HTML file that really lies in the area. */
async function pageOf(name: string | undefined, areaPath: string): Promise<ViewData | string> {
  if (name === undefined) {
    return 'a page needs its file';
  }
  const real = await realpath(resolve(areaPath, name)).catch(() => undefined);
  if (real === undefined || !real.startsWith(`${areaPath}/`) || real.slice(areaPath.length).includes('/.')) {
    return `there is no file ${name} in the area`;
  }
  const handle = await open(real, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  try {
    const stats = await handle.stat();
    if (!stats.isFile() || stats.size > mostPageBytes) {
      return `${name} is no file of at most ${mostPageBytes / 1024} KiB`;
    }
    return {kind: 'page', html: await handle.readFile('utf8')};
  } finally {
    await handle.close();
  }
}

function numberOr(text: string | undefined, otherwise: number): number {
  const value = Number(text ?? '');
  return text === undefined || text === '' || !Number.isFinite(value) ? otherwise : value;
}

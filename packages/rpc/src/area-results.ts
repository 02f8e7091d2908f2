/**
 * Where a process reads results from (spec homehost.md 7): M itself on the homehost, the cache C elsewhere, the daemon when the
 * answer must be exact there or when there is no copy. All three answer the same questions.
 */
import {existsSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {
  type AreaIdentity,
  type Connection,
  cachePaths,
  type DataRow,
  openArea,
  openCache,
  openWorking,
  propertyOf,
  type RunRow,
  refreshCache,
  type StateCount,
  type StepRow,
  Store,
  showable,
  type TestRow,
  type TestSelection,
  type TestText,
  testText,
  testTexts,
  type UsageRow,
  workingDirectory,
} from '@megatest/store';
import {isWritable} from './area-access.ts';
import type {DaemonClient} from './daemon-client.ts';
import type {RunSummary} from './daemon-methods.ts';
import {type Homehost, mayBeAlive} from './discovery.ts';
import {limits} from './peer.ts';
import {RpcError} from './rpc-error.ts';
import {readKey} from './server-keys.ts';
import {readServerRecord} from './server-record.ts';

export type RunSelection = {
  readonly runPatt: string;
  readonly target?: string | undefined;
  readonly sinceS?: number | undefined;
};

export type AreaResults = Disposable & {
  readonly source: 'working' | 'cache' | 'area' | 'daemon' | 'nothing';
  readonly keys: readonly string[];
  runs(selection: RunSelection): Promise<readonly RunSummary[]>;
  tests(selection: TestSelection): Promise<readonly TestRow[]>;
  /** One JSON text for each test, by id; read to its end before anything else is asked. */
  testTexts(selection: TestSelection, text: TestText): Promise<Iterable<string>>;
  steps(testIds: readonly number[]): Promise<readonly StepRow[]>;
  data(testIds: readonly number[], categoryPatt?: string): Promise<readonly DataRow[]>;
  /** Only the homehost knows; a copy of the results has none. */
  usage(testIds: readonly number[]): Promise<readonly UsageRow[]>;
};

export type ResultsRequest = {
  readonly area: AreaIdentity;
  readonly homehost: Homehost;
  readonly keys: readonly string[];
  /** Makes a client of the daemon; only called when one is needed. */
  readonly daemon: () => DaemonClient;
  readonly marginS: number;
  /** `exact`: off the homehost ask the daemon instead of the cache. */
  readonly freshness: 'exact' | 'barrier';
};

/** How long a cache may take to show what the barrier promised before the daemon is asked instead. */
const barrierLimitMs = 5000;
const idsPerCall = 1000;

export async function openResults(request: ResultsRequest): Promise<AreaResults> {
  const {area, homehost, keys} = request;
  const areaFile = join(area.path, 'megatest.db');
  const record = readServerRecord(area.path);
  const isAlive = record !== undefined && mayBeAlive(area.path, record);
  if (homehost.isHere) {
    const working = join(workingDirectory(area), 'megatest.db');
    const isOwn = existsSync(working) && (!isAlive || record.dbPath === working);
    if (isOwn && statSync(working).uid === process.getuid?.()) {
      return fromDatabase(openWorking(working, {readonly: true}), 'working');
    }
  }
  // From another host a daemon is started: only it knows whether the homehost's M holds more than T.
  const mayStart = !homehost.isHere && isWritable(areaFile);
  const mayAsk = (isAlive || mayStart) && readKey(area.path) !== undefined;
  if (mayAsk && (request.freshness === 'exact' || !existsSync(areaFile))) {
    return fromDaemon(request.daemon(), keys);
  }
  if (!existsSync(areaFile)) {
    return nothing(keys);
  }
  return mayAsk ? await behindBarrier(request, areaFile) : fromCopy(request, areaFile);
}

/** Flushes, then brings the cache up to that flush; the daemon answers itself when that does not come to pass. */
async function behindBarrier(request: ResultsRequest, areaFile: string): Promise<AreaResults> {
  const client = request.daemon();
  const seq = await flushed(client);
  if (seq === undefined) {
    return fromDaemon(client, request.keys);
  }
  const deadline = performance.now() + barrierLimitMs;
  for (let isFirst = true; ; isFirst = false) {
    const cache = cacheOf(request, areaFile, !isFirst);
    if (cache !== undefined && cache.seq >= seq) {
      return fromDatabase(openCache(cache.path), 'cache');
    }
    if (cache === undefined || performance.now() > deadline) {
      return fromDaemon(client, request.keys);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** `undefined` when T cannot be written now: then only the daemon knows. */
async function flushed(client: DaemonClient): Promise<number | undefined> {
  try {
    return (await client.call('sync.flush', {})).seq;
  } catch (error) {
    if (error instanceof RpcError && error.kind === 'timeout') {
      return undefined;
    }
    throw error;
  }
}

/** Without a daemon T is all there is, and it is complete: the last daemon flushed when it left. */
function fromCopy(request: ResultsRequest, areaFile: string): AreaResults {
  const cache = cacheOf(request, areaFile, false);
  return cache === undefined
    ? fromDatabase(openArea(areaFile, {readonly: true}), 'area')
    : fromDatabase(openCache(cache.path), 'cache');
}

/** Refreshes the first cache path that can be used; `undefined` when none can. */
function cacheOf(request: ResultsRequest, areaFile: string, isBarrier: boolean) {
  for (const path of cachePaths(request.area)) {
    try {
      return refreshCache(areaFile, path, {marginS: request.marginS, isBarrier});
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? '';
      if (code !== 'EACCES' && code !== 'EROFS' && code !== 'ENOTDIR' && code !== 'SQLITE_CANTOPEN') {
        throw error;
      }
    }
  }
  return undefined;
}

function fromDatabase(db: Connection, source: AreaResults['source']): AreaResults {
  const store = new Store(db);
  return {
    source,
    keys: store.keys,
    async runs({runPatt, target, sinceS}) {
      return store.runs
        .find({runPatt, targetPatt: target, sinceS})
        .map((run) => withCounts(run, () => store.runs.counts(run.id)));
    },
    testTexts: async (selection, text) => testTexts(db, text, selection),
    tests: async (selection) => store.tests.list(selection).map(showable),
    steps: async (testIds) => store.steps.list(testIds),
    data: async (testIds, categoryPatt) => store.data.list(testIds, categoryPatt),
    usage: async (testIds) => (source === 'working' ? store.usage.list(testIds) : []),
    [Symbol.dispose]: () => db.close(),
  };
}

/** Counted when somebody looks: that takes much longer than finding a run. */
function withCounts(run: RunRow, count: () => readonly StateCount[]): RunSummary {
  let counts: readonly StateCount[] | undefined;
  return {
    ...run,
    get counts() {
      counts ??= count();
      return counts;
    },
  };
}

function fromDaemon(client: DaemonClient, keys: readonly string[]): AreaResults {
  const tests = async (selection: TestSelection) => await allPages(client, selection);
  return {
    source: 'daemon',
    keys,
    runs: async (selection) => await allRuns(client, selection),
    tests,
    testTexts: async (selection, text) =>
      (await tests(selection)).map((row) =>
        testText(
          text,
          row.id,
          text.fields.map(([, column]) => row[propertyOf(column)]),
        ),
      ),
    steps: async (testIds) =>
      await inSlices(testIds, async (ids) => await client.call('steps.list', {testIds: ids})),
    data: async (testIds, categoryPatt) =>
      await inSlices(
        testIds,
        async (ids) => await client.call('testData.list', {testIds: ids, categoryPatt}),
      ),
    usage: async (testIds) =>
      await inSlices(testIds, async (ids) => await client.call('usage.list', {testIds: ids})),
    [Symbol.dispose]: () => {},
  };
}

async function allRuns(client: DaemonClient, selection: RunSelection): Promise<readonly RunSummary[]> {
  const runs = [...(await client.call('runs.list', selection))];
  for (let isFull = runs.length === limits.rows; isFull; ) {
    const page = await client.call('runs.list', {...selection, offset: runs.length});
    runs.push(...page);
    isFull = page.length === limits.rows;
  }
  return runs;
}

async function allPages(client: DaemonClient, selection: TestSelection): Promise<readonly TestRow[]> {
  const rows: TestRow[] = [];
  for (let afterId = selection.afterId ?? 0; ; ) {
    const page = await client.call('tests.list', {
      runIds: selection.runIds === null ? null : [...selection.runIds],
      testPatt: selection.testPatt,
      states: selection.states === undefined ? undefined : [...selection.states],
      statuses: selection.statuses === undefined ? undefined : [...selection.statuses],
      exclude: selection.exclude,
      afterId,
      limit: limits.rows,
    });
    rows.push(...page);
    if (page.length < limits.rows) {
      return rows;
    }
    afterId = page.at(-1)?.id ?? afterId;
  }
}

async function inSlices<T>(
  ids: readonly number[],
  ask: (ids: number[]) => Promise<readonly T[]>,
): Promise<readonly T[]> {
  const all: T[] = [];
  for (let at = 0; at < ids.length; at += idsPerCall) {
    all.push(...(await ask(ids.slice(at, at + idsPerCall))));
  }
  return all;
}

/** A new area: nothing has run yet. */
function nothing(keys: readonly string[]): AreaResults {
  return {
    source: 'nothing',
    keys,
    runs: async () => [],
    tests: async () => [],
    testTexts: async () => [],
    steps: async () => [],
    data: async () => [],
    usage: async () => [],
    [Symbol.dispose]: () => {},
  };
}

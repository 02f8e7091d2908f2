/** What is asked of the thread that reads M for the pages of the dashboard: questions that go through many rows. */
import {hasFailed, isGood, scoreHistory} from '@megatest/model';
import type {CatalogueScore, ItemHistory, RunStatistics, TargetResult} from '@megatest/rpc';
import {
  type Affected,
  type AffectedSelection,
  type Connection,
  type DataAnswer,
  type HistorySelection,
  openWorking,
  type PastOutcome,
  type StateCount,
  Store,
  type TestStateCount,
  type VariableSelection,
} from '@megatest/store';

export const WIDE_READS = {
  statistics,
  newestOfTargets: ({overviews, runs, keys}: Store): readonly TargetResult[] =>
    overviews
      .newestOfTargets(keys)
      .slice(0, mostRuns)
      .map(({id, target, runName, eventTime}) => ({
        target,
        runId: id,
        runName,
        eventTime,
        ...tally(runs.counts(id)),
      })),
  history: ({overviews}: Store, selection: HistorySelection): readonly ItemHistory[] =>
    [...overviews.history(selection)].map(([itemPath, outcomes]) => ({
      itemPath,
      outcomes,
      ...scoreHistory(outcomes),
    })),
  catalogue,
  countsByTest: ({overviews}: Store, runId: number): readonly TestStateCount[] =>
    overviews.countsByTest(runId),
  /** Values of a variable over the newest runs. */
  variables: ({overviews}: Store, selection: VariableSelection): DataAnswer => overviews.variables(selection),
  affected: ({overviews}: Store, selection: AffectedSelection): Affected => overviews.affected(selection),
  recordedDirectories: ({overviews}: Store, directories: readonly string[]): readonly string[] =>
    overviews.recordedDirectories(directories),
} as const;

type WideReads = typeof WIDE_READS;
export type WideRead = keyof WideReads;
export type WideQuestion<N extends WideRead> = Parameters<WideReads[N]>[1];
export type WideAnswer<N extends WideRead> = ReturnType<WideReads[N]>;

/** What the thread is sent; answered with a `WideReply`. */
export type WideRequest = {
  readonly read: WideRead;
  /** M. */
  readonly working: string;
  readonly question: unknown;
};

export type WideReply = {readonly answer: unknown} | {readonly failure: string};

/** Rows that a page shows: they are made into objects and texts by the one thread that answers everybody. */
const mostRuns = 1000;
const mostTests = 500;
/** The next page of a catalogue is that of the same one. */
const keepCatalogueMs = 10_000;

export type CatalogueQuestion = {
  readonly outcomes: number;
  /** Tests that belong there whether they have run or not. */
  readonly known: readonly string[];
  /** Where the page begins, behind this name. */
  readonly after: string | undefined;
};

export type CataloguePage = {
  /** By name. */
  readonly names: readonly string[];
  readonly scores: readonly CatalogueScore[];
  readonly next: string | undefined;
};

let opened: {readonly working: string; readonly db: Connection; readonly store: Store} | undefined;
let lastCatalogue:
  | {
      readonly key: string;
      readonly madeMs: number;
      readonly past: ReadonlyMap<string, readonly PastOutcome[]>;
    }
  | undefined;

/** In the thread. M stays open between questions. */
export function answerWideRead({read, working, question}: WideRequest): WideReply {
  try {
    if (opened?.working !== working) {
      opened?.db.close();
      const db = openWorking(working, {readonly: true});
      opened = {working, db, store: new Store(db)};
    }
    const ask = WIDE_READS[read] as (store: Store, question: unknown) => unknown;
    return {answer: ask(opened.store, question)};
  } catch (error) {
    return {failure: error instanceof Error ? error.message : String(error)};
  }
}

function statistics({overviews, runs}: Store): RunStatistics {
  const totals = new Map<string, number>();
  const byRun = new Map<number, Record<string, number>>();
  for (const {runId, netState, count} of overviews.netCounts()) {
    totals.set(netState, (totals.get(netState) ?? 0) + count);
    const counts = byRun.get(runId) ?? {};
    counts[netState] = count;
    byRun.set(runId, counts);
  }
  const newest = runs.find({runPatt: '%', newestFirst: true, limit: mostRuns});
  return {
    columns: [...totals.keys()].sort(),
    totals: Object.fromEntries(totals),
    rows: newest.map(({id, target, runName}) => ({
      target,
      runName,
      runId: id,
      counts: byRun.get(id) ?? {},
    })),
    isTruncated: newest.length === mostRuns && runs.count({runPatt: '%'}) > mostRuns,
  };
}

function catalogue({overviews, db}: Store, {outcomes, known, after}: CatalogueQuestion): CataloguePage {
  const key = `${outcomes} ${db.name}`;
  if (lastCatalogue?.key !== key || performance.now() - lastCatalogue.madeMs > keepCatalogueMs) {
    const past = overviews.catalogue(outcomes);
    lastCatalogue = {key, madeMs: performance.now(), past};
  }
  const {past} = lastCatalogue;
  const all = [...new Set([...known, ...past.keys()])].filter((name) => after === undefined || name > after);
  const names = all.sort().slice(0, mostTests);
  const scores = names.flatMap((testName) => {
    const list = past.get(testName);
    return list === undefined ? [] : [{testName, strip: list.map(shortOutcome), ...scoreHistory(list)}];
  });
  return {names, scores, next: all.length > mostTests ? names.at(-1) : undefined};
}

function tally(counts: readonly StateCount[]): Pick<TargetResult, 'total' | 'pass' | 'fail' | 'other'> {
  const sum = (isWanted: (state: string, status: string) => boolean) =>
    counts.filter(({state, status}) => isWanted(state, status)).reduce((total, {count}) => total + count, 0);
  const total = sum(() => true);
  const fail = sum(hasFailed);
  // A test that was only partly run counts as failed, whatever its dependants make of it.
  const pass = sum((state, status) => isGood(state, status) && !hasFailed(state, status));
  return {total, pass, fail, other: total - pass - fail};
}

function shortOutcome({
  runId,
  testId,
  state,
  status,
  runDuration,
}: PastOutcome): CatalogueScore['strip'][number] {
  return {runId, testId, state, status, runDuration};
}

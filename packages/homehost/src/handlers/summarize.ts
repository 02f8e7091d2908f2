/** `runs.summary`: the tests of every run, counted by what a user would call their result (spec homehost.md 9.3). */
import {limits} from '@megatest/rpc';
import type {StateCount, Store} from '@megatest/store';
import {Breather} from '../breather.ts';
import {wrongCursor} from './wrong-cursor.ts';

type NetCounts = ReadonlyMap<string, number>;

export async function summarize(store: Store, cursor: string | undefined) {
  const rows: {runId: number; runName: string; netState: string; count: number}[] = [];
  const totals = new Map<string, number>();
  const runs = store.runs.find({runPatt: '%', newestFirst: true, before: parseCursor(store, cursor)});
  const breather = new Breather();
  let last: number | undefined;
  for (const {id: runId, runName} of runs) {
    const counts = netCounts(store.runs.counts(runId));
    if (last !== undefined && rows.length + counts.size > limits.rows) {
      return {rows, totals: listed(totals), next: String(last)};
    }
    for (const [netState, count] of counts) {
      rows.push({runId, runName, netState, count});
      totals.set(netState, (totals.get(netState) ?? 0) + count);
    }
    last = runId;
    await breather.breathe();
  }
  return {rows, totals: listed(totals)};
}

function netCounts(counts: readonly StateCount[]): NetCounts {
  const net = new Map<string, number>();
  for (const {state, status, count} of counts) {
    const netState = state === 'COMPLETED' ? status : state;
    net.set(netState, (net.get(netState) ?? 0) + count);
  }
  return net;
}

function listed(totals: NetCounts): readonly {readonly netState: string; readonly count: number}[] {
  return [...totals].map(([netState, count]) => ({netState, count}));
}

/** The last run of the page before. */
function parseCursor(store: Store, cursor: string | undefined): number | undefined {
  if (cursor === undefined) {
    return undefined;
  }
  const runId = /^\d{1,15}$/.test(cursor) ? Number(cursor) : undefined;
  if (runId === undefined || store.runs.get(runId) === undefined) {
    throw wrongCursor(cursor);
  }
  return runId;
}

/**
 * What managers report, applied to the store: each journal entry once, in order, and only for the launch that owns the row (a late
 * word of an older launch is dropped).
 */
import {isGood} from '@megatest/model';
import {type JobEntry, type JournalEntry, type ReportEntry, RpcError} from '@megatest/rpc';
import type {Store, TestCore, TestUpdate} from '@megatest/store';
import {retryOf} from './launch-id.ts';

/** What follows from a report beyond its row; called within the transaction. */
export type ReportHooks = {
  readonly onFatalLaunch: (row: TestCore, reason: string) => void;
  readonly onLostLaunch: (row: TestCore) => void;
  readonly onJob: (entry: JobEntry) => void;
};

/** Applies entries that are newer than what is stored of this journal; returns the last sequence number that is done. */
export function applyReport(
  store: Store,
  journalId: string,
  entries: readonly {readonly seq: number; readonly entry: JournalEntry}[],
  nowS: number,
  hooks: ReportHooks,
): number {
  const key = `journal:${journalId}`;
  const before = Number(store.doneResult(key, 0) ?? '0');
  let done = before;
  // What a test goes through within one report, nobody has seen: its row is written once.
  store.tests.together(() => {
    for (const {seq, entry} of entries) {
      if (seq > done) {
        if ('testId' in entry) {
          applyEntry(store, entry, nowS, hooks);
        } else {
          hooks.onJob(entry);
        }
        done = seq;
      }
    }
  });
  if (done !== before) {
    store.replaceDone(key, 0, String(done), nowS);
  }
  return done;
}

function applyEntry(store: Store, entry: ReportEntry, nowS: number, hooks: ReportHooks): void {
  const row = store.tests.core(entry.testId);
  if (row === undefined || row.state === 'DELETED' || row.launchId !== entry.launchId) {
    return;
  }
  switch (entry.type) {
    case 'launched':
      store.tests.update(entry.testId, {rundir: entry.rundir, shortdir: entry.shortdir});
      if (row.itemPath !== '') {
        // The parent of an iterated test is found in the link tree, where its items are side by side.
        store.tests.setParentDirectory(row, entry.rundir.slice(0, -row.itemPath.length - 1));
      }
      return;
    case 'launchFailed':
      if (entry.fatal) {
        store.tests.setState(
          entry.testId,
          {state: 'NOT_STARTED', status: 'n/a', comment: entry.reason},
          nowS,
        );
        store.tests.settle();
        hooks.onFatalLaunch(row, entry.reason);
      } else {
        store.tests.setState(
          entry.testId,
          {state: 'COMPLETED', status: 'DEAD', comment: `Launch failed: ${entry.reason}`},
          nowS,
        );
      }
      return;
    case 'launchLost':
      if (row.state === 'LAUNCHED' && store.tests.get(entry.testId)?.attemptnum === 0) {
        hooks.onLostLaunch(row);
      }
      return;
    case 'skipped':
      store.tests.setState(entry.testId, {state: 'COMPLETED', status: 'SKIP', comment: entry.comment}, nowS);
      return;
    case 'claimed':
      // A row that is to be killed keeps saying so until its end is reported.
      if (row.state === 'LAUNCHED') {
        beginExecution(store, entry, nowS);
      }
      return;
    case 'state': {
      if (row.state === 'KILLREQ' && entry.state === 'RUNNING') {
        return;
      }
      const status = entry.status === 'AUTO' ? store.data.rollUp(entry.testId, entry.status) : entry.status;
      const comment = entry.comment ?? flakyComment(row.launchId, entry.state, status);
      store.tests.setState(entry.testId, {state: entry.state, status, comment}, nowS);
      return;
    }
    case 'update':
      store.tests.update(entry.testId, entry.set as TestUpdate);
      return;
    case 'step': {
      const {testId, stepName, state, status, eventTime, comment, logfile} = entry;
      store.steps.set({testId, stepName, state, status, eventTime, comment, logfile});
      return;
    }
    case 'data':
      store.data.add(entry.testId, entry.rows);
      if (entry.rollup) {
        const status = store.data.rollUp(entry.testId, row.status);
        if (status !== row.status) {
          store.tests.setState(entry.testId, {status}, nowS);
        }
      }
      return;
    case 'ended': {
      const isOpen = ['RUNNING', 'REMOTEHOSTSTART', 'LAUNCHED', 'KILLREQ'].includes(row.state);
      const state = entry.state === undefined ? (isOpen ? 'COMPLETED' : undefined) : entry.state;
      const set = {runDuration: entry.runDuration};
      if (state === undefined) {
        store.tests.update(entry.testId, set);
      } else {
        const status = endStatus(store, row, entry.status);
        store.tests.setState(entry.testId, {state, status, comment: entry.comment, set}, nowS);
      }
      if (entry.usage !== undefined) {
        store.usage.add(entry.testId, nowS, entry.runDuration, entry.usage);
      }
      return;
    }
  }
}

/** A script that asked for AUTO gets its status from its data, as long as it ended well (execution.md 10.7). */
function endStatus(store: Store, row: TestCore, status: string | undefined): string | undefined {
  if (row.status === 'AUTO' && status === 'WARN') {
    return 'AUTO-WARN';
  }
  const isAuto = status === 'AUTO' || (row.status === 'AUTO' && status === 'PASS');
  return isAuto ? store.data.rollUp(row.id, 'AUTO') : status;
}

/** A test that passes only when it is tried again deserves a second look. */
function flakyComment(
  launchId: string,
  state: string | undefined,
  status: string | undefined,
): string | undefined {
  const retry = retryOf(launchId);
  return retry > 0 && isGood(state ?? '', status ?? '') ? `Flaky: passed at retry ${retry}` : undefined;
}

/** The atomic start of an execution (spec homehost.md 9.4, execution.md 10.2). */
export function claim(
  store: Store,
  request: {
    readonly testId: number;
    readonly launchId: string;
    readonly host: string;
    readonly pid: number;
    readonly takeOver?: boolean | undefined;
    readonly steps?: readonly string[] | undefined;
  },
  nowS: number,
): {readonly run: boolean} {
  const {testId, launchId} = request;
  const row = store.tests.get(testId);
  if (row === undefined) {
    throw new RpcError('notFound', `there is no test ${testId}`, {what: 'test', id: testId});
  }
  const owner = store.tests.launchId(testId);
  if (owner !== launchId) {
    throw new RpcError('conflict', `test ${testId} has a newer launch than this one`, {
      current: {state: row.state, status: row.status},
    });
  }
  if (row.state === 'KILLREQ') {
    store.tests.setState(testId, {state: 'KILLED', status: 'KILLED', comment: 'killed on request'}, nowS);
    return {run: false};
  }
  if (row.state === 'REMOVING' || row.state === 'DELETED') {
    throw new RpcError('conflict', `test ${testId} is being removed`, {
      current: {state: row.state, status: row.status},
    });
  }
  // A batch system may start the same job twice, even long after the first one ended.
  if (row.attemptnum !== 0 && request.takeOver !== true) {
    const isRunningNow = row.state === 'RUNNING' || row.state === 'REMOTEHOSTSTART';
    const what = isRunningNow ? 'is already running' : 'has already been run by this launch';
    throw new RpcError('conflict', `test ${testId} ${what} on ${row.host}`, {
      host: row.host,
      pid: row.attemptnum,
    });
  }
  beginExecution(store, request, nowS);
  return {run: true};
}

/** What an earlier execution of the row left is cleared, or only what `steps` left; the row says who has it. */
function beginExecution(
  store: Store,
  by: {
    readonly testId: number;
    readonly host: string;
    readonly pid: number;
    readonly steps?: readonly string[] | undefined;
  },
  nowS: number,
): void {
  const {testId, host, pid, steps} = by;
  if (steps === undefined) {
    store.deleteRecords(testId);
  } else {
    store.steps.deleteOf(testId, steps);
    store.data.deleteOf(testId, steps);
    store.usage.deleteOf(testId);
  }
  const isWhole = steps === undefined;
  const counted = isWhole ? 0 : undefined;
  const set = {host, attemptnum: pid, runDuration: 0, passCount: counted, failCount: counted};
  const comment = isWhole ? '' : undefined;
  store.tests.setState(testId, {state: 'REMOTEHOSTSTART', status: 'n/a', comment, set}, nowS);
}

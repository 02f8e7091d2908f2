/**
 * How the daemon bears a large run: three tests of N items each, the second and third waiting item by item, with a manager that only
 * pretends (no processes): plan, register, schedule, roll up and sync, per test; beside a bare loop that writes as many rows.
 *
 * Options: `--items 1000,100000`.
 */
import {mkdtempSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {parseArgs} from 'node:util';
import type {Launch, ReportEntry, RunPlan} from '@megatest/rpc';
import {flush, openWorking, reconcile} from '@megatest/store';
import {Homehost} from '../../packages/homehost/src/homehost.ts';
import {applyReport} from '../../packages/homehost/src/reports.ts';
import type {Row} from './report.ts';

const keys = [{name: 'KIND', type: 'TEXT'}];
const testNames = ['first', 'second', 'third'] as const;
const slots = 1000;
const groupSize = 500;

export async function scale(options: readonly string[]): Promise<readonly Row[]> {
  const {values} = parseArgs({
    args: [...options],
    options: {items: {type: 'string', default: '1000,100000'}},
  });
  const sizes = values.items.split(',').map(Number);
  const rows: Row[] = [];
  const perTest: number[] = [];
  for (const items of sizes) {
    const tests = items * testNames.length;
    const bareUs = (bareLoop(tests) * 1000) / tests;
    const ms = await timeOf(items);
    const bytes = await memoryOf(items);
    const oursUs = (ms * 1000) / tests;
    perTest.push(oursUs);
    rows.push({
      what: `per test, ${tests} tests`,
      ours: oursUs,
      reference: 'bare loop',
      referenceValue: bareUs,
      unit: 'us',
      target: '<= 3',
    });
    rows.push({
      what: `memory per test, ${tests} tests`,
      ours: bytes / tests,
      reference: '1 KiB',
      referenceValue: 1024,
      unit: 'B',
      target: '<= 1',
    });
  }
  const [few, many] = [perTest[0], perTest.at(-1)];
  if (few !== undefined && many !== undefined && sizes.length > 1) {
    const growth = {what: 'growth', ours: many, reference: 'smallest', referenceValue: few};
    rows.push({...growth, unit: 'us', target: '<= 1.2'});
  }
  return rows;
}

/** Inserts and three updates of each row, in groups. */
function bareLoop(tests: number): number {
  const directory = mkdtempSync('/tmp/megatest-bench-');
  try {
    const request = {working: join(directory, 'm.db'), area: join(directory, 't.db'), keys, nowS: 1};
    reconcile(request);
    const db = openWorking(request.working);
    const start = performance.now();
    const insert = db.prepare(
      "INSERT INTO tests (run_id, testname, item_path, state, status) VALUES (1, 'bare', ?, 'NOT_STARTED', 'n/a')",
    );
    const update = db.prepare('UPDATE tests SET state = ?, status = ?, host = ? WHERE id = ?');
    for (const [state, status] of [
      ['NOT_STARTED', 'n/a'],
      ['LAUNCHED', 'n/a'],
      ['RUNNING', 'n/a'],
      ['COMPLETED', 'PASS'],
    ] as const) {
      for (let at = 0; at < tests; at += groupSize) {
        db.exec('BEGIN IMMEDIATE');
        for (let id = at + 1; id <= Math.min(at + groupSize, tests); id += 1) {
          if (state === 'NOT_STARTED') {
            insert.run(String(id));
          } else {
            update.run(state, status, 'host', id);
          }
        }
        db.exec('COMMIT');
      }
    }
    const ms = performance.now() - start;
    db.close();
    return ms;
  } finally {
    rmSync(directory, {recursive: true, force: true});
  }
}

/** Milliseconds of a whole run and the flush after it. */
async function timeOf(items: number): Promise<number> {
  return await withHomehost(async (homehost, {working, area}) => {
    const start = performance.now();
    await runAll(homehost, items, () => {});
    const report = flush({working, area, owner: '', nowS: Date.now() / 1000, marginS: 10});
    const ms = performance.now() - start;
    if (report.kind !== 'flushed') {
      throw new Error(`the sync failed: ${JSON.stringify(report)}`);
    }
    checkPassed(homehost, items);
    return ms;
  });
}

/** Most bytes that a run took. In a run of its own: to collect the garbage before each look takes longer than the run. */
async function memoryOf(items: number): Promise<number> {
  return await withHomehost(async (homehost) => {
    const before = usedBytes();
    let [looks, most] = [0, 0];
    await runAll(homehost, items, () => {
      looks += 1;
      if (looks % 10 === 0) {
        most = Math.max(most, usedBytes());
      }
    });
    checkPassed(homehost, items);
    return most - before;
  });
}

type Files = {readonly working: string; readonly area: string};

async function withHomehost<T>(use: (homehost: Homehost, files: Files) => Promise<T>): Promise<T> {
  const directory = mkdtempSync('/tmp/megatest-bench-');
  const files = {area: join(directory, 't.db'), working: join(directory, 'm.db')};
  reconcile({...files, keys, nowS: Math.floor(Date.now() / 1000)});
  const db = openWorking(files.working);
  try {
    const homehost = new Homehost({db, log: () => {}});
    const result = await use(homehost, files);
    await homehost.leave();
    return result;
  } finally {
    db.close();
    rmSync(directory, {recursive: true, force: true});
  }
}

/** Submits the run and resolves when its driver has ended; `onCommit` is called again and again until then. */
async function runAll(homehost: Homehost, items: number, onCommit: () => void): Promise<void> {
  let journal = 0;
  const pretend = {
    client: {clientId: 'bench', host: 'here', pid: 1, user: 'me', kind: 'manager' as const},
    role: 'operator' as const,
    address: 'local',
    isLasting: true,
    notify: () => {},
    onClose: () => {},
    close: () => {},
    async request(method: string, params: unknown): Promise<unknown> {
      if (method === 'manager.plan') {
        return {plan: planOf(items), messages: [], testMeta: []};
      }
      if (method === 'manager.launch') {
        const {launches} = params as {readonly launches: readonly Launch[]};
        setImmediate(() => void report(launches));
      }
      return null;
    },
  };
  async function report(launches: readonly Launch[]): Promise<void> {
    const entries = launches.flatMap(({testId, launchId}): ReportEntry[] => [
      {type: 'claimed', testId, launchId, host: 'here', pid: 1},
      {type: 'state', testId, launchId, state: 'RUNNING'},
      {type: 'ended', testId, launchId, state: 'COMPLETED', status: 'PASS', runDuration: 1},
    ]);
    const numbered = entries.map((entry) => {
      journal += 1;
      return {seq: journal, entry};
    });
    const hooks = {onFatalLaunch: () => {}, onLostLaunch: () => {}, onJob: () => {}};
    await homehost.write(() => applyReport(homehost.store, 'bench', numbered, homehost.nowS(), hooks));
  }
  homehost.managerRegistered({id: 'm', host: 'here', user: 'me', pid: 1, cpus: 2, connection: pretend}, []);
  const {driverId} = await homehost.submit(
    {
      uuid: 'bench',
      action: 'run',
      target: 'x',
      runName: 'r',
      options: {runWait: true},
      manager: {host: 'here', user: 'me'},
      argv: [],
      owner: 'me',
    },
    {host: 'here', pid: 1},
  );
  await homehost.waitUntil(() => {
    onCommit();
    return homehost.drivers.get(driverId)?.stage === 'ended';
  });
}

/** Beside the clock: to list every row is no part of a run, and the bare loop reads nothing either. */
function checkPassed(homehost: Homehost, items: number): void {
  const ended = homehost.store.tests.list({runIds: [1], states: ['COMPLETED'], statuses: ['PASS']}).length;
  const wanted = (items + 1) * testNames.length;
  if (ended !== wanted) {
    throw new Error(`${ended} of ${wanted} rows have passed`);
  }
}

function usedBytes(): number {
  // Run with --expose-gc (the chore does): what is garbage is not what a run needs.
  (globalThis as {gc?: () => void}).gc?.();
  return process.memoryUsage().heapUsed;
}

function planOf(items: number): RunPlan {
  const list = Array.from({length: items}, (_, index) => ({
    itemPath: String(index + 1),
    vars: [['N', String(index + 1)] as const],
  }));
  return {
    testPatt: '%',
    tests: testNames.map((testName, at) => ({
      testName,
      testDir: `/area/tests/${testName}`,
      waitons: testNames.slice(Math.max(0, at - 1), at).map((name) => ({testName: name, itemMap: ''})),
      modes: [at === 0 ? 'normal' : 'itemwait'],
      priority: 0,
      jobgroup: '',
      hasTriggers: false,
      iterated: 'now',
      items: list,
      itemCount: items,
      skip: null,
      reason: 'matches %',
      isInCycle: false,
    })),
    settings: {
      maxConcurrentJobs: slots,
      jobgroups: {},
      launchDelayS: 0,
      runWait: true,
      reruns: 0,
      deadtimeS: 7200,
      giveUpWaitingS: 36_000,
      ordersByDuration: false,
      allowAutoRerun: '',
      cleanRerun: {states: null, statuses: null},
      linkTree: '/links',
      maxLoad: null,
      waitDelayS: 60,
      preHook: null,
    },
    exitCode: null,
  };
}

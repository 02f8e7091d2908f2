/**
 * What it costs to show many results: a grid over all runs opened anew, read to its end, and its windows, as the daemon sends them; and how
 * long the daemon's event loop keeps others waiting meanwhile. Beside it a bare loop that reads the same rows.
 *
 * Options: `--runs 1000`, `--tests 1000` (of each run), `--rounds 5` (windows).
 */
import {mkdtempSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {monitorEventLoopDelay} from 'node:perf_hooks';
import {parseArgs} from 'node:util';
import {viewLimits} from '@megatest/rpc';
import {type Connection, openWorking, reconcile} from '@megatest/store';
import {Homehost} from '../../packages/homehost/src/homehost.ts';
import {Views} from '../../packages/homehost/src/views/views.ts';
import {fillRuns} from './fill.ts';
import {median, type Row} from './report.ts';

const checkout = process.env.MEGATEST_CHECKOUT ?? process.cwd();

export async function views(options: readonly string[]): Promise<readonly Row[]> {
  const {values} = parseArgs({
    args: [...options],
    options: {
      runs: {type: 'string', default: '1000'},
      tests: {type: 'string', default: '1000'},
      rounds: {type: 'string', default: '5'},
    },
  });
  const directory = mkdtempSync('/var/tmp/megatest-bench-');
  const files = {working: join(directory, 'm.db'), area: join(directory, 't.db')};
  reconcile({...files, keys: [{name: 'kind', type: 'TEXT'}], nowS: Math.floor(Date.now() / 1000)});
  const db = openWorking(files.working);
  // What the daemon waits with does not keep a process alive.
  const alive = setInterval(() => {}, 1000);
  try {
    fillRuns(db, Number(values.runs), Number(values.tests));
    const readMs = bareRead(db);
    const homehost = new Homehost({db, log: () => {}});
    let told: (news: {readonly pending: number}) => void = () => {};
    const shown = new Views({
      workerPath: join(checkout, 'packages/cli/dist/view-worker.js'),
      path: files.working,
      mostCells: 4_000_000,
      changeLog: homehost.changeLog,
      palette: homehost.palette,
      tellGrid: (_, news) => told(news),
      warn: (text) => process.stderr.write(`${text}\n`),
    });
    const rows = await look(shown, {
      runs: Number(values.runs),
      rounds: Number(values.rounds),
      readMs,
      nextNews: async () =>
        await new Promise((resolve) => {
          told = resolve;
        }),
    });
    await shown.close();
    await homehost.leave();
    return rows;
  } finally {
    clearInterval(alive);
    db.close();
    rmSync(directory, {recursive: true, force: true});
  }
}

/** Milliseconds. */
function bareRead(db: Connection): number {
  const start = performance.now();
  const rows = db.prepare('SELECT id, run_id, testname, item_path, state, status FROM tests').raw();
  let count = 0;
  for (const row of rows.iterate()) {
    count += row === undefined ? 0 : 1;
  }
  return count === 0 ? Number.NaN : performance.now() - start;
}

type Look = {
  readonly runs: number;
  readonly rounds: number;
  readonly readMs: number;
  readonly nextNews: () => Promise<{readonly pending: number}>;
};

async function look(shown: Views, {runs, rounds, readMs, nextNews}: Look): Promise<readonly Row[]> {
  const delay = monitorEventLoopDelay({resolution: 1});
  delay.enable();
  const start = performance.now();
  const grid = 1;
  let {pending} = await shown.openGrid({
    grid,
    runLimit: Math.min(runs, viewLimits.runs),
    sort: '-event_time',
  });
  const openMs = performance.now() - start;
  const read = async (count: number, columns: number) => {
    const began = performance.now();
    const window = await shown.ask('grid.rows', {grid, from: 0, count, cols: [0, columns]});
    // As it is sent.
    JSON.stringify(window);
    return performance.now() - began;
  };
  while (pending > 0) {
    ({pending} = await nextNews());
    await read(45, 30);
  }
  const wholeMs = performance.now() - start;
  const screens: number[] = [];
  const largest: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    screens.push(await read(45, 30));
    largest.push(await read(viewLimits.windowRows, viewLimits.windowColumns));
  }
  delay.disable();
  return [
    {what: 'first view', ours: openMs, reference: 'limit', referenceValue: 2000, unit: 'ms', target: '<= 1'},
    {
      what: 'all tests',
      ours: wholeMs,
      reference: 'bare read',
      referenceValue: readMs,
      unit: 'ms',
      target: '<= 3',
    },
    {
      what: 'window of 45 x 30',
      ours: median(screens),
      reference: 'limit',
      referenceValue: 50,
      unit: 'ms',
      target: '<= 1',
    },
    {
      what: 'largest window',
      ours: median(largest),
      reference: 'limit',
      referenceValue: 150,
      unit: 'ms',
      target: '<= 1',
    },
    {
      what: 'event-loop delay, longest',
      ours: delay.max / 1e6,
      reference: 'limit',
      referenceValue: 20,
      unit: 'ms',
      target: '<= 1',
    },
  ];
}

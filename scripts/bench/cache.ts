/**
 * What a host that is not the homehost pays to list the runs with a million tests: the cache is brought up to date, when T has changed,
 * and then asked; beside the same query on T itself.
 *
 * Options: `--tests 1000000`, `--rounds 7`.
 */
import {mkdtempSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {parseArgs} from 'node:util';
import {
  type Connection,
  flush,
  openArea,
  openCache,
  openWorking,
  reconcile,
  refreshCache,
  Store,
} from '@megatest/store';
import {fillRuns} from './fill.ts';
import {median, type Row} from './report.ts';

const keys = [{name: 'kind', type: 'TEXT'}];
const perRun = 10_000;
const marginS = 10;
const changedRows = 1000;

export async function cache(options: readonly string[]): Promise<readonly Row[]> {
  const {values} = parseArgs({
    args: [...options],
    options: {tests: {type: 'string', default: '1000000'}, rounds: {type: 'string', default: '7'}},
  });
  const tests = Number(values.tests);
  const directory = mkdtempSync('/var/tmp/megatest-bench-');
  const files = {working: join(directory, 'm.db'), area: join(directory, 't.db')};
  const cached = join(directory, 'c/c.db');
  let nowS = Math.floor(Date.now() / 1000);
  reconcile({...files, keys, nowS});
  const db = openWorking(files.working);
  const flushAt = (time: number) => flush({...files, owner: '', marginS, nowS: time});
  try {
    fillRuns(db, Math.max(1, tests / perRun), Math.min(tests, perRun));
    flushAt(nowS);
    refreshCache(files.area, cached, {marginS});
    const [unchanged, changed, refreshes, onT]: [number[], number[], number[], number[]] = [[], [], [], []];
    for (let round = 0; round < Number(values.rounds); round += 1) {
      onT.push(timeOf(() => listRuns(openArea(files.area, {readonly: true}))));
      unchanged.push(
        timeOf(() => {
          refreshCache(files.area, cached, {marginS});
          listRuns(openCache(cached));
        }),
      );
      nowS += 60;
      db.prepare('UPDATE tests SET comment = ?, last_update = ? WHERE id % ? = 0').run(
        `round ${round}`,
        nowS,
        Math.max(1, tests / changedRows),
      );
      flushAt(nowS);
      const refresh = timeOf(() => refreshCache(files.area, cached, {marginS}));
      refreshes.push(refresh);
      changed.push(refresh + timeOf(() => listRuns(openCache(cached))));
    }
    const row = (what: string, ours: number, referenceValue: number): Row => ({
      what,
      ours,
      reference: 'query on T',
      referenceValue,
      unit: 'ms',
      target: '<= 1.2',
    });
    return [
      row('T unchanged', median(unchanged), median(onT)),
      row(`${changedRows} rows changed, less the sync`, median(changed) - median(refreshes), median(onT)),
      {...row(`the sync of ${changedRows} rows`, median(refreshes), median(onT)), target: ''},
    ];
  } finally {
    db.close();
    rmSync(directory, {recursive: true, force: true});
  }
}

/** What `-list-runs %` asks first. */
function listRuns(db: Connection): void {
  try {
    const store = new Store(db);
    for (const run of store.runs.find({runPatt: '%'})) {
      store.runs.counts(run.id);
    }
  } finally {
    db.close();
  }
}

function timeOf(work: () => void): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

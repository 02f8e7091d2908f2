/**
 * How the daemon bears a steady stream of changes: two thousand rows a second, in groups as they come from managers, while M is copied
 * to T. How far T is behind at most, and how long the event loop keeps others waiting; everything in this process but the sync's thread.
 *
 * Options: `--seconds 60`, `--perSecond 2000`, `--tests 100000`.
 */
import {mkdtempSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {monitorEventLoopDelay} from 'node:perf_hooks';
import {parseArgs} from 'node:util';
import {openWorking, reconcile} from '@megatest/store';
import {Homehost} from '../../packages/homehost/src/homehost.ts';
import {Syncer} from '../../packages/homehost/src/syncer.ts';
import {fillRuns} from './fill.ts';
import type {Row} from './report.ts';

const checkout = process.env.MEGATEST_CHECKOUT ?? process.cwd();
const keys = [{name: 'kind', type: 'TEXT'}];
/** Changes come in this many groups a second. */
const groupsPerS = 100;
const perRun = 1000;

export async function steady(options: readonly string[]): Promise<readonly Row[]> {
  const {values} = parseArgs({
    args: [...options],
    options: {
      seconds: {type: 'string', default: '60'},
      perSecond: {type: 'string', default: '2000'},
      tests: {type: 'string', default: '100000'},
    },
  });
  const tests = Number(values.tests);
  const directory = mkdtempSync('/var/tmp/megatest-bench-');
  const files = {working: join(directory, 'm.db'), area: join(directory, 't.db')};
  reconcile({...files, keys, nowS: Math.floor(Date.now() / 1000)});
  const db = openWorking(files.working);
  // What the daemon waits with does not keep a process alive.
  const alive = setInterval(() => {}, 1000);
  try {
    fillRuns(db, Math.max(1, tests / perRun), Math.min(tests, perRun));
    const log = (_: string, text: string) => process.stderr.write(`${text}\n`);
    let syncer: Syncer | undefined;
    const homehost = new Homehost({db, log, onCommit: () => syncer?.noteCommit()});
    syncer = new Syncer({
      ...files,
      workerPath: join(checkout, 'packages/cli/dist/sync-worker.js'),
      owner: '',
      intervalS: 3,
      marginS: 10,
      writes: () => homehost.writes,
      onFlushed: (report) => void homehost.noteFlush(report),
      onProblem: (problem) => log('', JSON.stringify(problem)),
      warn: (text) => log('', text),
    });
    // The first flush is that of the rows that were there before.
    await syncer.barrier();
    const figures = await change(homehost, syncer, {
      tests,
      groups: Number(values.seconds) * groupsPerS,
      perGroup: Math.ceil(Number(values.perSecond) / groupsPerS),
    });
    await syncer.close();
    await homehost.leave();
    return figures;
  } finally {
    clearInterval(alive);
    db.close();
    rmSync(directory, {recursive: true, force: true});
  }
}

type Stream = {readonly tests: number; readonly groups: number; readonly perGroup: number};

async function change(homehost: Homehost, syncer: Syncer, stream: Stream): Promise<readonly Row[]> {
  const delay = monitorEventLoopDelay({resolution: 1});
  const start = performance.now();
  const written: Promise<void>[] = [];
  let [next, lagS] = [0, 0];
  delay.enable();
  for (let group = 0; group < stream.groups; group += 1) {
    const ids = Array.from({length: stream.perGroup}, () => {
      next = (next + 7919) % stream.tests;
      return next + 1;
    });
    const status = group % 2 === 0 ? 'PASS' : 'FAIL';
    written.push(
      homehost.write(() => {
        for (const id of ids) {
          homehost.store.tests.setState(id, {status, comment: `change ${group}`}, homehost.nowS());
        }
      }),
    );
    lagS = Math.max(lagS, syncer.status().lagS);
    const waitMs = start + ((group + 1) * 1000) / groupsPerS - performance.now();
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, waitMs)));
  }
  await Promise.all(written);
  delay.disable();
  const perS = (stream.groups * stream.perGroup * 1000) / (performance.now() - start);
  const wanted = stream.perGroup * groupsPerS;
  const limit = {reference: 'limit', target: '<= 1'};
  return [
    {
      what: 'changes a second',
      ours: perS,
      reference: 'wanted',
      referenceValue: wanted,
      unit: '/s',
      target: '>= 0.95',
    },
    {what: 'T behind M at most', ours: lagS, ...limit, referenceValue: 5, unit: 's'},
    {
      what: 'event-loop delay, p99',
      ours: delay.percentile(99) / 1e6,
      ...limit,
      referenceValue: 20,
      unit: 'ms',
    },
    {what: 'event-loop delay, longest', ours: delay.max / 1e6, ...limit, referenceValue: 50, unit: 'ms'},
  ];
}

/**
 * The schedule of a whole run, simulated: tests with many items that wait for each other item by item, failures, lost managers, late
 * and repeated reports, all from a seed; every law of test/runs/laws.ts is checked on the way. Prints what a test costs in time and
 * memory, the simulated managers and rows included, for a small run first, so that a cost which grows with the size shows.
 *
 * Options: `--tests 1000000`, `--seed 1`, `--items 50000` (of each test).
 */
import {parseArgs} from 'node:util';
import {setFlagsFromString} from 'node:v8';
import {runInNewContext} from 'node:vm';
import {Random} from '../../test/runs/random.ts';
import {itemwiseArea} from '../../test/runs/random-plan.ts';
import {Simulation} from '../../test/runs/simulation.ts';

const smallSize = 3000;

export function scheduler(options: readonly string[]): void {
  const {values} = parseArgs({
    args: [...options],
    options: {
      tests: {type: 'string', default: '1000000'},
      items: {type: 'string', default: '50000'},
      seed: {type: 'string', default: '1'},
    },
  });
  const seed = Number(values.seed);
  console.log('instances  launches  seconds  µs per test  bytes per test  digest');
  for (const size of [smallSize, Number(values.tests)]) {
    simulate(size, Math.min(Number(values.items), size), seed);
  }
}

function simulate(size: number, items: number, seed: number): void {
  const heapBefore = heapBytes();
  const area = itemwiseArea(new Random(seed), {tests: Math.ceil(size / items), items});
  const simulation = new Simulation(area, {
    seed,
    slots: 500,
    groupSlots: 100,
    runners: 1,
    fails: 0.02,
    losesManager: 0.01,
    isKilled: 0.005,
    isSkipped: 0.01,
    comesTwice: 0.1,
  });
  const startMs = performance.now();
  const {launches, rows, digest} = simulation.run();
  const tookMs = performance.now() - startMs;
  const bytes = heapBytes() - heapBefore;
  const cells = [
    String(rows).padStart(9),
    String(launches).padStart(8),
    (tookMs / 1000).toFixed(1).padStart(7),
    ((tookMs * 1000) / rows).toFixed(1).padStart(11),
    (bytes / rows).toFixed(0).padStart(14),
    digest,
  ];
  console.log(cells.join('  '));
  // The run must live until its memory has been measured.
  simulation.store.takeChanges();
}

function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') {
    collect();
  }
  return process.memoryUsage().heapUsed;
}

/**
 * Runs over three hosts while daemon, managers and clients are killed, links are cut and T cannot be written: `test/homehost/
 * crash-round.ts` says what must hold afterwards. Needs root, for the hosts are network namespaces. Prints a line for each round; a
 * round that goes wrong is told with its seed, its area is kept, and the others go on.
 *
 * Options: `--rounds 200`, `--tests 300`, `--seed 1` (of the first round; the others count up), `--every 8` (tests that start
 * between two accidents, on average), `--without 'manager killed'` (a kind of accident; may be repeated).
 */
import {parseArgs} from 'node:util';
import {crashRound} from '../../test/homehost/crash-round.ts';

const roundLimitMs = 400_000;

export async function crash(options: readonly string[]): Promise<void> {
  const {values} = parseArgs({
    args: [...options],
    options: {
      rounds: {type: 'string', default: '200'},
      tests: {type: 'string', default: '300'},
      seed: {type: 'string', default: '1'},
      every: {type: 'string', default: '8'},
      without: {type: 'string', multiple: true, default: []},
    },
  });
  const rounds = Number(values.rounds);
  let failed = 0;
  for (let round = 0; round < rounds; round += 1) {
    const seed = Number(values.seed) + round;
    const startMs = performance.now();
    const {accidents, problems} = await crashRound({
      seed,
      tests: Number(values.tests),
      testsPerAccident: Number(values.every),
      without: values.without,
      limitMs: roundLimitMs,
      keep: (path) => console.log(`  kept: ${path}`),
    });
    const list = Object.entries(accidents).map(([name, count]) => `${name} ${count}`);
    const seconds = ((performance.now() - startMs) / 1000).toFixed(0);
    console.log(`seed ${seed}: ${problems.length === 0 ? 'ok' : 'WRONG'}, ${seconds} s, ${list.join(', ')}`);
    for (const problem of problems) {
      console.log(`  ${problem}`);
    }
    failed += problems.length === 0 ? 0 : 1;
  }
  console.log(`${rounds - failed} of ${rounds} rounds right`);
  process.exitCode = failed === 0 ? 0 : 1;
}

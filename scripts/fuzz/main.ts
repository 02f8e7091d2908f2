/**
 * `npm run fuzz -- NAME [--runs N]`: runs the random tests (`*.fuzz.test.ts`) of the packages named with many more cases than
 * `npm test` does. A failure prints the seed and path that repeat it. `config` means the configuration language: its reader and
 * its Scheme. `rpc` sends a running daemon what it does not expect, 1,000,000 times or `--runs N`, from `--seed N`.
 */
import {spawnSync} from 'node:child_process';
import {readdirSync} from 'node:fs';
import {join} from 'node:path';
import {parseArgs} from 'node:util';

const defaultRuns = '20000';
const checkout = process.env.MEGATEST_CHECKOUT ?? process.cwd();
const {values, positionals} = parseArgs({
  allowPositionals: true,
  options: {runs: {type: 'string'}, seed: {type: 'string', default: '1'}},
});
if (positionals.length === 1 && positionals[0] === 'rpc') {
  const {rpc} = await import('./rpc.ts');
  process.exit(await rpc(Number(values.seed), Number(values.runs ?? '1000000')));
}

const groups: Readonly<Record<string, readonly string[]>> = {config: ['config', 'scheme']};
const packages = positionals.flatMap((name) => groups[name] ?? [name]);
const files = packages.flatMap((name) => fuzzTestsOf(join('packages', name, 'src')));
if (files.length === 0) {
  console.error('Name a package that has tests called *.fuzz.test.ts, such as "config", or "rpc".');
  process.exit(2);
}
const vitest = spawnSync(
  process.execPath,
  [join(checkout, 'node_modules/vitest/vitest.mjs'), 'run', '--testTimeout=3600000', ...files],
  {cwd: checkout, stdio: 'inherit', env: {...process.env, MEGATEST_FUZZ_RUNS: values.runs ?? defaultRuns}},
);
process.exit(vitest.status ?? 1);

function fuzzTestsOf(folder: string): readonly string[] {
  try {
    return readdirSync(join(checkout, folder), {recursive: true})
      .map(String)
      .filter((file) => file.endsWith('.fuzz.test.ts'))
      .map((file) => join(folder, file));
  } catch {
    return [];
  }
}

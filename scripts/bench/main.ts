/** `npm run bench -- NAME [options]`: runs one bench, prints its table and writes bench/results/NAME.json. */
import type {Row} from './report.ts';
import {printRows, saveRows} from './report.ts';

type Bench = (options: readonly string[]) => Promise<readonly Row[]>;

const benches: Readonly<Record<string, () => Promise<Bench>>> = {
  config: async () => (await import('./config.ts')).config,
  logpro: async () => (await import('./logpro.ts')).logpro,
  many: async () => (await import('./many.ts')).many,
  scale: async () => (await import('./scale.ts')).scale,
  overhead: async () => (await import('./overhead.ts')).overhead,
  first: async () => (await import('./first.ts')).first,
  queries: async () => (await import('./queries.ts')).queryCommands,
  idle: async () => (await import('./idle.ts')).idle,
  sync: async () => (await import('./sync.ts')).sync,
  steady: async () => (await import('./steady.ts')).steady,
  cache: async () => (await import('./cache.ts')).cache,
  rpc: async () => (await import('./rpc.ts')).rpc,
  step: async () => (await import('./step.ts')).step,
  views: async () => (await import('./views.ts')).views,
};

const [name = '', ...options] = process.argv.slice(2);
const load = benches[name];
if (load === undefined) {
  console.error(`There is no bench "${name}". Benches: ${Object.keys(benches).join(', ')}.`);
  process.exit(2);
}
const bench = await load();
const rows = await bench(options);
process.stdout.write(printRows(name, rows));
const file = saveRows(process.env.MEGATEST_CHECKOUT ?? process.cwd(), name, rows);
console.error(`written to ${file}`);

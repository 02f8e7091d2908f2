/** `npm run soak -- NAME [options]`: runs one long test with much work and many accidents, and fails when a promise is broken. */

type Soak = (options: readonly string[]) => Promise<void> | void;

const soaks: Readonly<Record<string, () => Promise<Soak>>> = {
  crash: async () => (await import('./crash.ts')).crash,
  launchers: async () => (await import('./launchers.ts')).launchers,
  scheduler: async () => (await import('./scheduler.ts')).scheduler,
};

const [name = '', ...options] = process.argv.slice(2);
const load = soaks[name];
if (load === undefined) {
  console.error(`There is no soak "${name}". Soaks: ${Object.keys(soaks).join(', ')}.`);
  process.exit(2);
}
const soak = await load();
await soak(options);

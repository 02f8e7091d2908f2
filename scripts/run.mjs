/**
 * Runs a TypeScript chore of this folder: `node scripts/run.mjs bench overhead` bundles scripts/bench/main.ts and runs it.
 * Installs and builds what is missing first.
 */
import {spawnSync} from 'node:child_process';
import {existsSync} from 'node:fs';
import {join} from 'node:path';
import {prepare} from './bootstrap.mjs';
import {root} from './root.mjs';

const [chore = '', ...rest] = process.argv.slice(2);
const source = join(root, 'scripts', chore, 'main.ts');
if (chore === '' || !existsSync(source)) {
  console.error(`There is no chore "${chore}": name a folder of scripts/ that holds a main.ts.`);
  process.exit(2);
}
await prepare();
const {build} = await import('esbuild');
const outfile = join(root, '.build/chores', `${chore}.mjs`);
await build({
  entryPoints: [source],
  outfile,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  external: ['better-sqlite3'],
  logLevel: 'warning',
  banner: {
    js: "import {createRequire as __createRequire} from 'node:module';const require=__createRequire(import.meta.url);",
  },
});
const child = spawnSync(process.execPath, ['--expose-gc', outfile, ...rest], {
  stdio: 'inherit',
  env: {...process.env, MEGATEST_CHECKOUT: root},
});
process.exit(child.status ?? 1);

/**
 * `npm test`: installs and builds what is missing, then runs every test (or those named by the arguments, which go to vitest).
 *
 * `--require-all` makes a test that would be skipped, because this machine lacks a Debian package, a failure.
 */
import {spawnSync} from 'node:child_process';
import {join} from 'node:path';
import {prepare} from './bootstrap.mjs';
import {root} from './root.mjs';

await prepare();
const requireAll = process.argv.includes('--require-all');
const rest = process.argv.slice(2).filter((argument) => argument !== '--require-all');
const vitest = spawnSync(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...rest], {
  cwd: root,
  stdio: 'inherit',
  env: {...process.env, ...(requireAll ? {MEGATEST_REQUIRE_ALL: '1'} : {})},
});
process.exit(vitest.status ?? 1);

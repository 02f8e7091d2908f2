/**
 * `npm run demo`: installs and builds what is missing, copies examples/quickstart to a temporary folder, runs it for real
 * (a homehost daemon, a manager, six tests of which one fails on purpose) and shows what a user would look at next.
 */
import {spawnSync} from 'node:child_process';
import {cpSync, mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {prepare} from './bootstrap.mjs';
import {root} from './root.mjs';

await prepare();
const folder = mkdtempSync(join(tmpdir(), 'megatest-demo-'));
const area = join(folder, 'quickstart');
cpSync(join(root, 'examples/quickstart'), area, {recursive: true});
console.log(`The area is a copy of examples/quickstart in ${area}\n`);

const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith('MT_')),
);
const path = `${join(root, 'packages/cli/bin')}:${process.env.PATH}`;
try {
  // 4: the run ended and some tests failed, as one does here on purpose.
  show(['run', '--target', 'linux/v1', '--name', 'demo', '--wait'], [4]);
  show(['status'], [0]);
  show(['tests', 'demo'], [0]);
  show(['data', 'speed'], [0]);
  show(['runs', '--json'], [0]);
} finally {
  show(['server', 'stop'], [0]);
  rmSync(folder, {recursive: true, force: true});
}
console.log(
  '\nTo try it yourself: cd examples/quickstart, put packages/cli/bin on PATH, and type the commands above.',
);

function show(words, expectedCodes) {
  console.log(`\n$ megatest ${words.join(' ')}`);
  const result = spawnSync('megatest', words, {
    cwd: area,
    stdio: 'inherit',
    env: {...environment, PATH: path},
  });
  if (!expectedCodes.includes(result.status ?? -1)) {
    console.error(
      `megatest ${words[0]} ended with ${result.status}, expected ${expectedCodes.join(' or ')}.`,
    );
    process.exitCode = 1;
  }
}

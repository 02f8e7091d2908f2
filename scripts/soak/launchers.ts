/** The same 200 tests through every launcher (test/execution/launchers.test.ts). Option: `--tests 200`. */
import {spawnSync} from 'node:child_process';
import {join} from 'node:path';
import {parseArgs} from 'node:util';

export function launchers(options: readonly string[]): void {
  const {values} = parseArgs({args: [...options], options: {tests: {type: 'string', default: '200'}}});
  const checkout = process.env.MEGATEST_CHECKOUT ?? process.cwd();
  const words = [
    join(checkout, 'scripts/test.mjs'),
    'test/execution/launchers.test.ts',
    '--reporter=verbose',
  ];
  const {status} = spawnSync(process.execPath, words, {
    cwd: checkout,
    stdio: 'inherit',
    env: {...process.env, MEGATEST_LAUNCHER_TESTS: values.tests},
  });
  process.exitCode = status ?? 1;
}

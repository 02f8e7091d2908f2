import {execFileSync} from 'node:child_process';
import {copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {build} from 'esbuild';
import {expect, it} from 'vitest';
import {builtCommand} from './work-folder.ts';

it('the bench of logpro runs, on a small log', async () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const checkout = mkdtempSync(join(tmpdir(), 'logpro-bench-'));
  try {
    mkdirSync(join(checkout, 'packages/cli/dist'), {recursive: true});
    copyFileSync(await builtCommand(), join(checkout, 'packages/cli/dist/logpro.js'));
    const outfile = join(checkout, 'bench.mjs');
    await build({
      entryPoints: [join(root, 'scripts/bench/main.ts')],
      outfile,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      // Other benches need more than this one.
      packages: 'external',
      logLevel: 'warning',
    });
    execFileSync(process.execPath, [outfile, 'logpro', '--size', '1', '--rounds', '1'], {
      env: {...process.env, MEGATEST_CHECKOUT: checkout},
      stdio: 'pipe',
    });
    const {rows} = JSON.parse(readFileSync(join(checkout, 'bench/results/logpro.json'), 'utf8'));
    expect(rows.map(({what}: {what: string}) => what)).toEqual([
      '1 MB, 20 rules',
      '1 MB, with report',
      'memory, 1 MB',
    ]);
  } finally {
    rmSync(checkout, {recursive: true});
  }
});

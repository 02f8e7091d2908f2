import {execFileSync} from 'node:child_process';
import {copyFileSync, mkdirSync, mkdtempSync, rmSync} from 'node:fs';
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
      stdin: {
        contents: `import {logpro} from './scripts/bench/logpro.ts';
          process.stdout.write(JSON.stringify(await logpro(['--size', '1', '--rounds', '1'])));`,
        resolveDir: root,
      },
      outfile,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      logLevel: 'warning',
    });
    const env = {...process.env, MEGATEST_CHECKOUT: checkout};
    const rows = JSON.parse(execFileSync(process.execPath, [outfile], {env, encoding: 'utf8'}));
    expect(rows.map(({what}: {what: string}) => what)).toEqual([
      '1 MB, 20 rules',
      '1 MB, with report',
      'memory, 1 MB',
    ]);
  } finally {
    rmSync(checkout, {recursive: true});
  }
});

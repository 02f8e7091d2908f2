/**
 * Bundles every command of packages/cli/src/bin with esbuild into packages/cli/dist, or for a test into another folder and with
 * other sources.
 *
 * Code splitting keeps what a command imports lazily out of its start; `better-sqlite3` stays outside, because its
 * native part is found relative to its own folder.
 */
import {chmodSync, existsSync, mkdirSync, readdirSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {build} from 'esbuild';
import {root} from './root.mjs';

export async function bundle({outdir = join(root, 'packages/cli/dist'), plugins = []} = {}) {
  const bin = join(root, 'packages/cli/src/bin');
  rmSync(outdir, {recursive: true, force: true});
  mkdirSync(outdir, {recursive: true});
  const commands = readdirSync(bin).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
  await bundleTogether(
    commands.map((name) => join(bin, name)),
    outdir,
    plugins,
  );
  // Each built alone: what is built together shares pieces, and a piece brings whatever any of its users needs.
  for (const name of ['helper-call', 'helper-extras']) {
    await bundleTogether([join(root, 'packages/cli/src/actions', `${name}.ts`)], outdir, plugins);
  }
  const fronts = join(root, 'packages/cli/bin');
  for (const name of existsSync(fronts) ? readdirSync(fronts) : []) {
    chmodSync(join(fronts, name), 0o755);
  }
}

async function bundleTogether(entryPoints, outdir, plugins) {
  await build({
    entryPoints,
    outdir,
    plugins,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external: ['better-sqlite3'],
    minifySyntax: true,
    minifyWhitespace: true,
    keepNames: true,
    sourcemap: false,
    logLevel: 'warning',
    chunkNames: 'chunk-[hash]',
    // Some dependencies are CommonJS and call require() for Node's own modules.
    banner: {
      js: "import {createRequire as __createRequire} from 'node:module';const require=__createRequire(import.meta.url);",
    },
  });
}

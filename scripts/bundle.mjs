/**
 * Bundles every command of packages/cli/src/bin, and the parts that they load when they need them, with esbuild into
 * packages/cli/dist, or for a test into another folder and with other sources: `dist/NAME.js` starts `dist/code/NAME.js` with the
 * code that V8 has compiled for it already (see packages/cli/src/load-bundle.ts).
 *
 * Each is built alone: what is built together shares pieces, and a piece brings whatever any of its users needs.
 */
import {spawnSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {build} from 'esbuild';
import {root} from './root.mjs';

const source = join(root, 'packages/cli/src');

/** What commands load when they need it, by the names of programs.ts. */
const parts = {
  all: 'modern/all-bundle.ts',
  look: 'modern/look-bundle.ts',
  run: 'modern/run-bundle.ts',
  legacy: 'legacy/main.ts',
  'area-actions': 'legacy/area-actions.ts',
  'rare-actions': 'legacy/rare-actions.ts',
  execute: 'actions/execute.ts',
  pilot: 'actions/pilot.ts',
  'helper-extras': 'actions/helper-extras.ts',
  'start-server': 'actions/start-server.ts',
};

/** Options that a bundle is started with: compiled code is only good for the same ones. */
const optionsOf = {planner: ['--max-semi-space-size=64']};

export async function bundle({outdir = join(root, 'packages/cli/dist'), plugins = []} = {}) {
  const commands = readdirSync(join(source, 'bin')).map((name) => name.replace(/\.ts$/, ''));
  rmSync(outdir, {recursive: true, force: true});
  mkdirSync(join(outdir, 'code'), {recursive: true});
  writeFileSync(join(outdir, 'package.json'), '{"type": "commonjs"}\n');
  const bundles = {...Object.fromEntries(commands.map((name) => [name, `bin/${name}.ts`])), ...parts};
  await Promise.all([
    ...Object.entries(bundles).map(
      async ([name, file]) => await bundleAlone(name, join(source, file), {outdir, plugins}),
    ),
    build({
      ...common,
      entryPoints: commands.map((name) => ({in: join(source, 'start-bundle.ts'), out: name})),
      outdir,
    }),
  ]);
  copyFileSync(join(root, 'packages/manager/src/execution/spawner.pl'), join(outdir, 'spawner.pl'));
  compileAhead(Object.keys(bundles), outdir);
  const fronts = join(root, 'packages/cli/bin');
  for (const name of existsSync(fronts) ? readdirSync(fronts) : []) {
    chmodSync(join(fronts, name), 0o755);
  }
}

const common = {
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20',
  minifySyntax: true,
  minifyWhitespace: true,
  sourcemap: false,
  logLevel: 'warning',
  define: {
    'import.meta.dirname': '__dirname',
    'import.meta.filename': '__filename',
    'import.meta.url': '__bundleUrl',
  },
};

/** One expression: a function with what a module finds around it. */
async function bundleAlone(name, entryPoint, {outdir, plugins}) {
  const {outputFiles} = await build({
    ...common,
    entryPoints: [entryPoint],
    outfile: join(outdir, 'code', `${name}.js`),
    write: false,
    plugins: [nativeBinding, importOfStart, tlsWhenUsed, ...plugins],
    // The rules of every script and emoji take longer to set up than most commands; help and tables are plain text.
    alias: {'string-width': join(source, 'view/text-width.ts')},
    banner: {
      js: "(function(exports,require,module,__filename,__dirname,__import){const __bundleUrl=require('node:url').pathToFileURL(__filename).href;",
    },
    footer: {js: '})'},
  });
  const [{text}] = outputFiles;
  const stamp = createHash('sha256').update(text).digest('hex').slice(0, 16);
  writeFileSync(join(outdir, 'code', `${name}.js`), `// ${stamp}\n${text}`);
}

/** `better-sqlite3` looks for its native part in a dozen places, beside the file that it is in: in a bundle that is elsewhere. */
const nativeBinding = {
  name: 'native-binding',
  setup({onResolve, onLoad}) {
    onResolve({filter: /^bindings$/}, () => ({path: 'bindings', namespace: 'native-binding'}));
    onResolve({filter: /\.node$/}, ({path}) => ({path, external: true}));
    onLoad({filter: /^bindings$/, namespace: 'native-binding'}, () => ({
      contents: "module.exports=(name)=>require('better-sqlite3/build/Release/better_sqlite3.node')",
    }));
  },
};

/** What `ws` would load at once for connections that few commands make. */
const tlsWhenUsed = {
  name: 'tls-when-used',
  setup({onResolve, onLoad}) {
    onResolve({filter: /^(https|tls)$/}, ({path, importer}) =>
      /\/node_modules\/ws\//.test(importer) ? {path, namespace: 'tls-when-used'} : undefined,
    );
    onLoad({filter: /.*/, namespace: 'tls-when-used'}, ({path}) => ({
      contents: `module.exports=new Proxy({},{get:(_,name)=>process.getBuiltinModule('node:${path}')[name]})`,
    }));
  },
};

/** Code that was compiled ahead cannot import what is not in its bundle; the file that has started it can. */
const importOfStart = {
  name: 'import-of-start',
  setup({onLoad}) {
    onLoad({filter: /\/launch\/import-module\.ts$/}, () => ({
      contents: 'export const importModule=(url)=>__import(url)',
    }));
  },
};

function compileAhead(names, outdir) {
  for (const options of [[], ...Object.values(optionsOf)]) {
    const wanted = names.filter((name) => (optionsOf[name] ?? []).join() === options.join());
    const {status} = spawnSync(
      process.execPath,
      [
        ...options,
        join(root, 'scripts/compile-ahead.mjs'),
        ...wanted.map((name) => join(outdir, 'code', `${name}.js`)),
      ],
      {stdio: ['ignore', 2, 2]},
    );
    if (status !== 0) {
      throw new Error('the bundles could not be compiled');
    }
  }
}

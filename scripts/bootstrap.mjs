/**
 * Installs what the lockfile pins and bundles the commands, each only when needed, and says so.
 *
 * `node scripts/bootstrap.mjs build` does both; other scripts import `prepare()`. Only Node's own
 * modules may be imported here: on a fresh clone there is nothing else yet.
 */
import {spawnSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {existsSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath, pathToFileURL} from 'node:url';
import {root} from './root.mjs';

/** Installs and builds what is missing or out of date. Ends the process with the failed step's exit code. */
export async function prepare() {
  requireNode(20, 19);
  install();
  await build();
}

function requireNode(major, minor) {
  const [haveMajor = 0, haveMinor = 0] = process.versions.node.split('.').map(Number);
  if (haveMajor < major || (haveMajor === major && haveMinor < minor)) {
    console.error(`Node ${major}.${minor} or later is needed, this is ${process.versions.node}.`);
    process.exit(1);
  }
}

/** `npm ci`, unless the installed tree already came from this very lockfile and this Node. */
function install() {
  const stampFile = join(root, 'node_modules', '.installed-from');
  const stamp = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .update(process.versions.modules)
    .digest('hex');
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) {
    return;
  }
  console.error(
    'Installing dependencies (npm ci; better-sqlite3 is compiled, which takes a minute or two) ...',
  );
  const npm = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (npm.status !== 0) {
    console.error('npm ci failed; its messages stand above.');
    process.exit(npm.status ?? 1);
  }
  writeFileSync(stampFile, stamp);
}

/** Bundles the commands, unless no source is newer than the bundle. */
async function build() {
  const stampFile = join(root, 'packages/cli/dist/.built-from');
  const stamp = sourceStamp();
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) {
    return;
  }
  console.error('Bundling the commands ...');
  const {bundle} = await import(pathToFileURL(join(root, 'scripts/bundle.mjs')).href);
  await bundle();
  writeFileSync(stampFile, stamp);
}

/** Changes whenever a file that goes into the bundle changes. */
function sourceStamp() {
  // The code that is compiled ahead is only good for this Node.
  const hash = createHash('sha256').update(process.version);
  for (const name of ['scripts/bundle.mjs', 'scripts/compile-ahead.mjs', 'package-lock.json']) {
    hash.update(readFileSync(join(root, name)));
  }
  for (const workspace of readdirSync(join(root, 'packages')).sort()) {
    const folder = join(root, 'packages', workspace, 'src');
    if (!existsSync(folder)) {
      continue;
    }
    for (const name of readdirSync(folder, {recursive: true}).map(String).sort()) {
      if (/\.test\.ts$/.test(name) || !/\.(ts|tsx|css|html|sh|pl|sql|json)$/.test(name)) {
        continue;
      }
      hash.update(`${workspace}/${name}\0`).update(readFileSync(join(folder, name)));
    }
  }
  return hash.digest('hex');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await prepare();
}

/**
 * Compiles bundles (the arguments) and puts the code beside each, as packages/cli/src/load-bundle.ts looks for it. A process of its
 * own: the code is only good for the V8 options with which it was compiled.
 */
import {readFileSync, renameSync, writeFileSync} from 'node:fs';
import {setFlagsFromString} from 'node:v8';
import {Script} from 'node:vm';

for (const filename of process.argv.slice(2)) {
  const source = readFileSync(filename, 'latin1');
  const [, stamp] = /^\/\/ (\w+)/.exec(source) ?? [];
  // Every function now, not when it is first called: so the code does not depend on what would be called here.
  setFlagsFromString('--no-lazy');
  const script = new Script(source, {filename});
  setFlagsFromString('--lazy');
  const file = filename.replace(/js$/, `${stamp}.cache`);
  writeFileSync(`${file}.new`, script.createCachedData());
  renameSync(`${file}.new`, file);
}

/**
 * Loads a bundled program together with the code that V8 compiled for it when it was bundled: compiling it again took more than half
 * of the start of a command. The code is bound to its source by the stamp that the source begins with; another version of Node
 * refuses it and compiles the source.
 */
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {Script} from 'node:vm';

/** `// ` and the stamp, which is the first line of a bundle. */
const stampOf = /^\/\/ (\w+)/;

export type ImportModule = (url: string) => Promise<unknown>;

/** In a bundle, what it was started with. */
declare const __import: ImportModule;

/** What the program exports; a command has done its work, or is at it, when this returns. */
export function loadBundle<Exports>(name: string, importModule = __import): Exports {
  const directory = import.meta.dirname;
  const filename = join(directory, 'code', `${name}.js`);
  // Bundles hold ASCII only.
  const source = readFileSync(filename, 'latin1');
  const [, stamp = ''] = stampOf.exec(source) ?? [];
  const cachedData = compiled(join(directory, 'code', `${name}.${stamp}.cache`));
  const script = new Script(source, {filename, ...(cachedData === undefined ? {} : {cachedData})});
  const module = {exports: {}};
  script.runInThisContext()(module.exports, require, module, filename, directory, importModule);
  return module.exports as Exports;
}

function compiled(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    // Bundled where nothing could be compiled ahead.
    return undefined;
  }
}

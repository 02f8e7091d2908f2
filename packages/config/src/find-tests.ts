/** Which tests an area has (spec config.md 12.1). */
import {readdirSync, statSync} from 'node:fs';
import {join, resolve} from 'node:path';
import type {Area} from './area.ts';

const warnEveryMs = 60_000;
const lastWarned = new Map<string, number>();

/** Directories that are searched for tests: `[tests-paths]` in order, then `tests/`. */
export function testsPath(area: Area): readonly string[] {
  return [
    ...area.config.entries('tests-paths').map(({value}) => resolve(area.path, value.trim())),
    join(area.path, 'tests'),
  ];
}

/** Test name to directory, sorted by name within each directory; the first directory that has a name wins. */
export function findTests(area: Area): ReadonlyMap<string, string> {
  const tests = new Map<string, string>();
  for (const path of testsPath(area)) {
    let names: readonly string[];
    try {
      names = readdirSync(path).sort();
    } catch {
      if (performance.now() - (lastWarned.get(path) ?? Number.NEGATIVE_INFINITY) > warnEveryMs) {
        lastWarned.set(path, performance.now());
        area.options.say?.(0, `WARNING: problem with directory ${path}, dropping it from tests path`);
      }
      continue;
    }
    for (const name of names) {
      const directory = `${path}/${name}`;
      if (!name.startsWith('.') && !tests.has(name) && isFile(`${directory}/testconfig`)) {
        tests.set(name, directory);
      }
    }
  }
  return tests;
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    // Not there, or what stands beside the tests is a file and no folder.
    return false;
  }
}

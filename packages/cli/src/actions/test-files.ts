/** `-test-paths` and `-test-files`: where matching tests ran, and files there (spec cli.md 13). */
import {existsSync, readdirSync, statSync} from 'node:fs';
import {join} from 'node:path';
import type {AreaResults} from '@megatest/rpc';

export type DirectorySelection = {
  readonly target: string;
  readonly runPatt: string;
  readonly testPatt: string | undefined;
  /** One pattern each. */
  readonly state: string | undefined;
  readonly status: string | undefined;
};

/** Newest run first, and in a run the test that started last first. */
export async function testDirectories(
  results: AreaResults,
  selection: DirectorySelection,
): Promise<readonly string[]> {
  const {target, runPatt, testPatt, state, status} = selection;
  const paths: string[] = [];
  for (const run of [...(await results.runs({runPatt, target}))].reverse()) {
    const rows = await results.tests({runIds: [run.id], testPatt});
    const chosen = rows.filter((row) => isLike(state, row.state) && isLike(status, row.status));
    paths.push(...[...chosen].sort((a, b) => b.eventTime - a.eventTime).map((row) => row.rundir));
  }
  return paths;
}

function isLike(pattern: string | undefined, text: string): boolean {
  if (pattern === undefined) {
    return true;
  }
  const source = pattern
    .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll('%', '.*')
    .replaceAll('_', '.');
  return new RegExp(`^${source}$`, 'i').test(text);
}

/** The glob in each directory that is there; `.` is the directory itself. */
export function filesIn(directories: readonly string[], glob: string): readonly string[] {
  return directories
    .filter((directory) => existsSync(directory) && statSync(directory).isDirectory())
    .flatMap((directory) =>
      glob === '.'
        ? [`${directory}/.`]
        : expand(
            directory,
            glob.split('/').filter((part) => part !== ''),
          ),
    );
}

function expand(directory: string, parts: readonly string[]): readonly string[] {
  const [part, ...rest] = parts;
  if (part === undefined) {
    return [directory];
  }
  const names = /[*?[]/.test(part)
    ? readdirSync(directory)
        .filter((name) => matches(part, name))
        .sort()
    : existsSync(join(directory, part))
      ? [part]
      : [];
  return names
    .map((name) => join(directory, name))
    .filter((path) => rest.length === 0 || statSync(path).isDirectory())
    .flatMap((path) => expand(path, rest));
}

/** A shell pattern of one path component; a leading dot is only matched by a dot. */
function matches(pattern: string, name: string): boolean {
  if (name.startsWith('.') && !pattern.startsWith('.')) {
    return false;
  }
  const source = pattern
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
    .replaceAll('[!', '[^');
  try {
    return new RegExp(`^${source}$`).test(name);
  } catch {
    // An unclosed bracket stands for itself, as in a shell.
    return name === pattern;
  }
}

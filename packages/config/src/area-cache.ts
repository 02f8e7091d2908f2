/**
 * Evaluated configs kept in the link tree, so that within a run the configuration stays as it was when the run started (spec
 * config.md 8.1, 15). A run keeps two files; none is kept for a test, whose launch reads afresh and would only write one file more.
 * The content is private; the file names are known to users' scripts.
 */
import {createHash, randomUUID} from 'node:crypto';
import {mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {Config, type Entry, type Origin} from './config.ts';
import type {Env} from './shell.ts';

export type RunPlace = {readonly linkTree: string; readonly target: string; readonly runName: string};

export type CacheArea = {readonly path: string; readonly version: string; readonly testName?: string};

/** `MT_USE_CACHE`, then `-no-cache`, then `[setup] use-cache`, else yes. It decides about reading; writing happens anyway. */
export function usesCache(env: Readonly<Env>, isSwitchedOff: boolean, setting: string | undefined): boolean {
  const own = env.MT_USE_CACHE?.trim();
  if (own === 'yes' || own === 'no') {
    return own === 'yes';
  }
  return !isSwitchedOff && setting?.trim() !== 'no';
}

/** File of a cached config: of the run, or with `testName` of one test of it. */
export function cacheFile(kind: 'megatest' | 'runconfigs', place: RunPlace, area: CacheArea): string {
  const hash = createHash('sha256').update(area.path).digest('hex').slice(0, 12);
  return join(runDirectory(place), area.testName ?? '', `.${kind}.cfg-${area.version}-${hash}`);
}

/** File of the cached testconfig of a test or item, by what is asked for and not by what the environment names. */
export function testconfigCacheFile(place: RunPlace, testName: string, itemPath: string): string {
  return join(runDirectory(place), testName, itemPath, '.testconfig');
}

function runDirectory({linkTree, target, runName}: RunPlace): string {
  return join(linkTree, target, runName);
}

/**
 * Writes a cache, whole or not at all. `false`: nothing was written, because the directory cannot be written to, or because the
 * process is inside a test, whose environment may be of the test's own making.
 */
export function writeCache(file: string, config: Config, env: Readonly<Env>): boolean {
  if (env.MT_CMDINFO !== undefined) {
    return false;
  }
  const temporary = `${file}.${randomUUID()}`;
  try {
    mkdirSync(dirname(file), {recursive: true});
    writeFileSync(temporary, configToJson(config));
    renameSync(temporary, file);
    return true;
  } catch {
    rmSync(temporary, {force: true});
    return false;
  }
}

/**
 * The cached config; `undefined` when there is none that can be read, or when it says itself that no cache is to be used and the
 * environment does not say otherwise.
 */
export function readCache(file: string, env: Readonly<Env> = {}): Config | undefined {
  let config: Config | undefined;
  try {
    config = configFromJson(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
  return usesCache(env, false, config?.get('setup', 'use-cache')) ? config : undefined;
}

/** The run whose caches a process reads: the one that is asked for, and only inside a test, where the whole place is known. */
export function placeInTest(
  env: Readonly<Env>,
  {target, runName}: {readonly target?: string; readonly runName?: string},
): RunPlace | undefined {
  const isInTest = [env.MT_RUN_AREA_HOME, env.MT_TARGET, env.MT_RUNNAME].every(
    (value) => (value ?? '') !== '',
  );
  const linkTree = env.MT_LINKTREE ?? '';
  return isInTest && linkTree !== '' && target !== undefined && runName !== undefined
    ? {linkTree, target, runName}
    : undefined;
}

/** Narrower than what `-clean-cache` takes, since the lock of an item page begins with `.megatest` too. */
const cacheName = /^\.(megatest\.cfg|runconfigs?\.)/;

/** Removes the caches of a run when nothing else is left in its directory. */
export function removeLoneCaches(directory: string): void {
  let names: readonly string[];
  try {
    names = readdirSync(directory);
  } catch {
    return;
  }
  if (names.every((name) => cacheName.test(name))) {
    for (const name of names) {
      rmSync(join(directory, name), {force: true});
    }
  }
}

/** `-clean-cache`: removes the caches of a run, not those of its tests. Returns the names of what was removed. */
export function cleanCache(place: RunPlace): readonly string[] {
  const directory = runDirectory(place);
  let names: readonly string[];
  try {
    names = readdirSync(directory);
  } catch {
    return [];
  }
  const cached = names.filter((name) => name.startsWith('.megatest') || name.startsWith('.runconfig'));
  for (const name of cached) {
    rmSync(join(directory, name), {force: true});
  }
  return cached.map((name) => join(directory, name));
}

const format = 1;

type StoredEntry = readonly [key: string, value: string, origin: Origin, isDeferred: boolean];
type Stored = {
  readonly format: number;
  readonly sections: readonly {
    readonly name: string;
    readonly origin: Origin;
    readonly entries: readonly StoredEntry[];
    readonly failed: readonly string[];
  }[];
};

export function configToJson(config: Config): string {
  const stored: Stored = {
    format,
    sections: config.sections.map(({name, origin, entries, failedKeys}) => ({
      name,
      origin,
      entries: entries
        .flatMap(history)
        .map((entry): StoredEntry => [entry.key, entry.value, entry.origin, entry.isDeferred]),
      failed: failedKeys,
    })),
  };
  return JSON.stringify(stored);
}

/** An entry behind those that it replaced: set in this order they are what they were. */
function history(entry: Entry): readonly Entry[] {
  return entry.replaced === undefined ? [entry] : [...history(entry.replaced), entry];
}

/** `undefined` when the text was written by another version. Throws when it is no JSON. */
export function configFromJson(text: string): Config | undefined {
  // Only this file writes it; another format number is the one difference that can be met.
  const stored = JSON.parse(text) as Stored;
  if (stored.format !== format) {
    return undefined;
  }
  const config = new Config();
  for (const {name, origin, entries, failed} of stored.sections) {
    const section = config.open(name, origin);
    for (const [key, value, entryOrigin, isDeferred] of entries) {
      const entry: Entry = {key, value, origin: entryOrigin, isDeferred};
      section.set(entry);
    }
    for (const key of failed) {
      section.fail(key, origin);
    }
  }
  return config;
}

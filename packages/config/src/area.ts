/** An area: its directory, its `megatest.config`, its keys and what follows from them (spec config.md 8, 9). */
import {existsSync, realpathSync} from 'node:fs';
import {basename, dirname, isAbsolute, join, resolve} from 'node:path';
import {parseTarget, UserError} from '@megatest/model';
import {cacheFile, placeInTest, readCache, usesCache} from './area-cache.ts';
import type {Config, Entry} from './config.ts';
import {findTests} from './find-tests.ts';
import {isExportable, type ReadOptions, readConfig} from './read-config.ts';
import type {ReadNote} from './read-note.ts';
import type {Env} from './shell.ts';

export type AreaOptions = {
  /** Environment of whoever asks; it is copied. */
  readonly env: Readonly<Env>;
  readonly cwd: string;
  readonly configName?: string;
  readonly appendConfig?: string;
  readonly target?: string;
  readonly runName?: string;
  /** Options of the command line, for `args:get-arg`; a switch without a value is `true`. */
  readonly commandLine?: ReadonlyMap<string, string | true>;
  /** Directory of the working database, for `db:dbfile-path`. */
  readonly databaseDirectory?: string;
  readonly say?: (level: number, text: string) => void;
  readonly note?: (note: ReadNote) => void;
  readonly deadlineMs?: number;
  /** Told of keys that cannot have their name, instead of an error at the first: how a check goes on. */
  readonly onBadKey?: (entry: Entry, problem: string) => void;
  /** `no`: nothing in the files is executed (for listings that must have no effect). */
  readonly commands?: 'yes' | 'no';
  /** With this, a process inside a test reads the configs as its run has kept them; without it the files are read. */
  readonly caches?: CacheChoice;
};

export type CacheChoice = {
  readonly version: string;
  /** `-no-cache` was given. */
  readonly isSwitchedOff: boolean;
};

export type Key = {readonly name: string; readonly type: string};

export type Area = {
  /** Real path of the directory. */
  readonly path: string;
  readonly name: string;
  readonly config: Config;
  readonly keys: readonly Key[];
  readonly target: string | undefined;
  readonly runName: string | undefined;
  readonly linkTree: string;
  /** The environment after `megatest.config`: `MT_*`, key variables and `[env-override]` applied. */
  readonly env: Env;
  readonly options: AreaOptions;
};

const reservedKeys = new Set(
  'runname state status owner event_time comment fail_count pass_count contour id last_update'.split(' '),
);

/** The directory of the area: `MT_RUN_AREA_HOME`, else the first directory upwards that holds the config file. */
export function findArea(env: Readonly<Env>, cwd: string, configName = 'megatest.config'): string {
  const home = env.MT_RUN_AREA_HOME;
  if (isAbsolute(configName) && existsSync(configName)) {
    return realpathSync(dirname(configName));
  }
  if (home !== undefined && home !== '') {
    if (existsSync(join(home, configName))) {
      return realpathSync(home);
    }
    throw notFound(configName, home);
  }
  for (let directory = resolve(cwd); directory !== '/'; directory = dirname(directory)) {
    if (existsSync(join(directory, configName))) {
      return realpathSync(directory);
    }
  }
  throw notFound(configName, cwd);
}

function notFound(configName: string, where: string): UserError {
  return new UserError(`No ${configName} file found. Giving up.`, {
    exitCode: 2,
    hint: `looked in ${where} and above it; go to the area, name it with --area, or make one with "megatest init"`,
  });
}

export function loadArea(path: string, options: AreaOptions): Area {
  const configName = options.configName ?? 'megatest.config';
  const file = isAbsolute(configName) ? configName : join(path, configName);
  const {config, env, keys} = readKept(path, options) ?? readFiles(path, file, options);
  if (options.appendConfig !== undefined && existsSync(resolve(options.cwd, options.appendConfig))) {
    const {envSections: _, ...plain} = readOptions(path, options, env);
    readConfig(resolve(options.cwd, options.appendConfig), {...plain, base: config, cwd: options.cwd});
  }
  const name = areaName(path, config, options.env);
  env.MT_TESTSUITENAME = name;
  const configured = options.env.MT_LINKTREE ?? config.get('setup', 'linktree')?.trim();
  if (configured === undefined || configured === '') {
    options.say?.(0, 'ERROR: linktree not defined in [setup] section of megatest.config');
  }
  const linkTree = configured === undefined || configured === '' ? join(path, 'lt') : configured;
  return {path, name, config, keys, target: options.target, runName: options.runName, linkTree, env, options};
}

/** `[setup] area-name`, `[setup] testsuite`, the environment, or the directory's name without its extension. */
export function areaName(path: string, config: Config, env: Readonly<Env>): string {
  const base = basename(path);
  return (
    config.get('setup', 'area-name') ??
    config.get('setup', 'testsuite') ??
    env.MT_TESTSUITE_NAME ??
    env.MT_TESTSUITENAME ??
    (base.includes('.') && !base.startsWith('.') ? base.slice(0, base.lastIndexOf('.')) : base)
  );
}

type Read = {readonly config: Config; readonly env: Env; readonly keys: readonly Key[]};

/** `megatest.config` as the run has kept it, and the environment that it makes. */
function readKept(path: string, options: AreaOptions): Read | undefined {
  const config = keptConfig('megatest', path, options);
  if (config === undefined) {
    return undefined;
  }
  const keys = keysOf(config, options.onBadKey);
  const env = startEnvironment(path, options);
  exportKeys(keys, options.target, env, options.say);
  for (const {entries} of config.sections.filter(({name}) => envSections.test(name))) {
    for (const {key, value} of entries.filter(({key}) => isExportable(key))) {
      env[key] = value;
    }
  }
  return {config, env, keys};
}

/** A config that the run of this process has kept, if caches are used; `setting` is `[setup] use-cache` where it is known. */
export function keptConfig(
  kind: 'megatest' | 'runconfigs',
  path: string,
  options: AreaOptions,
  setting?: string,
): Config | undefined {
  const {caches, env, configName} = options;
  const place = placeInTest(env, options);
  const isOfFile = configName === undefined || configName === 'megatest.config';
  return caches !== undefined &&
    place !== undefined &&
    isOfFile &&
    usesCache(env, caches.isSwitchedOff, setting)
    ? readCache(cacheFile(kind, place, {path, version: caches.version}), env)
    : undefined;
}

function readFiles(path: string, file: string, options: AreaOptions): Read {
  let pass = readOnce(path, file, options, []);
  if (pass.needsSecondPass) {
    pass = readOnce(path, file, options, pass.keys);
  }
  if (pass.missesRunconfigs) {
    pass = readOnce(path, file, options, pass.keys, earlyRunconfigs(path, options, pass));
  }
  pass.tell();
  return pass;
}

type Pass = {
  readonly config: Config;
  readonly env: Env;
  readonly keys: readonly Key[];
  /** Something before the end of `[fields]` may have looked at a key variable that was not there yet. */
  readonly needsSecondPass: boolean;
  /** An `rget` found nothing, and `runconfigs.config` may have it. */
  readonly missesRunconfigs: boolean;
  /** Passes on what was said and noticed; only the last pass speaks. */
  readonly tell: () => void;
};

/** The runconfigs as `megatest.config` sees them. In silence: whoever reads them for the run says what there is to say. */
function earlyRunconfigs(path: string, options: AreaOptions, {config, env, keys}: Pass): Config {
  const {target: given} = options;
  const target = given !== undefined && isValidTarget(given, keys) ? given : undefined;
  const {envSections: _, target: __, ...rest} = readOptions(path, options, {...env});
  return readConfig(join(path, 'runconfigs.config'), {
    ...rest,
    areaConfig: config,
    say: () => {},
    note: () => {},
    ...(target === undefined ? {} : {target, seed: target, filter: ['default', target]}),
  });
}

function readOnce(
  path: string,
  file: string,
  options: AreaOptions,
  knownKeys: readonly Key[],
  runconfigs?: Config,
): Pass {
  const env = startEnvironment(path, options);
  const held: (() => void)[] = [];
  const say = (level: number, text: string) => {
    held.push(() => options.say?.(level, text));
  };
  const isTwice = knownKeys.length > 0;
  if (isTwice) {
    exportKeys(knownKeys, options.target, env, say);
  }
  const usesBefore = new Set<string | undefined>();
  let areKeysKnown = isTwice;
  let needsSecondPass = false;
  let missesRunconfigs = false;
  const config = readConfig(file, {
    ...readOptions(path, options, env),
    say,
    note: (note) => held.push(() => options.note?.(note)),
    ...(runconfigs === undefined ? {} : {runconfigs}),
    onRunconfigsMissed: () => {
      missesRunconfigs = true;
    },
    onEnvironmentUse: (name) => {
      if (!areKeysKnown) {
        usesBefore.add(name);
      }
    },
    onSectionEnd: ({name, entries}) => {
      if (name === 'fields' && !areKeysKnown && entries.length > 0) {
        areKeysKnown = true;
        const keys = entries.map(({key, value}) => ({name: key, type: value}));
        exportKeys(keys, options.target, env, say);
        needsSecondPass =
          options.target !== undefined &&
          (usesBefore.has(undefined) || keys.some((key) => usesBefore.has(key.name)));
      }
    },
  });
  const tell = () => {
    for (const speak of held) {
      speak();
    }
  };
  return {
    config,
    env,
    keys: keysOf(config, options.onBadKey),
    needsSecondPass: needsSecondPass && !isTwice,
    missesRunconfigs,
    tell,
  };
}

function startEnvironment(path: string, {env, target, runName}: AreaOptions): Env {
  return {
    ...env,
    MT_RUN_AREA_HOME: path,
    ...(target === undefined ? {} : {MT_TARGET: target}),
    ...(runName === undefined ? {} : {MT_RUNNAME: runName}),
  };
}

/** Sections whose variables go into the environment as they are read. */
const envSections = /env-override/;

function readOptions(path: string, options: AreaOptions, env: Env): ReadOptions {
  return {
    env,
    cwd: path,
    commands: options.commands ?? 'yes',
    envSections,
    areaPath: path,
    ...definedOnly({
      target: options.target,
      commandLine: options.commandLine,
      databaseDirectory: options.databaseDirectory,
      say: options.say,
      note: options.note,
      deadlineMs: options.deadlineMs,
    }),
  };
}

/** How every file of an area but `megatest.config` is read: with what that one says at hand, and for a valid target only. */
export function optionsWithin(area: Area, env: Env, target = area.target): ReadOptions {
  const {envSections: _, target: __, ...options} = readOptions(area.path, area.options, env);
  return {
    ...options,
    areaConfig: area.config,
    tests: () => findTests(area),
    ...(target !== undefined && isValidTarget(target, area.keys) ? {target} : {}),
  };
}

function definedOnly<T extends object>(values: T): {[K in keyof T]?: Exclude<T[K], undefined>} {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

/** The keys of `[fields]`, checked; a comment in the place of a type counts as `TEXT`. */
export function keysOf(config: Config, onBadKey?: (entry: Entry, problem: string) => void): readonly Key[] {
  return config.entries('fields').map((entry) => {
    const problem = keyNameProblem(entry.key);
    if (problem !== undefined && onBadKey !== undefined) {
      onBadKey(entry, problem);
    } else if (problem !== undefined) {
      const place = {file: entry.origin.file, line: entry.origin.line, column: 1};
      throw new UserError(`your key cannot be named ${entry.key}: ${problem}`, {place});
    }
    const type = /^(TEXT|INTEGER|REAL|NUMERIC|VARCHAR|CHAR|INT|BLOB)\b/i.test(entry.value)
      ? entry.value.trim()
      : 'TEXT';
    return {name: entry.key, type};
  });
}

/** Why a key cannot have this name; `undefined` when it can. */
function keyNameProblem(name: string): string | undefined {
  if (reservedKeys.has(name.toLowerCase())) {
    return 'it is a column of every run';
  }
  return /^[A-Za-z_]\w*$/.test(name) ? undefined : 'use letters, digits and _';
}

/** Puts each key's part of the target into the environment; with a wrong number of parts nothing. */
export function exportKeys(
  keys: readonly Key[],
  target: string | undefined,
  env: Env,
  say?: (level: number, text: string) => void,
): void {
  const values = target?.split('/') ?? [];
  if (values.length === keys.length) {
    keys.forEach((key, index) => {
      env[key.name] = values[index] ?? '';
    });
  } else if (target !== undefined) {
    const names = keys.map((key) => key.name).join(' ');
    say?.(0, `ERROR: wrong number of values in ${target}, should match (${names})`);
  }
}

/** One part for each key, none of them empty (config.md 9). */
export function isValidTarget(target: string, keys: readonly Key[]): boolean {
  const parts = target.split('/');
  return parts.length === keys.length && parts.every((part) => part !== '');
}

/** Checks the area's target; a command that needs one calls this. */
export function requireTarget(area: Area): string {
  if (area.target === undefined) {
    throw new UserError('Missing required parameter, you must specify the target with -target', {
      exitCode: 3,
    });
  }
  parseTarget(
    area.target,
    area.keys.map((key) => key.name),
  );
  return area.target;
}

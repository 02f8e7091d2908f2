/** An area: its directory, its `megatest.config`, its keys and what follows from them (spec config.md 8, 9). */
import {existsSync, readdirSync, realpathSync, statSync} from 'node:fs';
import {basename, dirname, isAbsolute, join, resolve} from 'node:path';
import {nearNames, parseTarget, UserError} from '@megatest/model';
import type {Config} from './config.ts';
import {isExportable, type ReadOptions, readConfig} from './read-config.ts';
import type {Env} from './shell.ts';

export type AreaOptions = {
  /** Environment of whoever asks; it is copied. */
  readonly env: Readonly<Env>;
  readonly cwd: string;
  readonly configName?: string;
  readonly appendConfig?: string;
  readonly target?: string;
  readonly runName?: string;
  readonly commandLine?: ReadonlyMap<string, string>;
  readonly say?: (level: number, text: string) => void;
  readonly deadlineMs?: number;
  /** `no`: nothing in the files is executed (for listings that must have no effect). */
  readonly commands?: 'yes' | 'no';
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
  let pass = readOnce(path, file, options, []);
  if (pass.needsSecondPass) {
    pass = readOnce(path, file, options, pass.keys);
  }
  const {config, env, keys} = pass;
  if (options.appendConfig !== undefined && existsSync(options.appendConfig)) {
    readConfig(resolve(options.cwd, options.appendConfig), {
      ...readOptions(path, options, env),
      base: config,
      cwd: options.cwd,
    });
  }
  const name = areaName(path, config, options.env);
  env.MT_TESTSUITENAME = name;
  const linkTree = options.env.MT_LINKTREE ?? config.get('setup', 'linktree') ?? join(path, 'lt');
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

type Pass = {
  readonly config: Config;
  readonly env: Env;
  readonly keys: readonly Key[];
  /** Sections before `[fields]` were read without the key variables. */
  readonly needsSecondPass: boolean;
};

function readOnce(path: string, file: string, options: AreaOptions, knownKeys: readonly Key[]): Pass {
  const env: Env = {...options.env, MT_RUN_AREA_HOME: path};
  if (options.target !== undefined) {
    env.MT_TARGET = options.target;
  }
  if (options.runName !== undefined) {
    env.MT_RUNNAME = options.runName;
  }
  exportKeys(knownKeys, options.target, env);
  let sectionsBefore = 0;
  let needsSecondPass = false;
  const config = readConfig(file, {
    ...readOptions(path, options, env),
    onSectionEnd: (section) => {
      if (section.name === 'fields' && knownKeys.length === 0) {
        exportKeys(
          section.entries.map(({key, value}) => ({name: key, type: value})),
          options.target,
          env,
        );
        needsSecondPass = sectionsBefore > 0 && options.target !== undefined;
      } else if (section.entries.length > 0) {
        sectionsBefore += 1;
      }
    },
  });
  return {config, env, keys: keysOf(config), needsSecondPass};
}

function readOptions(path: string, options: AreaOptions, env: Env): ReadOptions {
  return {
    env,
    cwd: path,
    commands: options.commands ?? 'yes',
    envSections: /env-override/,
    areaPath: path,
    ...definedOnly({
      target: options.target,
      commandLine: options.commandLine,
      say: options.say,
      deadlineMs: options.deadlineMs,
    }),
  };
}

function definedOnly<T extends object>(values: T): {[K in keyof T]?: Exclude<T[K], undefined>} {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

/** The keys of `[fields]`, checked; a comment in the place of a type counts as `TEXT`. */
export function keysOf(config: Config): readonly Key[] {
  return config.entries('fields').map((entry) => {
    const place = {file: entry.origin.file, line: entry.origin.line, column: 1};
    if (reservedKeys.has(entry.key.toLowerCase())) {
      throw new UserError(`your key cannot be named ${entry.key}: it is a column of every run`, {place});
    }
    if (!/^[A-Za-z_]\w*$/.test(entry.key)) {
      throw new UserError(`your key cannot be named ${entry.key}: use letters, digits and _`, {place});
    }
    const type = /^(TEXT|INTEGER|REAL|NUMERIC|VARCHAR|CHAR|INT|BLOB)\b/i.test(entry.value)
      ? entry.value.trim()
      : 'TEXT';
    return {name: entry.key, type};
  });
}

/** Puts each key's part of the target into the environment; with a wrong number of parts nothing. */
export function exportKeys(keys: readonly Key[], target: string | undefined, env: Env): void {
  const values = target?.split('/') ?? [];
  if (values.length === keys.length) {
    keys.forEach((key, index) => {
      env[key.name] = values[index] ?? '';
    });
  }
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

export type Runconfig = {
  readonly config: Config;
  /** Effective variables: those of `default`, then those of the target, which win. */
  readonly variables: ReadonlyMap<string, string>;
};

/** Reads `runconfigs.config` for the area's target; without a target all sections are kept. */
export function loadRunconfig(area: Area, target = area.target): Runconfig {
  const file = join(area.path, 'runconfigs.config');
  const options = readOptions(area.path, area.options, area.env);
  const {envSections: _, ...plain} = options;
  if (!existsSync(file)) {
    area.options.say?.(0, `WARNING: You do not have a run config file: ${file}`);
  }
  const config = readConfig(file, {
    ...plain,
    ...(target === undefined ? {} : {target, seed: target, filter: ['default', target]}),
  });
  const variables = new Map<string, string>();
  for (const section of ['default', ...(target === undefined ? [] : [target])]) {
    for (const {key, value} of config.entries(section)) {
      variables.set(key, value);
    }
  }
  return {config, variables};
}

/** All section names of `runconfigs.config`, sorted by byte order, patterns applied and gone. */
export function listTargets(area: Area): readonly string[] {
  const file = join(area.path, 'runconfigs.config');
  const {envSections: _, ...plain} = readOptions(area.path, area.options, area.env);
  return readConfig(file, plain)
    .sections.map((section) => section.name)
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

/** `-reqtarg`: the target must have a section of its own. */
export function checkRequiredTarget(area: Area, target: string): void {
  const targets = listTargets(area);
  if (!targets.includes(target)) {
    const near = nearNames(target, targets, 1);
    throw new UserError(`[${target}] not found in ${join(area.path, 'runconfigs.config')}`, {
      ...(near[0] === undefined ? {} : {hint: `did you mean [${near[0]}]?`}),
    });
  }
}

/** Variables of runconfigs as the engine exports them: raw, without internal keys. */
export function exportRunconfig(runconfig: Runconfig, env: Env): void {
  for (const [key, value] of runconfig.variables) {
    if (isExportable(key)) {
      env[key] = value;
    }
  }
}

/** Test name to directory: the `[tests-paths]` in order, then `tests/`; the first that has a name wins. */
export function findTests(area: Area): ReadonlyMap<string, string> {
  const tests = new Map<string, string>();
  const paths = [
    ...area.config.entries('tests-paths').map(({value}) => resolve(area.path, value)),
    join(area.path, 'tests'),
  ];
  for (const path of paths) {
    let names: readonly string[];
    try {
      names = readdirSync(path).sort();
    } catch {
      area.options.say?.(0, `WARNING: problem with directory ${path}, dropping it from tests path`);
      continue;
    }
    for (const name of names) {
      const directory = join(path, name);
      const isTest = statSync(join(directory, 'testconfig'), {throwIfNoEntry: false})?.isFile() ?? false;
      if (!name.startsWith('.') && !tests.has(name) && isTest) {
        tests.set(name, directory);
      }
    }
  }
  return tests;
}

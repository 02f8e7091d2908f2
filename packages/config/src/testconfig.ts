/** What one testconfig says: for the plan (dependency scan), and for a launch (spec config.md 12, runs.md 3.2). */
import {join} from 'node:path';
import {
  type ItemMapRow,
  META_KEYS,
  modesOf,
  parseDuration,
  parseRetryRule,
  type RetryRule,
  type SkipRule,
  type TestDefinition,
  type TestMeta,
  UserError,
} from '@megatest/model';
import {type Area, optionsWithin} from './area.ts';
import type {Config} from './config.ts';
import {expandItems, type ItemsOutcome} from './items.ts';
import {readConfig} from './read-config.ts';
import type {ReadNote} from './read-note.ts';
import {type Env, joinLines, runShell} from './shell.ts';

export type TestconfigOptions = {
  /** Changed by `[pre-launch-env-vars]`; give a copy. */
  readonly env: Env;
  readonly commands: 'yes' | 'no' | 'deferred';
  readonly cwd?: string;
  readonly runconfigs?: Config;
  /** Called when there is no such file; otherwise it reads as empty. */
  readonly onMissing?: () => void;
};

/** Reads the testconfig in `testDir`; the caller has put `MT_TEST_NAME` and, for a launch, the item into the environment. */
export function readTestconfig(area: Area, testDir: string, options: TestconfigOptions): Config {
  const {onMissing} = options;
  const {note} = area.options;
  return readConfig(join(testDir, 'testconfig'), {
    ...optionsWithin(area, options.env),
    ...(onMissing === undefined
      ? {}
      : {
          note: (noticed: ReadNote) => {
            if (noticed.kind === 'file-missing') {
              onMissing();
            }
            note?.(noticed);
          },
        }),
    commands: options.commands,
    envSections: /pre-launch-env-vars/,
    ...(options.cwd === undefined ? {} : {cwd: options.cwd}),
    ...(options.runconfigs === undefined ? {} : {runconfigs: options.runconfigs}),
  });
}

/**
 * Reads a testconfig for the dependency scan; of an area that is read without commands, without what comes from them. `env` is the
 * environment of the run; it is not changed.
 */
export function readTestDefinition(
  area: Area,
  testName: string,
  testDir: string,
  env: Readonly<Env>,
  runconfigs?: Config,
): TestDefinition {
  const file = join(testDir, 'testconfig');
  const own: Env = {...env, MT_TEST_NAME: testName};
  const config = readTestconfig(area, testDir, {
    env: own,
    commands: area.options.commands === 'no' ? 'no' : 'deferred',
    onMissing: () => {
      throw new UserError(`non-existent required test "${testName}"`, {
        place: {file},
        hint: 'its testconfig is gone',
      });
    },
    ...(runconfigs === undefined ? {} : {runconfigs}),
  });
  const say = area.options.say ?? (() => {});
  const words = (key: string) =>
    (config.get('requirements', key) ?? '').split(/\s+/).filter((word) => word !== '');
  const isDeferred = [...config.entries('items'), ...config.entries('itemstable')].some(
    (entry) => entry.isDeferred,
  );
  const items: ItemsOutcome = isDeferred
    ? {isIterated: true, items: [], warnings: [], duplicates: []}
    : expandItems(config, ({value}) => value);
  for (const warning of items.warnings) {
    say(0, `${warning} (${file})`);
  }
  return {
    testName,
    testDir,
    waitons: words('waiton'),
    waitors: words('waitor'),
    modes: modesOf(words('mode')),
    itemMaps: itemMapsOf(config),
    priority: priorityOf(config, say),
    jobgroup: config.get('test_meta', 'jobgroup') ?? '',
    iterated: isDeferred ? 'later' : items.isIterated ? 'now' : 'no',
    items: items.items,
    skip: skipOf(config),
    hasTriggers: config.entries('triggers').length > 0,
    retry: retryOf(config, say),
    meta: metaOf(config),
  };
}

/** Expands the items of a test whose `[items]` come from `[system]` commands, now that its prerequisites are met. */
export function expandItemsNow(
  area: Area,
  testName: string,
  testDir: string,
  env: Readonly<Env>,
  runconfigs?: Config,
): ItemsOutcome {
  const own: Env = {...env, MT_TEST_NAME: testName};
  const config = readTestconfig(area, testDir, {
    env: own,
    commands: 'deferred',
    ...(runconfigs === undefined ? {} : {runconfigs}),
  });
  return expandItems(config, (entry) => {
    const result = runShell(entry.value, own, area.path);
    if (result.code !== 0) {
      area.options.say?.(
        0,
        `ERROR: problem with ${entry.key} [system ${entry.value}], return code ${result.code}`,
      );
    }
    return joinLines(result.stdout);
  });
}

function itemMapsOf(config: Config): readonly ItemMapRow[] {
  const general = config.get('requirements', 'itemmap');
  return [
    ...(general === undefined ? [] : [{testPattern: '%', map: general}]),
    ...config.entries('itemmap').map(({key, value}) => ({testPattern: key, map: value})),
  ];
}

function priorityOf(config: Config, say: (level: number, text: string) => void): number {
  const entry = config.section('requirements')?.entry('priority');
  if (entry === undefined) {
    return 0;
  }
  const priority = Number(entry.value.trim());
  if (Number.isNaN(priority)) {
    const place = `${entry.origin.file}:${entry.origin.line}`;
    say(0, `ERROR: bad priority value ${entry.value}, using 0 (${place})`);
    return 0;
  }
  return priority;
}

/** What `[test_meta]` says of a test, as far as it is recorded (spec runs.md 17). */
export function metaOf(config: Config): TestMeta {
  return Object.fromEntries(
    META_KEYS.flatMap((key) => {
      const value = config.get('test_meta', key);
      return value === undefined ? [] : [[key, value.trim()]];
    }),
  );
}

function retryOf(config: Config, say: (level: number, text: string) => void): RetryRule | undefined {
  const entry = config.section('requirements')?.entry('retries');
  if (entry === undefined) {
    return undefined;
  }
  const rule = parseRetryRule(entry.value);
  if (rule === undefined) {
    const {file, line} = entry.origin;
    say(
      0,
      `ERROR: retries "${entry.value}" is not of the form "3" or "3 30s", there are none (${file}:${line})`,
    );
  }
  return rule;
}

function skipOf(config: Config): SkipRule | null {
  for (const kind of ['prevrunning', 'fileexists', 'rundelay'] as const) {
    const value = config.get('skip', kind);
    if (value !== undefined) {
      return {kind, value: value.trim()};
    }
  }
  return null;
}

/** Seconds a test may run: its own `runtimelim`, else the area's; `undefined` = no limit. */
export function runTimeLimitS(area: Area, config: Config): number | undefined {
  const text = config.get('requirements', 'runtimelim') ?? area.config.get('setup', 'runtimelim');
  if (text === undefined) {
    return undefined;
  }
  const limit = parseDuration(text);
  if (limit === undefined) {
    area.options.say?.(
      0,
      `WARNING: run time limit "${text}" has no valid part such as 30m, there is no limit`,
    );
  }
  return limit;
}

export type EzStep = {readonly name: string; readonly command: string};

/** The steps in order; `{params}` before a command are reserved and dropped (execution.md 12.1). */
export function ezStepsOf(config: Config): readonly EzStep[] {
  return config.entries('ezsteps').map(({key, value}) => ({
    name: key,
    command: value.trim().replace(/^\{[^}]*\}[ \t]*/, ''),
  }));
}

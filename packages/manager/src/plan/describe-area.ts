/** Describes an area without running the commands in its files: what pages and listings show of it (spec homehost.md 9.12). */
import {accessSync, constants, readFileSync, statSync} from 'node:fs';
import {homedir} from 'node:os';
import {join, resolve} from 'node:path';
import {
  type Area,
  Config,
  findTests,
  listTargets,
  readConfig,
  readRawConfig,
  readTestconfig,
  readTestDefinition,
} from '@megatest/config';
import {mapTextFor, printUserError, UserError} from '@megatest/model';
import {
  type AreaDescription,
  type Described,
  type DescribedArea,
  type DescribedTest,
  type DescribedView,
  mayBeAlive,
  readServerRecord,
  type TestFiles,
} from '@megatest/rpc';

/** What a command that was not run leaves in a value. */
const notRun = /^\[system\b|#\{\(?\s*(sh|shell|system)\b/;

export function describeArea(
  area: Area,
  what: readonly Described[],
  settings: () => Readonly<Record<string, unknown>>,
): AreaDescription {
  const problems: string[] = [];
  const wants = (part: Described) => what.includes(part);
  return {
    ...(wants('config') ? {config: readRawConfig(join(area.path, 'megatest.config')) ?? []} : {}),
    ...(wants('settings') ? {settings: settings()} : {}),
    ...(wants('tests') ? {tests: describeTests(area, problems)} : {}),
    ...(wants('targets') ? {targets: targetsOf(area)} : {}),
    ...(wants('areas')
      ? {areas: area.config.entries('areas').map(({key, value}) => otherArea(area, key, value))}
      : {}),
    ...(wants('views') ? {views: viewsOf(area)} : {}),
    problems,
  };
}

/** The testconfig of a test's source, and what it says of waivers. */
export function testFilesOf(area: Area, testName: string): TestFiles {
  const testDir = findTests(area).get(testName) ?? join(area.path, 'tests', testName);
  const path = join(testDir, 'testconfig');
  const text = textOf(path);
  const config =
    text === null
      ? new Config()
      : readTestconfig(area, testDir, {env: {...area.env, MT_TEST_NAME: testName}, commands: 'no'});
  const pairs = (section: string) =>
    config.entries(section).map(({key, value}): [string, string] => [key, value]);
  return {
    path,
    text,
    waivers: pairs('waivers'),
    waiverRules: pairs('waiver_rules'),
    commentPattern: area.config.get('setup', 'waivercommentpatt') ?? null,
  };
}

function describeTests(area: Area, problems: string[]): readonly DescribedTest[] {
  const env = {...area.env, MT_LINKTREE: area.linkTree};
  return [...findTests(area)].flatMap(([testName, testDir]) => {
    try {
      const definition = readTestDefinition(area, testName, testDir, env);
      const raw = readRawConfig(join(testDir, 'testconfig')) ?? [];
      const asksCommand = (...names: readonly string[]) =>
        raw.some(
          ({name, entries}) => names.includes(name) && entries.some(([, value]) => notRun.test(value)),
        );
      const {waitons, priority, iterated, items, meta = {}} = definition;
      return [
        {
          testName,
          testDir,
          waitons: [...new Set(waitons)]
            .filter((waiton) => !/[#{}()]/.test(waiton))
            .map((waiton) => ({testName: waiton, itemMap: mapTextFor(definition, waiton)})),
          isDynamic: asksCommand('requirements'),
          priority,
          items: asksCommand('items', 'itemstable') ? null : iterated === 'no' ? 0 : items.length,
          meta,
        },
      ];
    } catch (error) {
      if (error instanceof UserError) {
        problems.push(printUserError(error).trimEnd());
        return [];
      }
      throw error;
    }
  });
}

/** Sections of runconfigs that are one target each (spec dashboard.md B5.6). */
function targetsOf(area: Area): readonly string[] {
  return listTargets(area).filter(
    (name) => name !== 'default' && !name.includes('%') && name.split('/').length === area.keys.length,
  );
}

/** `NAME DIR`, or `NAME path=DIR; key=value; ...` (spec mtutil.md 3.2). */
function otherArea(area: Area, name: string, text: string): DescribedArea {
  const params = Object.fromEntries(
    text
      .split(';')
      .map((param) => param.trim())
      .filter((param) => param !== '')
      .map((param, index): [string, string] => {
        const [key = '', value] = param.split(/\s*=\s*(.*)/s);
        return index === 0 && value === undefined ? ['path', key] : [key, value ?? ''];
      }),
  );
  const path = resolve(area.path, params.path ?? '.');
  const config = join(path, 'megatest.config');
  const isThere = statSync(config, {throwIfNoEntry: false}) !== undefined;
  const record = isThere ? readServerRecord(path) : undefined;
  const isAlive = record !== undefined && mayBeAlive(path, record);
  const database = statSync(join(path, 'megatest.db'), {throwIfNoEntry: false});
  return {
    name,
    path,
    params,
    isThere,
    isReadable: isThere && isReadable(config),
    daemon: isAlive ? {host: record.host, port: record.port} : null,
    changedS: database === undefined ? null : Math.floor(database.mtimeMs / 1000),
  };
}

/** Those of the area, and over them, key by key, those of the user (spec dashboard.md A9). */
function viewsOf(area: Area): readonly DescribedView[] {
  const views = new Map<string, Record<string, string>>();
  for (const folder of [area.path, homedir()]) {
    const config = readConfig(join(folder, '.mtviews.config'), {
      env: {...area.env},
      cwd: area.path,
      commands: 'no',
      areaPath: area.path,
    });
    for (const {name, entries} of config.sections) {
      const settings = views.get(name) ?? {};
      for (const {key, value} of entries) {
        settings[key] = value.trim();
      }
      views.set(name, settings);
    }
  }
  return [...views].map(([name, settings]) => ({name, settings}));
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

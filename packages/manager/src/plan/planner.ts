/**
 * Reads an area for one purpose and answers with plain data: the body of the planning child. It runs in a process of its own, with
 * the submitter's environment, so nothing that a config file does reaches the manager or another plan.
 */
import {existsSync, lstatSync, mkdirSync, readFileSync, statfsSync, symlinkSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {
  type Area,
  type Config,
  cacheFile,
  checkRequiredTarget,
  type Env,
  expandItemsNow,
  exportKeys,
  exportRunconfig,
  findTests,
  loadArea,
  loadRunconfig,
  metaOf,
  readTestconfig,
  readTestDefinition,
  requireTarget,
  testsPath,
  writeCache,
} from '@megatest/config';
import {
  buildPlan,
  choosePattern,
  type PlanMessage,
  type PlannedItem,
  printUserError,
  TagExpression,
  type TestMeta,
  UserError,
} from '@megatest/model';
import {
  type AreaDescription,
  type Described,
  type PacketCounts,
  type PlanReply,
  PROGRAM_VERSION,
  type RunPlan,
  type SubmitOptions,
  type TestFiles,
} from '@megatest/rpc';
import {dataOf, type TestconfigData} from '../execution/testconfig-data.ts';
import {type AreaContext, contextOf, numberOr} from './area-context.ts';
import {type AreaNeeds, needsOf, spaceRequiredKiB} from './area-needs.ts';
import {type DaemonSettingsText, settingsOfDaemon} from './daemon-settings.ts';
import {describeArea, testFilesOf} from './describe-area.ts';

export type PlanningRequest = {
  readonly kind:
    | 'plan'
    | 'context'
    | 'items'
    | 'testconfig'
    | 'settings'
    | 'needs'
    | 'packets'
    | 'describe'
    | 'testFiles';
  readonly areaPath: string;
  readonly env: Env;
  readonly cwd: string;
  /** Of who submitted; that of the process which asks when it is not given. */
  readonly umask?: number;
  readonly target: string;
  readonly runName: string;
  readonly options: SubmitOptions;
  readonly argv: readonly string[];
  readonly testName?: string;
  readonly testDir?: string;
  /** Of packets to import, instead of those of the area. */
  readonly packetDirectory?: string | undefined;
  /** Parts of a description. */
  readonly what?: readonly Described[];
  /** Only what would run is wanted: nothing is made on disk. */
  readonly isDryRun?: boolean;
};

export type PlanningReply = {
  readonly plan?: RunPlan;
  readonly testMeta?: PlanReply['testMeta'];
  readonly context?: AreaContext;
  readonly items?: readonly PlannedItem[];
  readonly testconfig?: TestconfigData;
  /** What the daemon of the area needs to know. */
  readonly settings?: DaemonSettingsText;
  /** What the area needs of each host that works for it. */
  readonly needs?: AreaNeeds;
  readonly packets?: PacketCounts;
  readonly description?: AreaDescription;
  readonly testFiles?: TestFiles;
  readonly messages: readonly PlanMessage[];
  /** A mistake of the user, printed, that ends the run. */
  readonly error?: string;
};

const defaultReruns = 1;
const defaultDeadtimeS = 7200;
const defaultGiveUpS = 36_000;
const defaultWaitDelayS = 60;

/** Who waits for the answer is told meanwhile what is being read, and which limit the area sets. */
export type PlanningProgress = {
  readonly onReading: (file: string) => void;
  readonly onLimit: (limitMs: number) => void;
};

/** What the child does to databases, given to it by its program: this package knows none. */
export type PlannerTools = {
  readonly importPackets: (request: {
    readonly config: Config;
    readonly controlDirectory: string;
    readonly directory?: string | undefined;
    readonly onReading: (directory: string) => void;
  }) => PacketCounts;
};

export function answer(
  request: PlanningRequest,
  progress: PlanningProgress,
  tools: PlannerTools,
): PlanningReply {
  const messages: PlanMessage[] = [];
  const say = (level: number, text: string) => {
    messages.push({stream: 'log', level, text});
  };
  try {
    return {...read(request, progress, tools, say, messages), messages};
  } catch (error) {
    if (error instanceof UserError) {
      return {messages, error: printUserError(error).trimEnd()};
    }
    throw error;
  }
}

function read(
  request: PlanningRequest,
  progress: PlanningProgress,
  tools: PlannerTools,
  say: (level: number, text: string) => void,
  messages: PlanMessage[],
): Omit<PlanningReply, 'messages'> {
  const {areaPath, env, cwd, target, runName, argv} = request;
  progress.onReading(join(areaPath, 'megatest.config'));
  const commandLine = optionsOf(argv);
  const option = (name: string) => commandLine.get(`-${name}`) ?? commandLine.get(`--${name}`);
  const [configName, appendConfig] = [option('config'), option('append-config')];
  const startDirectory = option('start-dir') ?? option('area') ?? commandLine.get('-C') ?? '';
  const area = loadArea(areaPath, {
    env,
    cwd: resolve(cwd, startDirectory),
    commandLine,
    say,
    // Who only looks at an area makes nothing happen.
    commands: request.kind === 'describe' || request.kind === 'testFiles' ? 'no' : 'yes',
    ...(configName === undefined ? {} : {configName}),
    ...(appendConfig === undefined ? {} : {appendConfig}),
    ...(target === '' ? {} : {target}),
    ...(runName === '' ? {} : {runName}),
  });
  const limitS = numberOr(area.config.get('jobtools', 'plan-timeout'), 0);
  if (limitS > 0) {
    progress.onLimit(limitS * 1000);
  }
  progress.onReading(
    join(request.testDir ?? areaPath, request.testDir === undefined ? 'runconfigs.config' : 'testconfig'),
  );
  switch (request.kind) {
    case 'context':
      return {context: contextOf(area)};
    case 'settings':
      return {settings: settingsOfDaemon(area)};
    case 'needs':
      return {needs: needsOf(area)};
    case 'packets':
      return {
        packets: tools.importPackets({
          config: area.config,
          controlDirectory: area.path,
          directory: request.packetDirectory,
          onReading: progress.onReading,
        }),
      };
    case 'describe':
      return {description: describeArea(area, request.what ?? [], () => settingsOfDaemon(area))};
    case 'testFiles':
      return {testFiles: testFilesOf(area, request.testName ?? '')};
    case 'plan':
      return {...planRun(area, request, progress, say, messages), context: contextOf(area)};
    case 'items': {
      const {env: runEnv, runconfig} = runEnvironment(area);
      const {items} = expandItemsNow(area, request.testName ?? '', request.testDir ?? '', runEnv, runconfig);
      // What goes to another process has its variables as properties.
      return {items: items.map(({itemPath, vars}) => ({itemPath, vars}))};
    }
    case 'testconfig': {
      // The environment is the test's own already.
      const own = {...request.env};
      return {
        testconfig: dataOf(
          readTestconfig(area, request.testDir ?? '', {
            env: own,
            commands: 'yes',
            cwd: own.MT_TEST_RUN_DIR ?? areaPath,
          }),
        ),
      };
    }
  }
}

/** The environment in which testconfigs are scanned (runs.md 3.1 step 4). */
function runEnvironment(area: Area): {
  readonly env: Env;
  readonly runconfig: Config;
  readonly variables: ReadonlyMap<string, string>;
} {
  const runconfig = loadRunconfig(area);
  const env: Env = {...area.env, MT_LINKTREE: area.linkTree};
  exportKeys(area.keys, area.target, env);
  exportRunconfig(runconfig, env);
  return {env, runconfig: runconfig.config, variables: runconfig.variables};
}

function planRun(
  area: Area,
  request: PlanningRequest,
  progress: PlanningProgress,
  say: (level: number, text: string) => void,
  messages: PlanMessage[],
): {readonly plan: RunPlan; readonly testMeta: PlanReply['testMeta']} {
  const target = requireTarget(area);
  const {options} = request;
  if (options.requireTarget === true) {
    checkRequiredTarget(area, target);
  }
  checkSpace(area);
  if (request.isDryRun !== true) {
    makeLinkTree(area, say);
  }
  const {env, runconfig, variables} = runEnvironment(area);
  const chosen = choosePattern({
    testPatt: options.testPatt,
    modePatt: options.modePatt,
    runconfig: (key) => variables.get(key),
  });
  for (const {level, text} of chosen.messages) {
    say(level, text);
  }
  const {testPatt} = chosen;
  const settings = settingsOf(area);
  if (testPatt === undefined) {
    return {plan: {testPatt: '', tests: [], settings, exitCode: 0}, testMeta: []};
  }
  const tests = findTests(area);
  const meta = new Map<string, TestMeta>();
  const built = buildPlan({
    testPatt,
    testNames: [...tests.keys()],
    searchPath: testsPath(area),
    define: (name) => {
      const testDir = tests.get(name) ?? '';
      progress.onReading(join(testDir, 'testconfig'));
      const definition = readTestDefinition(area, name, testDir, env, runconfig);
      meta.set(name, definition.meta ?? {});
      return definition;
    },
    ...(options.tagExpr === undefined ? {} : {hasWantedTag: tagFilter(area, tests, options.tagExpr, say)}),
  });
  messages.push(...built.messages);
  if (request.isDryRun !== true && built.tests.length > 0) {
    keepConfigs(area, target, runconfig);
  }
  const plan = JSON.parse(
    JSON.stringify({testPatt: built.testPatt, tests: built.tests, settings, exitCode: null}),
  ) as RunPlan;
  const testMeta = [...tests].map(([testName, testDir]) => ({
    testName,
    values: meta.get(testName) ?? metaOfOther(area, testDir),
  }));
  return {plan, testMeta};
}

/** Of a test that does not take part: read without its commands, and only when there is something to read. */
function metaOfOther(area: Area, testDir: string): TestMeta {
  try {
    const hasMeta = /\[(test_meta|include|scriptinc)/.test(readFileSync(join(testDir, 'testconfig'), 'utf8'));
    return hasMeta ? metaOf(readTestconfig(area, testDir, {env: {...area.env}, commands: 'no'})) : {};
  } catch {
    // A test that cannot be read and is not wanted is no reason to stop the run.
    return {};
  }
}

function settingsOf(area: Area): RunPlan['settings'] {
  const {config} = area;
  const get = (key: string) => config.get('setup', key);
  return {
    maxConcurrentJobs: numberOr(get('max_concurrent_jobs'), 1),
    jobgroups: Object.fromEntries(
      config.entries('jobgroups').map(({key, value}) => [key, numberOr(value, Number.MAX_SAFE_INTEGER)]),
    ),
    launchDelayS: numberOr(get('launch-delay'), 0),
    runWait: get('run-wait')?.trim() === 'yes',
    reruns: numberOr(get('reruns'), defaultReruns),
    deadtimeS: numberOr(get('deadtime'), defaultDeadtimeS),
    giveUpWaitingS: numberOr(get('give-up-waiting'), defaultGiveUpS),
    ordersByDuration: get('order')?.trim() === 'duration',
    allowAutoRerun: get('allow-auto-rerun') ?? '',
    cleanRerun: cleanRerunOf(config),
    linkTree: area.linkTree,
    maxLoad: maxLoadOf(config.get('jobtools', 'maxload')),
    waitDelayS: numberOr(config.get('jobtools', 'waitdelay'), defaultWaitDelayS),
    preHook: config.get('runs', 'pre-hook')?.trim() || null,
  };
}

/** The link tree, and the link `lt` in the area that leads to it (execution.md 3). */
function makeLinkTree(area: Area, say: (level: number, text: string) => void): void {
  const {linkTree, path} = area;
  if (!existsSync(linkTree)) {
    say(1, `INFO: (1) making the link tree ${linkTree}`);
    try {
      mkdirSync(linkTree, {recursive: true});
    } catch (error) {
      throw new UserError(
        `the link tree ${linkTree} cannot be made: ${error instanceof Error ? error.message : error}`,
        {hint: 'see [setup] linktree'},
      );
    }
  }
  const link = join(path, 'lt');
  if (linkTree !== link && lstatSync(link, {throwIfNoEntry: false}) === undefined) {
    symlinkSync(linkTree, link);
  }
}

/** Keeps the configs for the processes inside the tests of this run (config.md 15); a submission from inside a test keeps none. */
function keepConfigs(area: Area, target: string, runconfig: Config): void {
  const {linkTree, path, config, runName, options} = area;
  if (runName === undefined) {
    return;
  }
  const place = {linkTree, target, runName};
  const of = {path, version: PROGRAM_VERSION};
  writeCache(cacheFile('megatest', place, of), config, options.env);
  writeCache(cacheFile('runconfigs', place, of), runconfig, options.env);
}

function checkSpace(area: Area): void {
  const required = spaceRequiredKiB(area);
  const {bavail, bsize} = statfsSync(area.path);
  const have = Math.floor((bavail * bsize) / 1024);
  if (have <= required) {
    throw new UserError(`Insufficient space in ${area.path}, require ${required}, have ${have}`, {
      hint: 'make room, or lower [setup] dbdir-space-required',
    });
  }
}

function tagFilter(
  area: Area,
  tests: ReadonlyMap<string, string>,
  text: string,
  say: (level: number, text: string) => void,
): (testName: string) => boolean {
  const expression = new TagExpression(text);
  for (const member of expression.invalid) {
    say(0, `ERROR: tag pattern "${member}" does not compile, it matches nothing`);
  }
  return (testName) => {
    const config = readTestconfig(area, tests.get(testName) ?? '', {env: {...area.env}, commands: 'no'});
    return expression.matches(config.get('test_meta', 'tags') ?? '');
  };
}

function maxLoadOf(text: string | undefined): number | null {
  const limit = numberOr(text, Number.NaN);
  return Number.isNaN(limit) ? null : limit;
}

/** `[validvalues] cleanrerun-states` and `cleanrerun-statuses`. */
function cleanRerunOf(config: Config): RunPlan['settings']['cleanRerun'] {
  const list = (key: string) =>
    config
      .get('validvalues', key)
      ?.split(',')
      .map((word) => word.trim())
      .filter((word) => word !== '');
  return {states: list('cleanrerun-states') ?? null, statuses: list('cleanrerun-statuses') ?? null};
}

/** `-name value` pairs of a command line, and `--name=value`. */
function optionsOf(argv: readonly string[]): ReadonlyMap<string, string> {
  const options = new Map<string, string>();
  argv.forEach((word, index) => {
    const next = argv[index + 1];
    const [name = '', value] = word.startsWith('--') ? word.split(/=(.*)/s) : [];
    if (value !== undefined) {
      options.set(name, value);
    } else if (word.startsWith('-') && next !== undefined) {
      options.set(word, next);
    }
  });
  return options;
}

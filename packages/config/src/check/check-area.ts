/**
 * Checks a whole area (`megatest config check`): reads `megatest.config`, the runconfigs of every target and every testconfig
 * the way a run does, and lists what is wrong with its place.
 */
import {existsSync, readdirSync} from 'node:fs';
import {isAbsolute, join} from 'node:path';
import {findCycles, nearNames, UserError} from '@megatest/model';
import {type Area, type AreaOptions, exportKeys, isValidTarget, loadArea} from '../area.ts';
import type {Config, Entry} from '../config.ts';
import {findTests, testsPath} from '../find-tests.ts';
import type {ReadNote} from '../read-note.ts';
import {exportRunconfig, loadRunconfig} from '../runconfigs.ts';
import type {Env} from '../shell.ts';
import {readTestconfig} from '../testconfig.ts';
import {wordsOf} from '../words.ts';
import {checkAreaConfig, checkTargetSections, runconfigsFile} from './area-problems.ts';
import {NoteProblems} from './note-problems.ts';
import type {Problem} from './problem.ts';
import {ProblemList} from './problem-list.ts';
import {checkTestconfig, type RulesProblem} from './test-problems.ts';
import {checkSections} from './value-problems.ts';

export type CheckOptions = {
  readonly env: Readonly<Env>;
  readonly cwd: string;
  readonly configName?: string;
  readonly appendConfig?: string;
  /** Only this target; otherwise every one that has a section. */
  readonly target?: string;
  readonly commandLine?: ReadonlyMap<string, string | true>;
  /** `no`: commands in the files are not run. */
  readonly commands?: 'yes' | 'no';
  /** How long the reading of one file may take. */
  readonly fileLimitMs?: number;
  /** Checks a file of log rules. */
  readonly checkRules?: (path: string) => readonly Problem[];
  /** Checks the log rules of a `[logpro]` entry. */
  readonly checkRulesText?: (text: string) => readonly RulesProblem[];
};

export type CheckResult = {
  readonly problems: readonly Problem[];
  /** How much was looked at. */
  readonly tests: number;
  readonly targets: readonly string[];
};

const defaultFileLimitMs = 60_000;

export function checkArea(path: string, options: CheckOptions): CheckResult {
  return new AreaCheck(path, options).run();
}

class AreaCheck {
  readonly #path: string;
  readonly #options: CheckOptions;
  readonly #list = new ProblemList();
  readonly #notes = new NoteProblems(this.#list);
  readonly #file: string;

  constructor(path: string, options: CheckOptions) {
    this.#path = path;
    this.#options = options;
    const name = options.configName ?? 'megatest.config';
    this.#file = isAbsolute(name) ? name : join(path, name);
  }

  run(): CheckResult {
    if (!existsSync(this.#file)) {
      this.#list.add('missing-file', {file: this.#file}, 'this file is not there, so this is no area');
      return {problems: this.#list.problems, tests: 0, targets: []};
    }
    const general = this.#load(undefined);
    if (general === undefined) {
      return {problems: this.#list.problems, tests: 0, targets: []};
    }
    checkSections(general.config, 'megatest.config', this.#list);
    const targets = this.#targets(general);
    // Without any target the tests are read as far as they go.
    const [first] = targets;
    const area = (first === undefined ? undefined : this.#load(first)) ?? general;
    checkAreaConfig(area, this.#file, this.#list);
    const runconfig = this.#readRunconfigs(area, targets);
    const tests = this.#checkTests(area, runconfig);
    this.#notes.finish(area.keys.length);
    return {problems: this.#list.problems, tests, targets};
  }

  #load(target: string | undefined): Area | undefined {
    // Without a target the key variables are missing: what is undefined then says nothing about the files.
    const isPartial = target === undefined;
    return this.#guard(this.#file, () =>
      loadArea(this.#path, {
        ...this.#areaOptions(isPartial),
        ...(target === undefined ? {} : {target}),
        onBadKey: (entry, problem) =>
          this.#list.add(
            'bad-key-name',
            this.#list.keyPlace(entry),
            `your key cannot be named ${entry.key}: ${problem}`,
          ),
      }),
    );
  }

  #areaOptions(isPartial: boolean, isForTargets = false): AreaOptions {
    const {env, cwd, configName, appendConfig, commandLine, commands = 'yes'} = this.#options;
    return {
      env,
      cwd,
      commands,
      ...(configName === undefined ? {} : {configName}),
      ...(appendConfig === undefined ? {} : {appendConfig}),
      ...(commandLine === undefined ? {} : {commandLine}),
      note: (note: ReadNote) => {
        if (!isPartial || !dependsOnTarget.has(note.kind)) {
          this.#notes.add(note, isForTargets);
        }
      },
      deadlineMs: performance.now() + (this.#options.fileLimitMs ?? defaultFileLimitMs),
    };
  }

  /** The same area with a fresh time limit for its next file. */
  #renewed(area: Area, isForTargets = false): Area {
    return {
      ...area,
      options: {...area.options, ...this.#areaOptions(area.target === undefined, isForTargets)},
    };
  }

  /** Every target with a section of its own. */
  #targets(general: Area): readonly string[] {
    if (this.#options.target !== undefined) {
      return [this.#options.target];
    }
    const config = this.#guard(
      runconfigsFile(general),
      () => loadRunconfig(this.#renewed(general, true)).config,
    );
    if (config === undefined) {
      return [];
    }
    checkTargetSections(config, general.keys, this.#list);
    return config.sections.map(({name}) => name).filter((name) => isTarget(name, general));
  }

  /** Reads the runconfigs for every target; the first one's are those that the tests see. */
  #readRunconfigs(area: Area, targets: readonly string[]): RunEnvironment {
    const env: Env = {...area.env, MT_LINKTREE: area.linkTree};
    let runconfigs: Config | undefined;
    targets.forEach((target, index) => {
      const own = index === 0 ? area : this.#load(target);
      const read =
        own === undefined
          ? undefined
          : this.#guard(runconfigsFile(area), () => loadRunconfig(this.#renewed(own, true)));
      if (read !== undefined) {
        checkSections(read.config, 'runconfigs.config', this.#list);
        if (index === 0) {
          runconfigs = read.config;
          exportKeys(area.keys, target, env);
          exportRunconfig(read, env);
        }
      }
    });
    return {env, runconfigs};
  }

  #checkTests(area: Area, {env, runconfigs}: RunEnvironment): number {
    const tests = findTests(area);
    if (tests.size === 0) {
      this.#list.add('no-tests', {file: this.#file}, `no test was found in ${testsPath(area).join(', ')}`);
    }
    this.#checkTestNames(area, tests);
    const jobgroups = area.config.entries('jobgroups').map(({key}) => key);
    const configs = new Map<string, Config>();
    for (const [name, testDir] of tests) {
      const own: Env = {MT_RUNNAME: 'check', ...env, MT_TEST_NAME: name};
      const config = this.#guard(join(testDir, 'testconfig'), () =>
        readTestconfig(this.#renewed(area), testDir, {
          env: own,
          commands: this.#options.commands === 'no' ? 'no' : 'deferred',
          ...(runconfigs === undefined ? {} : {runconfigs}),
        }),
      );
      if (config !== undefined) {
        configs.set(name, config);
        checkSections(config, 'testconfig', this.#list);
        const {checkRules, checkRulesText} = this.#options;
        checkTestconfig({testDir, config, env: own, jobgroups, checkRules, checkRulesText}, this.#list);
      }
    }
    this.#checkDependencies(configs, tests);
    return tests.size;
  }

  #checkTestNames(area: Area, tests: ReadonlyMap<string, string>): void {
    for (const [name, testDir] of tests) {
      if (/[\s,%/]/.test(name)) {
        this.#list.add(
          'bad-test-name',
          {file: join(testDir, 'testconfig')},
          `patterns cannot name "${name}"`,
        );
      }
    }
    for (const directory of testsPath(area)) {
      for (const name of existsSync(directory) ? readdirSync(directory) : []) {
        const file = join(directory, name, 'testconfig');
        const used = tests.get(name);
        if (used !== undefined && used !== `${directory}/${name}` && existsSync(file)) {
          this.#list.add('shadowed-test', {file}, `this test is not used: ${used} comes first`);
        }
      }
    }
  }

  #checkDependencies(configs: ReadonlyMap<string, Config>, tests: ReadonlyMap<string, string>): void {
    const waitons = new Map<string, readonly string[]>();
    for (const [name, config] of configs) {
      const section = config.section('requirements');
      for (const key of ['waiton', 'waitor']) {
        const entry = section?.entry(key);
        for (const wanted of entry === undefined || entry.value.includes('#f') ? [] : wordsOf(entry.value)) {
          this.#checkWaiton(name, wanted, entry, tests);
        }
      }
      waitons.set(
        name,
        wordsOf(section?.get('waiton') ?? '').filter((waiton) => waiton !== name && configs.has(waiton)),
      );
    }
    for (const cycle of findCycles(configs.keys(), (name) => waitons.get(name) ?? [])) {
      const [first = '', second = first] = cycle;
      const entry = configs.get(first)?.section('requirements')?.entry('waiton');
      if (entry !== undefined) {
        this.#list.add(
          'waiton-cycle',
          this.#list.wordPlace(entry, second),
          `these tests wait for each other: ${[...cycle, first].join(' -> ')}`,
          {hint: 'remove one of these waitons'},
        );
      }
    }
  }

  #checkWaiton(
    testName: string,
    wanted: string,
    entry: Entry | undefined,
    tests: ReadonlyMap<string, string>,
  ): void {
    if (entry === undefined || (wanted !== testName && tests.has(wanted))) {
      return;
    }
    const place = this.#list.wordPlace(entry, wanted);
    if (wanted === testName) {
      this.#list.add('self-waiton', place, `the test ${testName} waits for itself`);
      return;
    }
    const [near] = nearNames(wanted, tests.keys(), 1);
    this.#list.add('unknown-waiton', place, `there is no test ${wanted}`, {
      hint: near === undefined ? undefined : `did you mean ${near}?`,
    });
  }

  /** Runs a reading; a mistake that ends it becomes a problem. */
  #guard<T>(file: string, work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof UserError)) {
        throw error;
      }
      this.#list.add('unreadable-file', error.place ?? {file}, error.message, {hint: error.hint});
      return undefined;
    }
  }
}

type RunEnvironment = {readonly env: Env; readonly runconfigs: Config | undefined};

/** What can be noted only because there is no target yet. */
const dependsOnTarget: ReadonlySet<ReadNote['kind']> = new Set<ReadNote['kind']>([
  'helper-undefined',
  'include-missing',
  'command-failed',
  'value-command-failed',
  'helper-failed',
  'env-value-failed',
  'script-missing',
  'script-failed',
]);

function isTarget(name: string, area: Area): boolean {
  return name !== 'default' && isValidTarget(name, area.keys);
}

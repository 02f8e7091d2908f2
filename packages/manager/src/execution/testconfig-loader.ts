/**
 * Reads testconfigs for launching and running. One that only holds text is read once for all its items; one that depends on the
 * environment is read for each test; one that runs commands is read in a child, so that no user's command ever blocks the manager.
 */
import {readFileSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {type Env, readConfig} from '@megatest/config';
import {dataOf, type TestconfigData} from './testconfig-data.ts';

/** Helpers that run something, or a line that may bring some. */
const mayRunCommands =
  /#\{\s*(sh|shell|system|scheme|scm)\b|\[system\s|\[scriptinc\s|\[include\s|pre-launch-env-vars/;
/** What makes the outcome depend on more than the file. */
const dependsOnEnvironment = /#\{|\[system\s|\[scriptinc\s|\[include\s|pre-launch-env-vars/;
/** What launching looks for; without it a launch need not read the file. */
const mattersForLaunch = /\[disks\]|pre-launch-env|\[scriptinc\s|\[include\s/;

/** What launching takes from a testconfig in which there is nothing for it. */
const nothingForLaunch: TestconfigData = {
  runscript: null,
  steps: [],
  logpro: [],
  disks: null,
  preLaunchVars: [],
  preLaunchOverrides: [],
  runTimeLimitS: null,
  waivers: [],
  waiverRules: [],
  triggers: [],
};

type Known = {readonly stamp: string; readonly text: string; data: TestconfigData | undefined};

export class TestconfigLoader {
  readonly #readInChild: (env: Env, testDir: string) => Promise<TestconfigData>;
  readonly #known = new Map<string, Known>();

  constructor(readInChild: (env: Env, testDir: string) => Promise<TestconfigData>) {
    this.#readInChild = readInChild;
  }

  /** For running: everything. */
  async load(env: Readonly<Env>, testDir: string): Promise<TestconfigData> {
    const known = this.#open(testDir);
    if (known.data !== undefined) {
      return known.data;
    }
    if (mayRunCommands.test(known.text)) {
      return await this.#readInChild({...env}, testDir);
    }
    const areaPath = env.MT_RUN_AREA_HOME ?? testDir;
    const config = readConfig(join(testDir, 'testconfig'), {
      env: {...env},
      cwd: areaPath,
      commands: 'no',
      areaPath,
      ...(env.MT_TARGET === undefined ? {} : {target: env.MT_TARGET}),
    });
    const data = dataOf(config);
    if (!dependsOnEnvironment.test(known.text)) {
      known.data = data;
    }
    return data;
  }

  /** For launching: disks and launch variables, without reading the file when it has none. */
  async loadForLaunch(env: Readonly<Env>, testDir: string): Promise<TestconfigData> {
    return mattersForLaunch.test(this.#open(testDir).text) ? await this.load(env, testDir) : nothingForLaunch;
  }

  #open(testDir: string): Known {
    const file = join(testDir, 'testconfig');
    const {mtimeMs, size, ino} = statSync(file);
    const stamp = `${mtimeMs}/${size}/${ino}`;
    const known = this.#known.get(testDir);
    if (known?.stamp === stamp) {
      return known;
    }
    const fresh: Known = {stamp, text: readFileSync(file, 'utf8'), data: undefined};
    this.#known.set(testDir, fresh);
    return fresh;
  }
}

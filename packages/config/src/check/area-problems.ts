/** Problems of `megatest.config` and `runconfigs.config` that need more than the table of keys. */
import {accessSync, constants, statSync} from 'node:fs';
import {isAbsolute, join, resolve} from 'node:path';
import {nearNames, STATES, STATUSES} from '@megatest/model';
import {type Area, isValidTarget, type Key} from '../area.ts';
import type {Config, Entry} from '../config.ts';
import {sectionPattern} from '../section-pattern.ts';
import {wordsOf} from '../words.ts';
import type {ProblemList} from './problem-list.ts';
import {checkPattern} from './value-problems.ts';

export function checkAreaConfig(area: Area, file: string, list: ProblemList): void {
  const {config} = area;
  if (config.entries('fields').length === 0) {
    list.add('no-fields', config.section('fields')?.origin ?? {file}, 'there are no [fields]', {
      hint: 'name the keys of a target, as in "PLATFORM TEXT"',
    });
  }
  if ((config.get('setup', 'linktree') ?? '').trim() === '' && area.env.MT_LINKTREE === undefined) {
    list.add('missing-linktree', config.section('setup')?.origin ?? {file}, '[setup] linktree is not set');
  }
  checkDisks(config, list);
  checkTestsPaths(area, list);
  checkLaunchers(config, list);
  checkStates(config, list);
  checkContours(config, list);
}

export function checkDisks(config: Config, list: ProblemList): void {
  for (const entry of config.entries('disks')) {
    const path = entry.value.trim();
    const reason = diskProblem(path);
    if (reason !== undefined) {
      list.add('missing-disk', entry.origin, `disk ${entry.key} at path "${path}" ${reason}`);
    }
  }
}

function diskProblem(path: string): string | undefined {
  if (statSync(path, {throwIfNoEntry: false})?.isDirectory() !== true) {
    return 'is not a directory';
  }
  try {
    accessSync(path, constants.W_OK);
  } catch {
    return 'is not writeable';
  }
  return isAbsolute(path) ? undefined : 'is not a fully qualified path';
}

function checkTestsPaths(area: Area, list: ProblemList): void {
  for (const entry of area.config.entries('tests-paths')) {
    const path = resolve(area.path, entry.value.trim());
    if (statSync(path, {throwIfNoEntry: false})?.isDirectory() !== true) {
      list.add('missing-tests-path', entry.origin, `the directory ${path} is not there`);
    }
  }
}

function checkLaunchers(config: Config, list: ProblemList): void {
  const types = config.entries('host-types').map(({key}) => key);
  for (const entry of config.entries('launchers')) {
    const type = entry.value.trim();
    if (!types.includes(type)) {
      list.add('unknown-host-type', entry.origin, `[host-types] has no ${type}`, nearOf(type, types));
    }
    checkPattern({...entry, origin: {...entry.origin, column: 1}}, entry.key, list);
  }
}

const states = STATES.map(({name}) => name);
const statuses = STATUSES.map(({name}) => name);

function checkStates(config: Config, list: ProblemList): void {
  const section = config.section('validvalues');
  const check = (entry: Entry | undefined, known: readonly string[]) => {
    for (const name of (entry?.value ?? '').split(',').map((member) => member.trim())) {
      if (entry !== undefined && name !== '' && !known.includes(name)) {
        list.add('unknown-state', list.wordPlace(entry, name), `"${name}" is not known`, nearOf(name, known));
      }
    }
  };
  check(section?.entry('cleanrerun-states'), states);
  check(section?.entry('cleanrerun-statuses'), statuses);
  const rerun = config.section('setup')?.entry('allow-auto-rerun');
  for (const pair of wordsOf(rerun?.value ?? '')) {
    const [state = '', ...rest] = pair.split('/');
    const status = rest.join('/');
    const isKnown = (state === '' || states.includes(state)) && (status === '' || statuses.includes(status));
    if (rerun !== undefined && !isKnown) {
      list.add('unknown-state', list.wordPlace(rerun, pair), `"${pair}" is no known STATE/STATUS`);
    }
  }
}

/** Whether a trigger's key can ever match: the names must be written exactly. */
export function checkTriggers(config: Config, list: ProblemList): void {
  for (const entry of config.entries('triggers')) {
    const [state = '', ...rest] = entry.key.split('/');
    const status = rest.join('/');
    const canFire =
      rest.length > 0 &&
      (state === '' || states.includes(state)) &&
      (status === '' || statuses.includes(status)) &&
      state + status !== '';
    if (!canFire) {
      const near = nearNames(state, states, 1)[0];
      list.add('bad-trigger', list.keyPlace(entry), `the trigger ${entry.key} can never fire`, {
        hint:
          near === undefined || near === state
            ? 'write STATE/STATUS, STATE/ or /STATUS'
            : `did you mean ${near}/${status}?`,
      });
    }
  }
}

function checkContours(config: Config, list: ProblemList): void {
  const areas = config.entries('areas').map(({key}) => key);
  for (const entry of config.entries('contours')) {
    const named = /(?:^|;)\s*areas\s*=\s*([^;]*)/.exec(entry.value)?.[1] ?? '';
    for (const name of named.split(',').map((member) => member.trim())) {
      if (name !== '' && !areas.includes(name)) {
        list.add('unknown-area', entry.origin, `[areas] has no ${name}`, nearOf(name, areas));
      }
    }
  }
}

/** Sections of runconfigs that look like targets and cannot be one. `config` was read without a target. */
export function checkTargetSections(config: Config, keys: readonly Key[], list: ProblemList): void {
  for (const {name, origin} of config.sections) {
    if (name !== 'default' && nearNames(name, ['default'], 1).length > 0) {
      list.add('unknown-section', origin, `[${name}] is no target`, {hint: 'did you mean [default]?'});
    }
    if (name.includes('/') && sectionPattern(name) === undefined && !isValidTarget(name, keys)) {
      const wanted = keys.map((key) => key.name).join('/');
      list.add('bad-target-section', origin, `[${name}] is no target: one has the form ${wanted}`);
    }
  }
}

function nearOf(name: string, names: readonly string[]): {readonly hint?: string} {
  const [near] = nearNames(name, names, 1);
  return near === undefined ? {} : {hint: `did you mean ${near}?`};
}

/** The runconfigs file of an area. */
export function runconfigsFile(area: Area): string {
  return join(area.path, 'runconfigs.config');
}

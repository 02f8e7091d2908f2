/** Problems of one testconfig that need more than the table of keys. */
import {accessSync, constants, existsSync, statSync} from 'node:fs';
import {delimiter, isAbsolute, join} from 'node:path';
import {MODES, nearNames, TestPattern} from '@megatest/model';
import type {Config, Entry} from '../config.ts';
import {expandItems} from '../items.ts';
import type {Env} from '../shell.ts';
import {ezStepsOf} from '../testconfig.ts';
import {wordsOf} from '../words.ts';
import {checkDisks, checkTriggers} from './area-problems.ts';
import type {Problem, Severity} from './problem.ts';
import type {ProblemList} from './problem-list.ts';
import {checkPattern} from './value-problems.ts';

export type RulesProblem = {
  /** From 1, within the text. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
  /** Absent = an error. */
  readonly severity?: Severity;
  readonly hint?: string | undefined;
};

export type TestToCheck = {
  readonly testDir: string;
  readonly config: Config;
  readonly env: Readonly<Env>;
  readonly jobgroups: readonly string[];
  readonly checkRules: ((path: string) => readonly Problem[]) | undefined;
  readonly checkRulesText: ((text: string) => readonly RulesProblem[]) | undefined;
};

export function checkTestconfig(test: TestToCheck, list: ProblemList): void {
  const {config} = test;
  checkWhatRuns(test, list);
  checkRules(test, list);
  checkModes(config, list);
  checkItems(config, list);
  checkJobgroup(test, list);
  checkSkip(config, list);
  checkDisks(config, list);
  checkTriggers(config, list);
  for (const entry of config.entries('waivers')) {
    if (wordsOf(entry.value).length !== 2) {
      list.add('bad-waiver', entry.origin, `the waiver ${entry.key} is not of the form RULE FILEPATTERN`);
    }
  }
  for (const entry of config.entries('itemmap')) {
    checkPattern({...entry, origin: {...entry.origin, column: 1}}, entry.key, list);
    checkItemMapUse(config, entry, list);
  }
}

function checkWhatRuns({config, testDir, env}: TestToCheck, list: ProblemList): void {
  const script = config.section('setup')?.entry('runscript');
  const steps = config.entries('ezsteps');
  if (steps.length === 0 && (script === undefined || script.value.trim() === '')) {
    const where = config.section('ezsteps')?.origin ?? config.section('setup')?.origin;
    list.add('nothing-to-run', where ?? {file: join(testDir, 'testconfig')}, 'this test runs nothing', {
      hint: 'give it [ezsteps], or [setup] runscript',
    });
  }
  if (script !== undefined && script.value.trim() !== '') {
    checkScript(script, testDir, env, list);
  }
  ezStepsOf(config).forEach(({name, command}, index) => {
    const entry = steps[index];
    if (entry === undefined) {
      return;
    }
    if (command === '') {
      list.add('step-without-command', list.keyPlace(entry), `the step ${name} has no command`);
    }
    if (name.includes('/') || name === '.' || name === '..') {
      list.add('bad-step-name', list.keyPlace(entry), `${name} cannot be the name of a step: it names files`);
    }
    const [first = ''] = wordsOf(command);
    const path = join(testDir, first);
    if (/^[\w.+-]+$/.test(first) && isFile(path) && !isExecutable(path) && !isOnPath(first, env)) {
      list.add('not-executable', list.wordPlace(entry, first), `${first} is not executable`, {
        hint: `run "chmod +x ${path}"`,
      });
    }
  });
}

function checkScript(entry: Entry, testDir: string, env: Readonly<Env>, list: ProblemList): void {
  const [script = ''] = wordsOf(entry.value);
  if (!/^[\w./+-]+$/.test(script)) {
    return;
  }
  const path = isAbsolute(script) ? script : join(testDir, script);
  if (isFile(path)) {
    if (!isExecutable(path) && !isOnPath(script, env)) {
      list.add('not-executable', entry.origin, `the runscript ${script} is not executable`, {
        hint: `run "chmod +x ${path}"`,
      });
    }
  } else if (script.includes('/') || !isOnPath(script, env)) {
    list.add('missing-runscript', entry.origin, `the runscript ${script} is not there`);
  }
}

function checkRules(test: TestToCheck, list: ProblemList): void {
  const {config, testDir} = test;
  const steps = config.entries('ezsteps').map(({key}) => key);
  for (const step of steps) {
    const path = join(testDir, `${step}.logpro`);
    if (test.checkRules !== undefined && isFile(path)) {
      for (const problem of test.checkRules(path)) {
        list.addProblem(problem);
      }
    }
  }
  for (const entry of config.entries('logpro')) {
    if (!steps.includes(entry.key)) {
      const [near] = nearNames(entry.key, steps, 1);
      list.add('rules-without-step', list.keyPlace(entry), `there is no step ${entry.key}`, {
        hint: near === undefined ? undefined : `did you mean ${near}?`,
      });
    }
    if (existsSync(join(testDir, `${entry.key}.logpro`))) {
      list.add(
        'rules-twice',
        list.keyPlace(entry),
        `${entry.key}.logpro is there, so these rules are not used`,
      );
    }
    for (const problem of test.checkRulesText?.(entry.value) ?? []) {
      reportRules(entry, problem, list);
    }
  }
}

/** Rules stand in consecutive lines of the file, each with its indent. */
function reportRules(entry: Entry, problem: RulesProblem, list: ProblemList): void {
  const {file, line: first, column: start} = entry.origin;
  const line = first + problem.line - 1;
  const text = entry.value.split('\n')[problem.line - 1] ?? '';
  const at = list.lineText(file, line)?.indexOf(text) ?? -1;
  const column = problem.line === 1 ? start + problem.column - 1 : Math.max(0, at) + problem.column;
  list.add('bad-rules', {file, line, column}, problem.message, {
    hint: problem.hint,
    severity: problem.severity,
  });
}

function checkModes(config: Config, list: ProblemList): void {
  const entry = config.section('requirements')?.entry('mode');
  for (const mode of wordsOf(entry?.value ?? '')) {
    if (entry !== undefined && !(MODES as readonly string[]).includes(mode)) {
      const [near] = nearNames(mode, MODES, 1);
      list.add('bad-mode', list.wordPlace(entry, mode), `there is no mode ${mode}`, {
        hint: near === undefined ? `use one of ${MODES.join(', ')}` : `did you mean ${near}?`,
      });
    }
  }
}

function checkItems(config: Config, list: ProblemList): void {
  const sections = ['items', 'itemstable'].flatMap((name) => config.section(name) ?? []);
  for (const section of sections) {
    if (section.isEmpty) {
      list.add('empty-items', section.origin, `[${section.name}] has no entries, so it has no effect`);
    }
    for (const entry of section.entries) {
      if (!/^[A-Za-z_]\w*$/.test(entry.key)) {
        list.add('bad-variable-name', list.keyPlace(entry), `no variable can be named ${entry.key}`);
      }
      const bad = entry.isDeferred ? undefined : wordsOf(entry.value).find(leadsOut);
      if (bad !== undefined) {
        list.add(
          'bad-item-value',
          list.wordPlace(entry, bad),
          `the item value ${bad} leads out of the run directory`,
        );
      }
    }
  }
  const entries = sections.flatMap((section) => section.entries);
  const [first] = entries;
  if (first === undefined || entries.some((entry) => entry.isDeferred)) {
    return;
  }
  const {items, duplicates} = expandItems(config, ({value}) => value);
  if (items.length === 0) {
    const empty = entries.find((entry) => wordsOf(entry.value).length === 0) ?? first;
    list.add('zero-items', list.keyPlace(empty), `${empty.key} has no values, so there are no items`);
  }
  const [twice] = duplicates;
  if (twice !== undefined) {
    list.add('duplicate-item', first.origin, `the item ${twice} comes out twice`);
  }
}

function leadsOut(value: string): boolean {
  return value.startsWith('/') || value.split('/').some((part) => part === '..');
}

function checkJobgroup({config, jobgroups}: TestToCheck, list: ProblemList): void {
  const entry = config.section('test_meta')?.entry('jobgroup');
  const name = entry?.value.trim() ?? '';
  if (entry !== undefined && name !== '' && !jobgroups.includes(name)) {
    const [near] = nearNames(name, jobgroups, 1);
    list.add('unknown-jobgroup', entry.origin, `[jobgroups] of megatest.config has no ${name}`, {
      hint: near === undefined ? undefined : `did you mean ${near}?`,
    });
  }
}

function checkSkip(config: Config, list: ProblemList): void {
  const present = ['prevrunning', 'fileexists', 'rundelay'].flatMap(
    (key) => config.section('skip')?.entry(key) ?? [],
  );
  for (const entry of present.slice(1)) {
    list.add(
      'ignored-skip',
      list.keyPlace(entry),
      `${entry.key} is not looked at, because ${present[0]?.key} is there`,
    );
  }
}

function checkItemMapUse(config: Config, entry: Entry, list: ProblemList): void {
  const waitons = ['waiton', 'waitor'].flatMap((key) => wordsOf(config.get('requirements', key) ?? ''));
  const pattern = new TestPattern(entry.key);
  if (pattern.invalid.length === 0 && !waitons.some((name) => pattern.matchesName(name))) {
    const [near] = nearNames(entry.key, waitons, 1);
    list.add(
      'unused-item-map',
      list.keyPlace(entry),
      `the test waits for nothing that ${entry.key} matches`,
      {
        hint: near === undefined ? undefined : `did you mean ${near}?`,
      },
    );
  }
}

function isFile(path: string): boolean {
  return statSync(path, {throwIfNoEntry: false})?.isFile() ?? false;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function isOnPath(name: string, env: Readonly<Env>): boolean {
  return (
    !name.includes('/') &&
    (env.PATH ?? '')
      .split(delimiter)
      .some((directory) => isFile(join(directory, name)) && isExecutable(join(directory, name)))
  );
}

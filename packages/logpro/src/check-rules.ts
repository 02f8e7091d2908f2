/** Finds what is wrong with rules without a log: for `megatest config check`. Nothing is run and nothing is changed. */
import {resolve} from 'node:path';
import {SchemeExit} from '@megatest/scheme';
import {nearestName} from './nearest-name.ts';
import type {Remark, Rule, RuleSet} from './rule-set.ts';
import {loadRules, type RuleFile} from './rules.ts';
import {type Place, RulesError} from './rules-error.ts';
import {type Env, harmlessWorld, readRules} from './rules-world.ts';
import {bytesOf, readable} from './utf8-bytes.ts';

export type RulesProblem = {
  /** With an `error` a log cannot pass under these rules. */
  readonly severity: 'error' | 'warning' | 'note';
  /** One sentence, without the place. */
  readonly message: string;
  /** `undefined` when the file cannot be read at all. */
  readonly place: Place | undefined;
  readonly hint: string | undefined;
};

export type CheckOptions = {
  /** What `load` is relative to. */
  readonly cwd?: string;
  readonly env?: Readonly<Env>;
  readonly now?: Date;
};

/** `rules` is a path, or the text of rules that stand in another file. Problems come in the order of their places. */
export function checkRules(rules: string | RuleFile, options: CheckOptions = {}): readonly RulesProblem[] {
  const {cwd = process.cwd(), env = process.env, now = new Date()} = options;
  const file = typeof rules === 'string' ? fileOf(rules, cwd) : rules;
  if (file === undefined) {
    return [{severity: 'error', message: `${rules} cannot be read`, place: undefined, hint: undefined}];
  }
  const remarks: Remark[] = [];
  try {
    return readable(problemsOf(loadRules([file], harmlessWorld({cwd, env: {...env}, now}), remarks)));
  } catch (error) {
    if (error instanceof RulesError) {
      const {sentence, place, hint} = error;
      return readable([...remarks.map(problemOf), {severity: 'error', message: sentence, place, hint}]);
    }
    if (error instanceof SchemeExit) {
      // Rules may end themselves on purpose; there is nothing more to be known about them.
      return [];
    }
    throw error;
  }
}

function fileOf(path: string, cwd: string): RuleFile | undefined {
  const text = readRules(resolve(cwd, path));
  return text === undefined ? undefined : {name: bytesOf(path), text};
}

function problemOf(remark: Remark): RulesProblem {
  return {...remark, hint: undefined};
}

function problemsOf(ruleSet: RuleSet): readonly RulesProblem[] {
  return [
    ...ruleSet.remarks.map(problemOf),
    ...sectionProblems(ruleSet),
    ...ruleSet.rules.flatMap((rule) => ruleProblems(rule, ruleSet)),
  ].sort(inFileOrder);
}

/** A section that no trigger opens; one that none closes is a usual way to say "to the end". */
function sectionProblems({sections, triggers}: RuleSet): readonly RulesProblem[] {
  const names = triggers.map(({name}) => name);
  return sections
    .filter(({start}) => !names.includes(start))
    .map(({name, start, place}) => ({
      severity: 'warning',
      message: `no trigger is named "${start}", so the section "${name}" never opens`,
      place,
      hint: suggestion(start, names),
    }));
}

function ruleProblems(rule: Rule, {sections, hooks}: RuleSet): readonly RulesProblem[] {
  const {place} = rule;
  const problems: RulesProblem[] = [];
  const sectionNames = sections.map(({name}) => name);
  if (!sectionNames.includes(rule.section)) {
    const hint = suggestion(rule.section, sectionNames);
    const message = `no section is named "${rule.section}", so the rule "${rule.name}" never matches`;
    problems.push({severity: 'warning', message, place, hint});
  }
  if (rule.hook !== '' && !hooks.has(rule.hook)) {
    const hint = suggestion(rule.hook, [...hooks.keys()]);
    problems.push({severity: 'warning', message: `no hook is named "${rule.hook}"`, place, hint});
  }
  const {condition} = rule;
  if (condition.type === 'value' && rule.patterns.some(({tree}) => tree.groups < condition.group)) {
    const message = `the pattern has no group ${condition.group} to take the value from, so "${rule.name}" always fails`;
    problems.push({severity: 'warning', message, place, hint: 'put (...) around the number'});
  }
  return problems;
}

function suggestion(name: string, names: readonly string[]): string | undefined {
  const near = nearestName(name, names);
  return near === undefined ? undefined : `did you mean "${near}"?`;
}

function inFileOrder(a: RulesProblem, b: RulesProblem): number {
  return (
    (a.place?.file ?? '').localeCompare(b.place?.file ?? '') ||
    (a.place?.line ?? 0) - (b.place?.line ?? 0) ||
    (a.place?.column ?? 0) - (b.place?.column ?? 0)
  );
}

/** The outcome of logpro as JSON, for programs. Texts are UTF-8 here, whatever bytes the log holds. */
import type {RuleResult} from './analysis.ts';
import {kindOf, type Remark} from './rule-set.ts';
import type {Place} from './rules-error.ts';
import type {LogproOutcome} from './run-logpro.ts';
import {triggerState} from './summary.ts';
import {readable} from './utf8-bytes.ts';

export function jsonResult(outcome: LogproOutcome): string {
  const {exitCode, status, message, deciding, result, ruleSet, error} = outcome;
  const readableParts = readable({
    remarks: ruleSet?.remarks.map(remarkOf) ?? [],
    triggers:
      result?.triggers.map((one) => ({name: one.trigger.name, state: triggerState(one), count: one.fired})) ??
      [],
    rules: result?.rules.map(ruleOf) ?? [],
    error:
      error === undefined
        ? null
        : {message: error.sentence, hint: error.hint ?? null, ...placeOf(error.place)},
  });
  const value = {
    exitCode,
    status,
    message: message ?? null,
    lines: result?.lines ?? null,
    deciding,
    ...readableParts,
  };
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

function ruleOf({rule, isOk, hits, measured, passed, failed}: RuleResult) {
  const {condition} = rule;
  const wanted =
    condition.type === 'count'
      ? {comparison: condition.comparison, count: condition.count}
      : {
          expected: condition.expected,
          tolerance: condition.tolerance,
          measured,
          passed,
          failed,
        };
  return {
    number: rule.number,
    kind: rule.kind,
    label: kindOf(rule.kind).label,
    where: rule.where,
    section: rule.section,
    name: rule.name,
    patterns: rule.patterns.map(({text}) => text),
    isOk,
    hits,
    ...wanted,
    ...placeOf(rule.place),
  };
}

function remarkOf({severity, message, place}: Remark) {
  return {severity, message, ...placeOf(place)};
}

function placeOf(place: Place | undefined) {
  return place === undefined ? {} : {file: place.file, line: place.line, column: place.column};
}

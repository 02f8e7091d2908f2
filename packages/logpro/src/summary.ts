/** The summary that follows the annotated log on standard output (spec logpro.md 10); the report shows parts of it, too. */
import type {LogResult, RuleResult, TriggerResult} from './analysis.ts';
import {kindOf, patternText} from './rule-set.ts';

export const summaryBanner = '==========================LOGPRO SUMMARY==========================';

export function triggerState({trigger, fired}: TriggerResult): 'OK' | 'FAIL' | 'OPTIONAL' {
  return trigger.isOptional ? 'OPTIONAL' : fired > 0 ? 'OK' : 'FAIL';
}

export function triggerLine(result: TriggerResult): string {
  const {trigger, fired} = result;
  return `Trigger: ${trigger.name.padEnd(13)} ${triggerState(result).padStart(15)}, count=${fired}`;
}

export function ruleLine(result: RuleResult): string {
  const {rule, isOk} = result;
  const columns = [
    `rule-${rule.number}`.padEnd(6),
    kindOf(rule.kind).label.padEnd(8),
    rule.where.padStart(2),
    rule.section.padEnd(12),
    (isOk ? 'OK' : 'FAIL').padStart(4),
  ];
  return `Expect: ${columns.join(' ')}, expected ${expectation(result)}, rx=${patternText(rule)}`;
}

/** What was expected and what came. */
function expectation({rule, hits, measured, passed, failed}: RuleResult): string {
  const {condition, name} = rule;
  if (condition.type === 'count') {
    return `${condition.comparison} ${condition.countText} of ${name}, got ${hits}`;
  }
  const limit =
    typeof condition.tolerance === 'number'
      ? `${condition.expectedText} +/- ${condition.toleranceText}`
      : `${condition.toleranceText}  ${condition.expectedText}`;
  return `${limit} got ${measured}, ${passed} pass, ${failed} fail`;
}

/** Results grouped by section, in summary order. */
export function bySection(
  results: readonly RuleResult[],
): readonly (readonly [section: string, results: readonly RuleResult[]])[] {
  const groups = new Map<string, RuleResult[]>();
  for (const result of results) {
    const group = groups.get(result.rule.section) ?? [];
    group.push(result);
    groups.set(result.rule.section, group);
  }
  return [...groups];
}

/** The part before the rules, which stand between hooks. */
export function summaryHead(result: LogResult): string {
  return `${summaryBanner}\n${result.triggers.map((trigger) => `${triggerLine(trigger)}\n`).join('')}`;
}

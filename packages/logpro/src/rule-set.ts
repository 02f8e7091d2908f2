/** What a rules file defines: triggers, sections, rules and hooks (spec logpro.md 4 to 7). All texts are Latin-1. */
import type {LogPattern} from './log-pattern.ts';
import type {Place} from './rules-error.ts';

export type Trigger = {
  readonly name: string;
  /** On how many lines it fires. */
  readonly limit: number;
  readonly isOptional: boolean;
  readonly patterns: readonly LogPattern[];
  /** `undefined` for the trigger that every rules file has. */
  readonly place: Place | undefined;
};

export type LogSection = {
  readonly name: string;
  readonly start: string;
  readonly end: string;
  readonly place: Place | undefined;
};

export type Comparison = '=' | '<' | '>' | '<=' | '>=';

export type CountCondition = {
  readonly type: 'count';
  readonly comparison: Comparison;
  readonly count: number;
  readonly countText: string;
};

export type ValueCondition = {
  readonly type: 'value';
  readonly expected: number;
  readonly expectedText: string;
  readonly tolerance: number | Comparison;
  readonly toleranceText: string;
  /** Number of the captured group that holds the value; 0 is the whole match. */
  readonly group: number;
};

export type Rule = {
  readonly number: number;
  /** What a failure of it means: `error`, `required`, `warning` ... */
  readonly kind: string;
  readonly where: string;
  readonly section: string;
  readonly name: string;
  readonly patterns: readonly LogPattern[];
  readonly cssClass: string;
  readonly hook: string;
  readonly condition: CountCondition | ValueCondition;
  readonly place: Place;
};

export type Hook = {readonly command: string; readonly isOneTime: boolean};

/** Something about the rules that does not keep them from being used. */
export type Remark = {
  /** An `error` is a rule that could not be registered: the verdict fails if nothing worse happens. */
  readonly severity: 'error' | 'warning' | 'note';
  readonly message: string;
  readonly place: Place;
};

export type RuleSet = {
  readonly triggers: readonly Trigger[];
  readonly sections: readonly LogSection[];
  readonly rules: readonly Rule[];
  readonly hooks: ReadonlyMap<string, Hook>;
  readonly remarks: readonly Remark[];
};

/** What a failing rule counts for. */
export type Tally = 'skip' | 'abort' | 'check' | 'fail' | 'warn' | 'waive';

export type Kind = {
  readonly label: string;
  /** `undefined`: its failure has no effect. */
  readonly tally: Tally | undefined;
  /** The forms that make rules of this kind. */
  readonly forms: readonly string[];
};

export const KINDS: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ['error', {label: 'Error', tally: 'fail', forms: ['expect:error', 'expect']}],
  ['required', {label: 'Required', tally: 'fail', forms: ['expect:required']}],
  ['required-warn', {label: 'Required-warn', tally: 'warn', forms: ['expect:required-warn']}],
  ['warning', {label: 'Warning', tally: 'warn', forms: ['expect:warning', 'expect:warn']}],
  ['waive', {label: 'Waive', tally: 'waive', forms: ['expect:waive', 'expect:waived', 'expect:waiver']}],
  ['check', {label: 'Check', tally: 'check', forms: ['expect:check']}],
  ['abort', {label: 'Abort', tally: 'abort', forms: ['expect:abort']}],
  ['skip', {label: 'Skip', tally: 'skip', forms: ['expect:skip']}],
  ['ignore', {label: 'Ignore', tally: undefined, forms: ['expect:ignore']}],
  ['note', {label: 'Note', tally: undefined, forms: ['expect:note']}],
  ['value', {label: 'Value', tally: 'fail', forms: ['expect:value']}],
]);

/** A kind that `type:` made up is called an error, and its failure has no effect. */
export function kindOf(name: string): Pick<Kind, 'label' | 'tally'> {
  return KINDS.get(name) ?? {label: 'Error', tally: undefined};
}

export function patternText(rule: Rule): string {
  return rule.patterns.map(({text}) => text).join(', ');
}

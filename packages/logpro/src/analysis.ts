/** Goes through a log line by line under a set of rules, and judges it at the end (spec logpro.md 8, 9). Text is Latin-1. */
import {type HookCall, Hooks} from './hooks.ts';
import {decide, isOk, isTooMany, type Measurement, measure, type Verdict} from './judgement.ts';
import type {Captured} from './log-pattern.ts';
import {kindOf, type LogSection, type Rule, type RuleSet, type Trigger} from './rule-set.ts';
import {type Scope, Scopes} from './scope.ts';

export type RuleResult = {
  readonly rule: Rule;
  readonly hits: number;
  readonly isOk: boolean;
  /** The value of the last hit of a value rule; `-` when there is none. */
  readonly measured: string;
  readonly hasMeasuredNumber: boolean;
  readonly passed: number;
  readonly failed: number;
  /** Hits of all rules of this number: of one that was made for several sections there are several. */
  readonly hitsOfNumber: number;
};

export type TriggerResult = {readonly trigger: Trigger; readonly fired: number};

export type DecidingLine = {
  /** From 0, as in the annotated log. */
  readonly line: number;
  readonly text: string;
  readonly rule: string;
};

export type LogResult = Verdict & {
  readonly lines: number;
  /** In summary order: sections descending, numbers ascending. */
  readonly rules: readonly RuleResult[];
  /** The last defined one first. */
  readonly triggers: readonly TriggerResult[];
  /** `KIND: NAME` of the first failing rule in summary order, whether it decided or not. */
  readonly message: string | undefined;
  /** Lines that made a rule of the deciding kind fail, first ones first; a required line that is missing has none. */
  readonly deciding: readonly DecidingLine[];
  /** Where the report opens: the anchor of the first deciding line, or else of the first rule that decided. */
  readonly anchor: string | undefined;
  /** A rule that could not be registered decided. */
  readonly isMalformed: boolean;
};

/** What happened on one line. */
export type LineOutcome = {
  /** Lines to print before it. */
  readonly marks: readonly string[];
  /** `count` numbers the hits of all rules that share the number of this one. */
  readonly hit: {readonly rule: Rule; readonly count: number} | undefined;
  /** The trigger handled last. */
  readonly trigger: string | undefined;
  /** To be called after the marks are printed and before the line is. */
  readonly hook: HookCall | undefined;
};

/** Deciding lines that are kept, and how much of each: they go into messages. */
const keptLines = 5;
const keptLength = 2000;

type RuleState = {
  readonly rule: Rule;
  hits: number;
  measurement: Measurement | undefined;
  passed: number;
  failed: number;
  readonly deciding: (DecidingLine & {readonly anchor: string})[];
};

export class LogAnalysis {
  readonly #ruleSet: RuleSet;
  readonly #rules: readonly RuleState[];
  readonly #fired: number[];
  readonly #hooks: Hooks;
  readonly #scopes: Scopes;
  readonly #open = new Set<LogSection>();
  /** Hits by rule number. */
  readonly #counts = new Map<number, number>();
  #line = 0;
  /** `undefined` when it has to be found anew. */
  #scope: Scope | undefined;

  constructor(ruleSet: RuleSet) {
    this.#ruleSet = ruleSet;
    this.#rules = ruleSet.rules.map((rule) => ({
      rule,
      hits: 0,
      measurement: undefined,
      passed: 0,
      failed: 0,
      deciding: [],
    }));
    this.#fired = ruleSet.triggers.map(() => 0);
    this.#hooks = new Hooks(ruleSet.hooks);
    this.#scopes = new Scopes(ruleSet);
  }

  /** Number of the next line, from 0. */
  get nextLine(): number {
    return this.#line;
  }

  /**
   * Where the next line starts, at or after `from`, that has to be given to `line`; all before it can be passed over. The lines of
   * `block` end in line feeds.
   */
  nextOfInterest(block: Buffer, from: number): number {
    // Every rules file has a trigger for the first line.
    return this.#line === 0 ? from : (this.#currentScope.filter?.find(block, from) ?? from);
  }

  passOver(lines: number): void {
    this.#line += lines;
  }

  line(text: string): LineOutcome {
    const number = this.#line;
    this.#line += 1;
    const marks: string[] = [];
    let lastTrigger: string | undefined;
    for (const at of this.#currentScope.triggers) {
      const trigger = this.#ruleSet.triggers[at];
      if (trigger?.patterns.some((pattern) => pattern.isIn(text))) {
        lastTrigger = trigger.name;
        marks.push(`LOGPRO: hit trigger ${trigger.name} on line ${number}`);
        this.#fire(at, trigger);
      }
    }
    for (const at of this.#currentScope.rules) {
      const state = this.#rules[at];
      const found = state === undefined ? undefined : firstMatch(state.rule, text);
      if (state !== undefined && found !== undefined) {
        const count = (this.#counts.get(state.rule.number) ?? 0) + 1;
        this.#counts.set(state.rule.number, count);
        marks.push(this.#hit(state, found, text, number, count));
        const hook = this.#hooks.atHit(state.rule, text, found);
        return {marks, hit: {rule: state.rule, count}, trigger: lastTrigger, hook};
      }
    }
    return {marks, hit: undefined, trigger: lastTrigger, hook: undefined};
  }

  /** All rules that match `text` and apply to the line that was handled last; only the first of them got the hit. */
  matching(text: string): readonly Rule[] {
    return this.#currentScope.rules.flatMap((at) => {
      const rule = this.#rules[at]?.rule;
      return rule !== undefined && firstMatch(rule, text) !== undefined ? [rule] : [];
    });
  }

  finish(): LogResult {
    const rules = this.#rules.map((state) => this.#result(state)).sort(inSummaryOrder);
    const failing = rules.filter((result) => !result.isOk);
    const hasMalformed = this.#ruleSet.remarks.some(({severity}) => severity === 'error');
    const {tally, exitCode, status} = decide(
      failing.map(({rule}) => rule),
      hasMalformed,
    );
    const decided = failing.filter(({rule}) => tally !== undefined && kindOf(rule.kind).tally === tally);
    const deciding = this.#rules
      .filter(({rule}) => decided.some((result) => result.rule === rule))
      .flatMap((state) => state.deciding)
      .sort((a, b) => a.line - b.line)
      .slice(0, keptLines);
    const [first] = failing;
    const [firstDecided] = decided;
    return {
      exitCode,
      status,
      lines: this.#line,
      rules,
      triggers: this.#ruleSet.triggers
        .map((trigger, at) => ({trigger, fired: this.#fired[at] ?? 0}))
        .reverse(),
      message: first === undefined ? undefined : `${first.rule.kind}: ${first.rule.name}`,
      deciding: deciding.map(({line, text, rule}) => ({line, text, rule})),
      anchor:
        deciding[0]?.anchor ??
        (firstDecided === undefined
          ? undefined
          : hitAnchor(firstDecided.rule, firstDecided.hitsOfNumber + 1)),
      isMalformed: tally === 'malformed',
    };
  }

  /** What a value rule runs once more at the end. */
  hookAtEnd(result: RuleResult): HookCall | undefined {
    return result.hasMeasuredNumber ? this.#hooks.atEnd(result.rule, result.measured) : undefined;
  }

  get #currentScope(): Scope {
    this.#scope ??= this.#scopes.scope(
      this.#open,
      (at) => (this.#fired[at] ?? 0) < (this.#ruleSet.triggers[at]?.limit ?? 0),
    );
    return this.#scope;
  }

  /** Opens or closes sections; one that names the trigger both ways is only ever opened. */
  #fire(at: number, trigger: Trigger): void {
    const fired = (this.#fired[at] ?? 0) + 1;
    this.#fired[at] = fired;
    let hasChanged = fired >= trigger.limit;
    for (const section of this.#ruleSet.sections) {
      if (section.start === trigger.name) {
        hasChanged ||= !this.#open.has(section);
        this.#open.add(section);
      } else if (section.end === trigger.name) {
        // One name may have several definitions: it is closed when either is.
        for (const same of this.#ruleSet.sections.filter(({name}) => name === section.name)) {
          hasChanged = this.#open.delete(same) || hasChanged;
        }
      }
    }
    if (hasChanged) {
      this.#scope = undefined;
    }
  }

  /** Counts a hit; returns its mark. */
  #hit(state: RuleState, found: Captured, text: string, number: number, count: number): string {
    const {rule} = state;
    const {condition} = rule;
    state.hits += 1;
    const where = `in section ${rule.section} on line ${number}`;
    if (condition.type === 'count') {
      if (isTooMany(condition, state.hits)) {
        keep(state, text, number, count);
      }
      return `LOGPRO ${kindOf(rule.kind).label}: ${rule.name} ${condition.comparison} ${condition.countText} ${where}`;
    }
    const measurement = measure(condition, found[condition.group]);
    state.measurement = measurement;
    if (measurement.passes) {
      state.passed += 1;
    } else {
      state.failed += 1;
      keep(state, text, number, count);
    }
    const {expectedText, toleranceText} = condition;
    const limit =
      typeof condition.tolerance === 'number' ? `${expectedText} +/-` : ` ${toleranceText} ${expectedText}`;
    const judgement = measurement.passes ? 'PASS' : 'FAIL';
    return `LOGPRO Value: ${rule.name} ${limit} got ${measurement.measured} which is ${judgement} ${expectedText} ${where}`;
  }

  #result(state: RuleState): RuleResult {
    const {rule, hits, passed, failed, measurement} = state;
    return {
      rule,
      hits,
      passed,
      failed,
      isOk: isOk(rule, state),
      measured: measurement?.measured ?? '-',
      hasMeasuredNumber: measurement?.isNumber ?? false,
      hitsOfNumber: this.#counts.get(rule.number) ?? 0,
    };
  }
}

/** Anchor of a hit in the report; one past the last hit is the row of the rule. */
export function hitAnchor(rule: Rule, count: number): string {
  return `key_${rule.number}_${count}`;
}

function keep(state: RuleState, text: string, line: number, count: number): void {
  if (state.deciding.length < keptLines) {
    const anchor = hitAnchor(state.rule, count);
    state.deciding.push({line, text: text.slice(0, keptLength), rule: state.rule.name, anchor});
  }
}

function firstMatch(rule: Rule, text: string): Captured | undefined {
  for (const pattern of rule.patterns) {
    const found = pattern.find(text);
    if (found !== undefined) {
      return found;
    }
  }
  return undefined;
}

function inSummaryOrder(a: RuleResult, b: RuleResult): number {
  if (a.rule.section === b.rule.section) {
    return a.rule.number - b.rule.number;
  }
  return a.rule.section < b.rule.section ? 1 : -1;
}

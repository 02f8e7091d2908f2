/** Goes through a log line by line under a set of rules, and judges (spec logpro.md 8, 9). Text is Latin-1. */
import {numberOf, parseNumber, printReal} from '@megatest/scheme';
import {
  type Comparison,
  type Hook,
  KINDS,
  type LogSection,
  type Rule,
  type RuleSet,
  type Trigger,
} from './rules.ts';

export type Status = 'PASS' | 'FAIL' | 'WARN' | 'CHECK' | 'WAIVE' | 'ABORT' | 'SKIP';

export type RuleResult = {
  readonly rule: Rule;
  readonly hits: number;
  readonly isOk: boolean;
  readonly measured: string;
  readonly passed: number;
  readonly failed: number;
};

export type DecidingLine = {
  /** From 0, as in the annotated log. */
  readonly line: number;
  readonly text: string;
  readonly rule: string;
};

export type Verdict = {
  readonly exitCode: number;
  readonly status: Status;
  /** In summary order: sections descending, numbers ascending. */
  readonly results: readonly RuleResult[];
  readonly triggers: readonly {readonly trigger: Trigger; readonly fired: number}[];
  /** `KIND: NAME` of the first failing rule in summary order. */
  readonly message: string | undefined;
  /** Lines that made a rule of the deciding kind fail, first ones first; a required line that is missing has none. */
  readonly deciding: readonly DecidingLine[];
  readonly isMalformed: boolean;
};

/** What happened on one line. */
export type LineOutcome = {
  readonly marks: readonly string[];
  readonly hit: {readonly rule: Rule; readonly count: number} | undefined;
  readonly trigger: string | undefined;
  /** Hook commands to run before the line is copied, with the line that announces each. */
  readonly hooks: readonly {readonly announcement: string; readonly command: string}[];
};

const keptDeciding = 5;

type RuleState = {
  readonly rule: Rule;
  hits: number;
  measured: string;
  passed: number;
  failed: number;
  readonly lines: DecidingLine[];
};
type TriggerState = {readonly trigger: Trigger; fired: number};

/** Verdicts by the order in which a tally decides. */
const verdicts: readonly (readonly [tally: string, exitCode: number, status: Status])[] = [
  ['skip', 6, 'SKIP'],
  ['abort', 5, 'ABORT'],
  ['check', 3, 'CHECK'],
  ['fail', 1, 'FAIL'],
  ['malformed', 1, 'FAIL'],
  ['warn', 2, 'WARN'],
  ['waive', 4, 'WAIVE'],
];

export class LogAnalysis {
  readonly #ruleSet: RuleSet;
  readonly #rules: readonly RuleState[];
  readonly #triggers: readonly TriggerState[];
  readonly #open = new Set<LogSection>();
  readonly #definedSections: ReadonlySet<string>;
  #line = 0;
  /** Rules that apply to the next line; made anew when a section opens or closes. */
  #applicable: readonly RuleState[] | undefined;

  constructor(ruleSet: RuleSet) {
    this.#ruleSet = ruleSet;
    this.#rules = ruleSet.rules.map((rule) => ({
      rule,
      hits: 0,
      measured: '-',
      passed: 0,
      failed: 0,
      lines: [],
    }));
    this.#triggers = ruleSet.triggers.map((trigger) => ({trigger, fired: 0}));
    this.#definedSections = new Set(ruleSet.sections.map((section) => section.name));
  }

  line(text: string): LineOutcome {
    const number = this.#line;
    this.#line += 1;
    const marks: string[] = [];
    let lastTrigger: string | undefined;
    for (let index = this.#triggers.length - 1; index >= 0; index -= 1) {
      const state = this.#triggers[index];
      if (
        state !== undefined &&
        state.fired < state.trigger.limit &&
        state.trigger.patterns.some(({regex}) => regex.test(text))
      ) {
        state.fired += 1;
        lastTrigger = state.trigger.name;
        marks.push(`LOGPRO: hit trigger ${state.trigger.name} on line ${number}`);
        this.#openAndClose(state.trigger.name);
      }
    }
    for (const state of this.#rulesHere()) {
      const found = firstMatch(state.rule, text);
      if (found !== undefined) {
        return this.#hit(state, found, text, number, marks, lastTrigger);
      }
    }
    return {marks, hit: undefined, trigger: lastTrigger, hooks: []};
  }

  finish(): Verdict {
    const results = this.#rules
      .map(({rule, hits, measured, passed, failed}) => ({
        rule,
        hits,
        measured,
        passed,
        failed,
        isOk: isOk(rule, hits, passed, failed),
      }))
      .sort((a, b) =>
        a.rule.section === b.rule.section
          ? a.rule.number - b.rule.number
          : a.rule.section < b.rule.section
            ? 1
            : -1,
      );
    const tallies = new Map<string, number>();
    for (const {rule} of results.filter((result) => !result.isOk)) {
      const tally = KINDS[rule.kind]?.tally;
      if (tally !== undefined) {
        tallies.set(tally, (tallies.get(tally) ?? 0) + 1);
      }
    }
    const isMalformed = this.#ruleSet.malformed.length > 0;
    if (isMalformed) {
      tallies.set('malformed', 1);
    }
    const [tally, exitCode, status] = verdicts.find(([name]) => tallies.has(name)) ?? [
      '',
      0,
      'PASS' as const,
    ];
    const first = results.find((result) => !result.isOk);
    const deciding = this.#rules
      .filter(
        ({rule, hits, passed, failed}) =>
          KINDS[rule.kind]?.tally === tally && !isOk(rule, hits, passed, failed),
      )
      .flatMap(({lines}) => lines)
      .sort((a, b) => a.line - b.line)
      .slice(0, keptDeciding);
    return {
      exitCode,
      status,
      results,
      triggers: [...this.#triggers].reverse(),
      message:
        first === undefined ? undefined : `${first.rule.kind}: ${first.rule.name.replaceAll('\n', ' ')}`,
      deciding,
      isMalformed: isMalformed && tally === 'malformed',
    };
  }

  #openAndClose(trigger: string): void {
    this.#applicable = undefined;
    for (const section of this.#ruleSet.sections) {
      if (section.start === trigger) {
        this.#open.add(section);
      } else if (section.end === trigger) {
        for (const same of this.#ruleSet.sections.filter((other) => other.name === section.name)) {
          this.#open.delete(same);
        }
      }
    }
  }

  #rulesHere(): readonly RuleState[] {
    if (this.#applicable === undefined) {
      const open = new Set([...this.#open].map((section) => section.name));
      this.#applicable = this.#rules.filter(({rule}) => {
        const isOpen = open.has(rule.section);
        return rule.where === 'in'
          ? isOpen
          : rule.where === 'not-in' && !isOpen && this.#definedSections.has(rule.section);
      });
    }
    return this.#applicable;
  }

  #hit(
    state: RuleState,
    found: RegExpExecArray,
    text: string,
    number: number,
    marks: string[],
    trigger: string | undefined,
  ): LineOutcome {
    const {rule} = state;
    state.hits += 1;
    const label = KINDS[rule.kind]?.label ?? 'Error';
    const where = `in section ${rule.section} on line ${number}`;
    let didFail = true;
    if (rule.condition.type === 'value') {
      const {expectedText, tolerance, toleranceText, group} = rule.condition;
      const outcome = measure(rule.condition, found[group]);
      state.measured = outcome.measured;
      didFail = !outcome.passes;
      state[outcome.passes ? 'passed' : 'failed'] += 1;
      const limit =
        typeof tolerance === 'number'
          ? `${expectedText} +/- ${toleranceText}`
          : ` ${toleranceText} ${expectedText}`;
      marks.push(
        `LOGPRO Value: ${rule.name} ${limit} got ${outcome.measured} which is ${outcome.passes ? 'PASS' : 'FAIL'} ${expectedText} ${where}`,
      );
    } else {
      marks.push(
        `LOGPRO ${label}: ${rule.name} ${rule.condition.comparison} ${rule.condition.countText} ${where}`,
      );
    }
    if (didFail && state.lines.length < keptDeciding) {
      state.lines.push({line: number, text: text.slice(0, 2000), rule: rule.name});
    }
    return {marks, hit: {rule, count: state.hits}, trigger, hooks: this.#hooksAt(rule, found, text)};
  }

  #hooksAt(rule: Rule, found: RegExpExecArray, text: string): LineOutcome['hooks'] {
    const hook = this.#ruleSet.hooks.get(rule.hook);
    if (hook === undefined || (rule.condition.type === 'value' && needsEnd(hook))) {
      return [];
    }
    this.#used(rule.hook, hook);
    const values: Record<string, string | undefined> = {msg: text, line: found[0]};
    for (let group = 1; group < found.length; group += 1) {
      values[`m${group}`] = found[group] ?? '';
    }
    const command = substitute(hook.command, values);
    return [
      {announcement: `${rule.kind === 'error' ? 'ERRMSG' : 'NONERR'} HOOK CALLED: ${command}`, command},
    ];
  }

  /** Commands of value rules that want the measured value, in summary order. */
  valueHooks(result: RuleResult): LineOutcome['hooks'] {
    const {rule, measured} = result;
    const hook = this.#ruleSet.hooks.get(rule.hook);
    if (
      rule.condition.type !== 'value' ||
      hook === undefined ||
      !needsEnd(hook) ||
      parseNumber(measured) === undefined
    ) {
      return [];
    }
    this.#used(rule.hook, hook);
    const command = substitute(hook.command, {
      measured,
      expected: rule.condition.expectedText,
      tolerance: rule.condition.toleranceText,
      message: rule.name,
    });
    return [{announcement: `VALUE HOOK CALLED: ${command}`, command}];
  }

  #used(name: string, hook: Hook): void {
    if (hook.isOneTime) {
      this.#ruleSet.hooks.delete(name);
    }
  }
}

function firstMatch(rule: Rule, text: string): RegExpExecArray | undefined {
  for (const {regex} of rule.patterns) {
    const found = regex.exec(text);
    if (found !== null) {
      return found;
    }
  }
  return undefined;
}

function isOk(rule: Rule, hits: number, passed: number, failed: number): boolean {
  if (rule.condition.type === 'value') {
    return passed > 0 && failed === 0;
  }
  return compare(hits, rule.condition.comparison, rule.condition.count);
}

function compare(value: number, comparison: Comparison, limit: number): boolean {
  switch (comparison) {
    case '=':
      return value === limit;
    case '<':
      return value < limit;
    case '>':
      return value > limit;
    case '<=':
      return value <= limit;
    case '>=':
      return value >= limit;
  }
}

function measure(
  condition: {readonly expected: number; readonly tolerance: number | Comparison},
  text: string | undefined,
): {readonly passes: boolean; readonly measured: string} {
  if (text === undefined) {
    return {passes: false, measured: '-'};
  }
  const parsed = parseNumber(text);
  const value = parsed === undefined ? undefined : numberOf(parsed);
  if (parsed === undefined || value === undefined) {
    return {passes: false, measured: text};
  }
  const {expected, tolerance} = condition;
  const passes =
    typeof tolerance === 'number'
      ? value >= expected - tolerance && value <= expected + tolerance
      : compare(value, tolerance, expected);
  return {passes, measured: typeof parsed === 'number' ? String(parsed) : printReal(value)};
}

function needsEnd(hook: Hook): boolean {
  return /#\{(escaped )?(measured|expected|tolerance|message)\}/.test(hook.command);
}

/** One pass: place-holders inside inserted text are left alone. */
function substitute(command: string, values: Readonly<Record<string, string | undefined>>): string {
  return command.replace(/#\{(escaped )?(\w+)\}/g, (whole, escaped: string | undefined, name: string) => {
    const value = values[name];
    if (value === undefined) {
      return whole;
    }
    return escaped === undefined ? value : `'${value.replaceAll("'", "'\\''")}'`;
  });
}

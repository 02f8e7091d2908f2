/** Says for each rule what it matched, and what it would have matched had no earlier rule taken the line. */
import type {LogResult, RuleResult} from './analysis.ts';
import {kindOf, patternText, type Rule} from './rule-set.ts';
import {printPlace} from './rules-error.ts';
import type {Observation} from './run-logpro.ts';

type Matches = {
  readonly taken: string[];
  /** Lines that an earlier rule took, by that rule. */
  readonly lost: Map<Rule, {count: number; readonly line: number}>;
};

/** Lines shown per rule, and how much of each. */
const shownLines = 5;
const shownLength = 200;

export class Explanation {
  readonly #matches = new Map<Rule, Matches>();

  observe({number, text, outcome, matching}: Observation): void {
    const hit = outcome.hit?.rule;
    if (hit === undefined) {
      return;
    }
    const {taken} = this.#of(hit);
    if (taken.length < shownLines) {
      taken.push(`    line ${number}: ${text.slice(0, shownLength)}\n`);
    }
    for (const rule of matching().filter((other) => other !== hit)) {
      const {lost} = this.#of(rule);
      const seen = lost.get(hit) ?? {count: 0, line: number};
      seen.count += 1;
      lost.set(hit, seen);
    }
  }

  print(result: LogResult): string {
    const inOrder = [...result.rules].sort((a, b) => a.rule.number - b.rule.number);
    const verdict = `${result.status}, exit code ${result.exitCode}, ${result.lines} lines\n`;
    return `${inOrder.map((one) => this.#rule(one)).join('')}${verdict}`;
  }

  #rule({rule, isOk, hits, measured, passed, failed}: RuleResult): string {
    const {taken, lost} = this.#of(rule);
    const {condition} = rule;
    const wanted =
      condition.type === 'count'
        ? `${condition.comparison} ${condition.countText}, got ${hits}`
        : typeof condition.tolerance === 'number'
          ? `${condition.expectedText} +/- ${condition.toleranceText}, last ${measured}, ${passed} pass, ${failed} fail`
          : `${condition.toleranceText} ${condition.expectedText}, last ${measured}, ${passed} pass, ${failed} fail`;
    const more = hits > taken.length ? `    and ${hits - taken.length} more\n` : '';
    const shadows = [...lost].map(
      ([other, {count, line}]) =>
        `    rule-${other.number} "${other.name}" took ${count} matching ${count === 1 ? 'line' : 'lines'} first: line ${line}${count === 1 ? '' : ' ...'}\n`,
    );
    const head = `${isOk ? 'OK  ' : 'FAIL'} rule-${rule.number} ${kindOf(rule.kind).label} "${rule.name}" ${rule.where} ${rule.section}: wants ${wanted}`;
    const origin = `    ${patternText(rule)} at ${printPlace(rule.place)}\n`;
    return `${head}\n${origin}${taken.join('')}${more}${shadows.join('')}`;
  }

  #of(rule: Rule): Matches {
    const known = this.#matches.get(rule);
    if (known !== undefined) {
      return known;
    }
    const made: Matches = {taken: [], lost: new Map()};
    this.#matches.set(rule, made);
    return made;
  }
}

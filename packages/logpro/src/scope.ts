/**
 * Which rules and triggers concern the next line, and a filter for the lines that none of them can match. It changes when a
 * trigger opens or closes a section, or has fired for the last time.
 */
import {lineAutomaton} from './line-automaton.ts';
import {LineFilter} from './line-filter.ts';
import type {LogSection, RuleSet} from './rule-set.ts';

export type Scope = {
  /** Numbers of the triggers that can still fire, the last defined first: that is the order in which they are handled. */
  readonly triggers: readonly number[];
  /** Positions of the rules that apply, in order of precedence. */
  readonly rules: readonly number[];
  /** `undefined` when the patterns are too large for one. */
  readonly filter: LineFilter | undefined;
};

/** Sections that open and close all the time lead to the same few scopes; more than this are made anew. */
const maxScopes = 64;

export class Scopes {
  readonly #ruleSet: RuleSet;
  readonly #defined: ReadonlySet<string>;
  readonly #known = new Map<string, Scope>();

  constructor(ruleSet: RuleSet) {
    this.#ruleSet = ruleSet;
    this.#defined = new Set(ruleSet.sections.map(({name}) => name));
  }

  scope(open: ReadonlySet<LogSection>, canFire: (trigger: number) => boolean): Scope {
    const triggers = [...this.#ruleSet.triggers.keys()].filter(canFire).reverse();
    const names = new Set([...open].map(({name}) => name));
    const key = JSON.stringify([triggers, [...names].sort()]);
    const known = this.#known.get(key);
    if (known !== undefined) {
      return known;
    }
    const rules = [...this.#ruleSet.rules.keys()].filter((at) => this.#applies(at, names));
    const patterns = [
      ...triggers.flatMap((at) => this.#ruleSet.triggers[at]?.patterns ?? []),
      ...rules.flatMap((at) => this.#ruleSet.rules[at]?.patterns ?? []),
    ];
    const automaton = lineAutomaton(patterns.map(({tree}) => tree));
    const scope = {triggers, rules, filter: automaton === undefined ? undefined : new LineFilter(automaton)};
    if (this.#known.size >= maxScopes) {
      this.#known.clear();
    }
    this.#known.set(key, scope);
    return scope;
  }

  #applies(at: number, open: ReadonlySet<string>): boolean {
    const rule = this.#ruleSet.rules[at];
    if (rule === undefined) {
      return false;
    }
    const isOpen = open.has(rule.section);
    return rule.where === 'in'
      ? isOpen
      : rule.where === 'not-in' && !isOpen && this.#defined.has(rule.section);
  }
}

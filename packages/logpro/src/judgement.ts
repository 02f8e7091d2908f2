/** How hits and values are judged, and what failing rules amount to (spec logpro.md 5, 6, 9). */
import {numberOf, parseNumber, printReal} from '@megatest/scheme';
import {
  type Comparison,
  type CountCondition,
  kindOf,
  type Rule,
  type Tally,
  type ValueCondition,
} from './rule-set.ts';

export type Status = 'PASS' | 'FAIL' | 'WARN' | 'CHECK' | 'WAIVE' | 'ABORT' | 'SKIP';

export type Verdict = {readonly exitCode: number; readonly status: Status};

export type Decision = Verdict & {
  /** What decided; `undefined` when no failing rule counts for anything. */
  readonly tally: Tally | 'malformed' | undefined;
};

const pass: Decision = {tally: undefined, exitCode: 0, status: 'PASS'};

/** The first tally that is not zero decides; the order is not that of the exit codes. */
const decisions: readonly Decision[] = [
  {tally: 'skip', exitCode: 6, status: 'SKIP'},
  {tally: 'abort', exitCode: 5, status: 'ABORT'},
  {tally: 'check', exitCode: 3, status: 'CHECK'},
  {tally: 'fail', exitCode: 1, status: 'FAIL'},
  {tally: 'malformed', exitCode: 1, status: 'FAIL'},
  {tally: 'warn', exitCode: 2, status: 'WARN'},
  {tally: 'waive', exitCode: 4, status: 'WAIVE'},
];

export function decide(failing: readonly Rule[], hasMalformed: boolean): Decision {
  const tallies = new Set(failing.map(({kind}) => kindOf(kind).tally));
  return decisions.find(({tally}) => (tally === 'malformed' ? hasMalformed : tallies.has(tally))) ?? pass;
}

/** The status that goes with an exit code that the rules chose themselves. */
export function statusOf(exitCode: number): Status {
  return [pass, ...decisions].find((one) => one.exitCode === exitCode)?.status ?? 'FAIL';
}

export type Hits = {readonly hits: number; readonly passed: number; readonly failed: number};

/** A value rule that never hit fails: the value was expected. */
export function isOk({condition}: Rule, {hits, passed, failed}: Hits): boolean {
  return condition.type === 'value'
    ? passed > 0 && failed === 0
    : compare(hits, condition.comparison, condition.count);
}

/** Whether the hit that made it `hits` settled that the rule fails, whatever follows. */
export function isTooMany({comparison, count}: CountCondition, hits: number): boolean {
  switch (comparison) {
    case '=':
    case '<=':
      return hits > count;
    case '<':
      return hits >= count;
    case '>':
    case '>=':
      return false;
  }
}

export type Measurement = {readonly passes: boolean; readonly measured: string; readonly isNumber: boolean};

/** Judges the text that a value rule captured; `undefined` when its group took no part in the match. */
export function measure(
  {expected, tolerance}: Pick<ValueCondition, 'expected' | 'tolerance'>,
  text: string | undefined,
): Measurement {
  if (text === undefined) {
    return {passes: false, measured: '-', isNumber: false};
  }
  const parsed = parseNumber(text);
  const value = parsed === undefined ? undefined : numberOf(parsed);
  if (parsed === undefined || value === undefined) {
    return {passes: false, measured: text, isNumber: false};
  }
  const passes =
    typeof tolerance === 'number'
      ? value >= expected - tolerance && value <= expected + tolerance
      : compare(value, tolerance, expected);
  // An integer too long to be one in the original became a real there, too.
  const measured = Number.isSafeInteger(parsed) ? String(parsed) : printReal(value);
  return {passes, measured, isNumber: true};
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

/** Repeating a test from one of its steps on: what runs, and what the steps that do not run count for (spec execution.md 12.8). */
import {UserError} from '@megatest/model';
import type {Step} from './step-list.ts';
import {type Combined, combine, type StepClass, stepClass} from './step-result.ts';
import type {StepRecord} from './step-view.ts';

/** `from` is a step's name; with `isOnly` nothing follows it. */
export type StepRerun = {readonly from: string; readonly isOnly: boolean};

export type Split = {
  readonly earlier: readonly Step[];
  readonly wanted: readonly Step[];
  /** Steps behind the only one that runs. */
  readonly later: readonly Step[];
};

/** Which of `steps` run; the runscript never does. */
export function splitSteps(steps: readonly Step[], {from, isOnly}: StepRerun): Split {
  const named = steps.filter(({isScript}) => !isScript);
  const at = named.findIndex(({name}) => name === from);
  if (at < 0) {
    throw new UserError(`the test has no step ${from}`);
  }
  const end = isOnly ? at + 1 : named.length;
  return {earlier: named.slice(0, at), wanted: named.slice(at, end), later: named.slice(end)};
}

/** What the steps that came before amount to; one without a record counts as good. */
export function priorOf(
  earlier: readonly Step[],
  records: readonly StepRecord[],
  hasRules: (stepName: string) => boolean,
): 'pass' | 'warn' | 'fail' {
  const found = earlier.map(({name}) => classOf(name, records, hasRules));
  if (found.some((step) => step !== 'pass' && step !== 'warn')) {
    return 'fail';
  }
  return found.includes('warn') ? 'warn' : 'pass';
}

/** The result with the kept records of the steps behind the one that ran. */
export function withLater(
  result: Combined,
  later: readonly Step[],
  records: readonly StepRecord[],
  hasRules: (stepName: string) => boolean,
): Combined {
  let whole = result;
  for (const {name} of later) {
    if (!whole.goesOn) {
      break;
    }
    const {comment} = whole;
    const prior = whole.result === 'pass' || whole.result === 'warn' ? whole.result : 'fail';
    const next = combine(prior, classOf(name, records, hasRules), name);
    whole = {...next, comment: next.comment ?? comment};
  }
  return whole;
}

function classOf(
  name: string,
  records: readonly StepRecord[],
  hasRules: (stepName: string) => boolean,
): StepClass {
  const end = records.find(({stepName, state}) => stepName === name && state === 'end');
  if (end === undefined) {
    return 'pass';
  }
  return stepClass(/^\d+$/.test(end.status) ? Number(end.status) : null, hasRules(name));
}

/** What a step's exit code means, and what becomes of the test then (spec execution.md 12.4). */

export type StepClass = 'pass' | 'fail' | 'warn' | 'check' | 'waived' | 'abort' | 'skip';

const classes: readonly StepClass[] = ['pass', 'fail', 'warn', 'check', 'waived', 'abort', 'skip'];
const statusOf: Readonly<Record<StepClass, string>> = {
  pass: 'PASS',
  fail: 'FAIL',
  warn: 'WARN',
  check: 'CHECK',
  waived: 'WAIVED',
  abort: 'ABORT',
  skip: 'SKIP',
};
/** R: the number by which the end of the job decides (execution.md 10.7). */
const rollUps: Readonly<Record<StepClass, number>> = {
  pass: 0,
  fail: 1,
  warn: 2,
  check: 3,
  waived: 4,
  abort: 5,
  skip: 6,
};

export function rollUpOf(step: StepClass): number {
  return rollUps[step];
}

export function stepClass(exitCode: number | null, hasRules: boolean): StepClass {
  if (exitCode === null) {
    return 'fail';
  }
  return hasRules ? (classes[exitCode] ?? 'fail') : exitCode === 0 ? 'pass' : 'fail';
}

export type Combined = {
  readonly result: StepClass;
  readonly status: string;
  readonly comment: string | undefined;
  /** Whether the state is COMPLETED whatever comes after. */
  readonly isFinal: boolean;
  readonly rollUp: number;
  readonly goesOn: boolean;
};

/** `prior` is what the earlier steps amount to. */
export function combine(prior: 'pass' | 'warn' | 'fail', step: StepClass, stepName: string): Combined {
  const isGood = step === 'pass' || step === 'warn';
  if (prior === 'fail' || step === 'fail') {
    return {
      result: 'fail',
      status: 'FAIL',
      comment: `Failed at step ${stepName}`,
      isFinal: true,
      rollUp: 1,
      goesOn: prior === 'fail' && isGood,
    };
  }
  const result = prior === 'warn' && step === 'pass' ? 'warn' : step;
  const comment = step === 'pass' ? undefined : `Logpro ${step} found`;
  return {
    result,
    status: statusOf[result],
    comment: step === 'warn' ? 'Logpro warning found' : comment,
    isFinal: false,
    rollUp: rollUps[result],
    goesOn: isGood,
  };
}

/** Status at the end of the job when nobody has set a final state (execution.md 10.7). */
export function finalStatus(rollUp: number, wasSignalled: boolean): string {
  if (wasSignalled) {
    return 'FAIL';
  }
  const result = classes.find((name) => rollUps[name] === rollUp);
  return result === undefined ? 'FAIL' : statusOf[result];
}

/**
 * What the end of a step means for its test: its log is checked, the step and the test's state are reported, and it is decided
 * whether the next one runs (spec execution.md 13, 14).
 */
import type {Env} from '@megatest/config';
import type {ExecutionWorld} from './execution-world.ts';
import {checkLog, keepReason} from './log-check.ts';
import type {Progress} from './recovery-record.ts';
import type {Step} from './step-list.ts';
import {type StepEnd, signalText} from './step-process.ts';
import {withLater} from './step-rerun.ts';
import {combine, stepClass} from './step-result.ts';
import type {StepRecord} from './step-view.ts';
import type {TestRecords} from './test-records.ts';

export type StepOutcome = Pick<Progress, 'rollUp' | 'prior'> & {
  readonly goesOn: boolean;
  /** The test's result stands already. */
  readonly isFinal: boolean;
};

/** Steps behind the only one that is repeated, and what is recorded of them. */
export type KeptSteps = {readonly later: readonly Step[]; readonly records: readonly StepRecord[]};

export type JudgedTest = {
  readonly rundir: string;
  readonly env: Env;
  readonly outputPath: string;
  readonly prior: Progress['prior'];
  readonly kept: KeptSteps;
  readonly hasRules: (stepName: string) => boolean;
  readonly world: ExecutionWorld;
  readonly records: TestRecords;
  /** What is reported instead of FAIL, if somebody waived it. */
  readonly waiver: (
    comment: string | undefined,
  ) => Promise<{readonly status: string; readonly comment: string} | undefined>;
};

/** A script's exit code is the status of the test; nothing of it is judged. */
export function outcomeOfScript(end: StepEnd): StepOutcome {
  const rollUp = end.code ?? 1;
  const prior = rollUp === 0 ? 'pass' : rollUp === 2 ? 'warn' : 'fail';
  return {goesOn: end.signal === null, isFinal: false, rollUp, prior};
}

export async function judgeStep(
  step: Step,
  end: StepEnd,
  isLast: boolean,
  test: JudgedTest,
): Promise<StepOutcome> {
  const {rundir, env, outputPath, prior, kept, hasRules, world, records, waiver} = test;
  world.log(`INFO: (0) step ${step.name} completed with exit code ${end.code ?? end.signal}`);
  const checked = await checkLog(step.name, rundir, env, outputPath);
  if (checked !== undefined) {
    world.log(`INFO: (0) logpro of step ${step.name} ended with exit code ${checked.exitCode}`);
    if (checked.dat.rows.length > 0) {
      records.report({type: 'data', rows: [...checked.dat.rows], rollup: false});
    }
    records.report({type: 'update', set: {finalLogf: `${step.name}.html`}});
  }
  const code = checked === undefined ? end.code : checked.exitCode;
  const shown = code === null ? signalText(end) : String(code);
  records.step({
    stepName: step.name,
    state: 'end',
    status: shown,
    eventTime: world.nowS(),
    comment: checked?.comment ?? '',
    logfile: checked === undefined ? '' : `${step.name}.html`,
  });
  const own = combine(
    prior,
    stepClass(end.signal !== null && checked === undefined ? null : code, checked !== undefined),
    step.name,
  );
  const combined = withLater(own, kept.later, kept.records, hasRules);
  const state = combined.isFinal || isLast ? 'COMPLETED' : 'RUNNING';
  const held = combined.status === 'FAIL' ? await waiver(combined.comment) : undefined;
  records.report({
    type: 'state',
    state,
    status: combined.status,
    ...(combined.comment === undefined ? {} : {comment: combined.comment}),
    ...held,
  });
  if (combined.result !== 'pass') {
    keepReason(rundir, step.name, shown, checked?.deciding ?? []);
  }
  return {
    goesOn: combined.goesOn,
    isFinal: state === 'COMPLETED',
    rollUp: combined.rollUp,
    prior: combined.result === 'pass' ? 'pass' : combined.result === 'warn' ? 'warn' : 'fail',
  };
}

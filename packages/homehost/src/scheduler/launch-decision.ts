/** Whether a registered instance is to be launched, given its row (spec runs.md 7.3). */
import type {StateStatus} from '@megatest/model';

export type DecisionOptions = {
  readonly force: boolean;
  /** Statuses of `-rerun`; `undefined` when it was not given. */
  readonly rerun: readonly string[] | undefined;
  /** The second pass of a run, which repeats only what never got a result. */
  readonly isRetry: boolean;
};

export type Decision =
  | {readonly kind: 'launch'}
  | {readonly kind: 'leave'; readonly level: number; readonly text: string};

export function decideLaunch(name: string, row: StateStatus, options: DecisionOptions): Decision {
  const {state, status} = row;
  const leave = (level: number, text: string): Decision => ({kind: 'leave', level, text});
  if (options.force && !options.isRetry) {
    return {kind: 'launch'};
  }
  switch (state) {
    case 'NOT_STARTED':
    case 'DELETED':
    case 'INCOMPLETE':
      return {kind: 'launch'};
    case 'COMPLETED': {
      if (options.isRetry) {
        return ['STUCK/DEAD', 'n/a', 'ZERO_ITEMS'].includes(status)
          ? {kind: 'launch'}
          : leave(2, `NOTE: ${name} is done`);
      }
      if (options.rerun === undefined) {
        return leave(2, `NOTE: ${name} is already completed`);
      }
      return options.rerun.includes(status)
        ? {kind: 'launch'}
        : leave(
            1,
            `NOTE: Not starting test ${name} as it is state "${state}" and status "${status}", use -rerun "${status}" or -force to override`,
          );
    }
    case 'LAUNCHED':
    case 'REMOTEHOSTSTART':
    case 'RUNNING':
      return leave(2, `NOTE: ${name} is already running`);
    case 'KILLED':
      return leave(1, `NOTE: ${name} is already running or was explicitly killed, use -force to launch it`);
    default:
      return leave(0, `ERROR: Failed to launch test ${name}. Unrecognised state ${state}`);
  }
}

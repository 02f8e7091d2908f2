/** What a changed row means for the instance that it belongs to. */
import {isGood, isRunning, type StateStatus, stateKind, unreachable} from '@megatest/model';
import {type DecisionOptions, decideLaunch} from './launch-decision.ts';
import {decideRetry} from './retry-decision.ts';
import {fullName, type Phase, type ScheduledInstance} from './schedule-node.ts';

export type InstanceChange = {
  readonly phase: Phase;
  /** It failed and is launched again after a pause. */
  readonly retry?: {readonly retry: number; readonly delayS: number};
  readonly note?: {readonly level: number; readonly text: string};
};

/** `retries`: how often it was launched again already; `undefined` = it is not to be launched any more. */
export function changeOf(
  instance: ScheduledInstance,
  row: StateStatus,
  options: DecisionOptions,
  retries: number | undefined,
): InstanceChange {
  switch (instance.phase) {
    case 'left':
    case 'blocking':
      return {phase: 'left'};
    case 'pending':
    case 'ready': {
      const decision = decideLaunch(fullName(instance), row, options);
      if (decision.kind === 'leave') {
        return {phase: 'left', note: decision};
      }
      // What runs now was launched by somebody else, and not even -force launches it beside that.
      return {phase: isRunning(row.state) ? 'left' : instance.phase};
    }
    case 'backoff':
      return {phase: isRunning(row.state) || isGood(row.state, row.status) ? 'left' : 'backoff'};
    case 'launching':
      // A late word about an earlier launch does not end this one; that it did not come about is told by `notLaunched`.
      return {phase: isRunning(row.state) ? 'launched' : 'launching'};
    case 'launched': {
      // A result that a user changes later is not the end of a launch.
      const hasMoved = isRunning(instance.state) || stateKind(instance.state) === 'ending';
      const retry =
        hasMoved && retries !== undefined ? decideRetry(instance.node.plan.retry, retries, row) : undefined;
      return retry === undefined ? {phase: 'launched'} : {phase: 'backoff', retry};
    }
    default:
      return unreachable(instance.phase);
  }
}

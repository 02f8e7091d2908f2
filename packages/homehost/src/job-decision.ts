/** What becomes of a job that is not at work yet, and of one whose manager is lost (spec mtutil.md 15.1, 15.2). */
import {jobAction} from '@megatest/model';
import type {JobRow} from '@megatest/store';
import type {Held} from './job-conflicts.ts';

export type JobDecision =
  | {readonly kind: 'begin'}
  /** Its turn comes. */
  | {readonly kind: 'queued'}
  | {readonly kind: 'waiting'; readonly forManager: boolean; readonly message: string};

export type JobSurroundings = {
  readonly nowS: number;
  readonly conflict: Held | undefined;
  /** A manager of its owner is connected. */
  readonly hasManager: boolean;
  /** Another command may be handed out. */
  readonly hasRoom: boolean;
};

export function decideJob(
  {action, owner, notBefore}: Pick<JobRow, 'action' | 'owner' | 'notBefore'>,
  {nowS, conflict, hasManager, hasRoom}: JobSurroundings,
): JobDecision {
  const {by} = jobAction(action);
  if (notBefore > nowS) {
    return waiting(`waits until ${new Date(notBefore * 1000).toISOString()}`);
  }
  if (conflict !== undefined) {
    return waiting(`waits for ${conflict.kind} ${conflict.id} (${conflict.action})`);
  }
  if (by !== 'daemon' && !hasManager) {
    return {...waiting(`waits for a manager of ${owner}`), forManager: true};
  }
  return by === 'manager' && !hasRoom ? {kind: 'queued'} : {kind: 'begin'};
}

function waiting(message: string): JobDecision & {readonly kind: 'waiting'} {
  return {kind: 'waiting', forManager: false, message};
}

/** Whether a job whose manager is lost is done again; it fails else. */
export function mayRepeat({
  action,
  attempts,
  maxAttempts,
}: Pick<JobRow, 'action' | 'attempts' | 'maxAttempts'>): boolean {
  return jobAction(action).isRepeatable && attempts < maxAttempts;
}

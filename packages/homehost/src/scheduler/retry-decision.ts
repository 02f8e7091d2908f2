/** Whether an instance that has ended is launched again by its own `retries` (new; the retry pass of runs.md 7.7 is another thing). */
import {type RetryRule, retryDelayS, type StateStatus} from '@megatest/model';

/** What a test may recover from. A kill is somebody's will, or a time limit that it would meet again. */
const retriedStatuses = new Set(['FAIL', 'ABORT', 'DEAD', 'STUCK/DEAD']);

/** The number of the retry, from 1, and the pause before it; `undefined` = the result stands. */
export function decideRetry(
  rule: RetryRule | undefined,
  retriesSoFar: number,
  {state, status}: StateStatus,
): {readonly retry: number; readonly delayS: number} | undefined {
  const isRetried = state === 'COMPLETED' && retriedStatuses.has(status);
  if (rule === undefined || !isRetried || retriesSoFar >= rule.count) {
    return undefined;
  }
  const retry = retriesSoFar + 1;
  return {retry, delayS: retryDelayS(rule, retry)};
}

/** Which tests are shown when states and statuses are ticked (spec dashboard.md A4.6). */

export type StateFilter = {
  readonly states: readonly string[];
  readonly statuses: readonly string[];
  /** What is ticked is shown, and nothing else; otherwise what is ticked is hidden. */
  readonly show: boolean;
};

/** With both lists, what is COMPLETED goes by its status and all else by its state. */
export function isShown(state: string, status: string, {states, statuses, show}: StateFilter): boolean {
  if (states.length === 0 && statuses.length === 0) {
    return true;
  }
  const byStatus = statuses.includes(status) === show;
  const byState = states.includes(state) === show;
  if (states.length === 0) {
    return byStatus;
  }
  return statuses.length > 0 && state === 'COMPLETED' ? byStatus : byState;
}

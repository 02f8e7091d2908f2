/** What somebody may do to a test, by his role and by what the test and its run are just now (spec dashboard.md A11.2, B7). */
import {isRunning, stateKind} from '@megatest/model';
import type {PanelAction} from '@megatest/rpc';

export type ActionCase = {
  readonly role: 'operator' | 'viewer';
  readonly state: string;
  readonly isLocked: boolean;
  /** Its data is in an archive. */
  readonly isArchived: boolean;
  readonly hasSteps: boolean;
};

export function allowedActions({
  role,
  state,
  isLocked,
  isArchived,
  hasSteps,
}: ActionCase): readonly PanelAction[] {
  const kind = stateKind(state);
  if (role === 'viewer' || kind === 'gone') {
    return [];
  }
  const isAtWork = isRunning(state) || kind === 'ending' || kind === 'busy';
  const mayChange = !isLocked && !isAtWork;
  const actions: readonly (readonly [PanelAction, boolean])[] = [
    ['run', !isAtWork],
    ['rerun', mayChange],
    ['clean', mayChange],
    ['clean-run', mayChange],
    ['kill', isRunning(state)],
    ['archive', kind === 'ended' && !isArchived && !isLocked],
    ['restore', isArchived],
    ['rerun-step', mayChange && hasSteps && !isArchived],
    ['set-state', true],
    ['comment', true],
    ['waive', kind === 'ended'],
  ];
  return actions.filter(([, isAllowed]) => isAllowed).map(([action]) => action);
}

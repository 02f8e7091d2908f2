import {expect, it} from 'vitest';
import {type ActionCase, allowedActions} from './panel-actions.ts';

const ended: ActionCase = {
  role: 'operator',
  state: 'COMPLETED',
  isLocked: false,
  isArchived: false,
  hasSteps: true,
};

it.each<[string, Partial<ActionCase>, readonly string[]]>([
  [
    'what has ended',
    {},
    ['run', 'rerun', 'clean', 'clean-run', 'archive', 'rerun-step', 'set-state', 'comment', 'waive'],
  ],
  ['what is running', {state: 'RUNNING'}, ['kill', 'set-state', 'comment']],
  ['what is in a locked run', {isLocked: true}, ['run', 'set-state', 'comment', 'waive']],
  [
    'what is archived',
    {state: 'ARCHIVED', isArchived: true},
    ['run', 'rerun', 'clean', 'clean-run', 'restore', 'set-state', 'comment', 'waive'],
  ],
  [
    'what has not started',
    {state: 'NOT_STARTED', hasSteps: false},
    ['run', 'rerun', 'clean', 'clean-run', 'set-state', 'comment'],
  ],
  ['what is gone', {state: 'DELETED'}, []],
  ['a viewer', {role: 'viewer'}, []],
])('%s', (_, more, actions) => {
  expect(allowedActions({...ended, ...more})).toEqual(actions);
});

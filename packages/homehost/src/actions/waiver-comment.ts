/** `[setup] waivercommentpatt`, which the comment of a waiver must match as a whole (spec dashboard.md A11.4). */
import {RpcError} from '@megatest/rpc';
import type {DaemonSettings} from '../settings.ts';

/** Without a pattern every comment will do, the empty one too. */
export function checkWaiverComment(config: DaemonSettings['config'], comment: string): void {
  const setup = config.find(({name}) => name === 'setup');
  const pattern = setup?.entries.findLast(([key]) => key === 'waivercommentpatt')?.[1] ?? '';
  if (pattern !== '' && !compiled(pattern).test(comment)) {
    throw new RpcError(
      'invalidValue',
      `the comment of a waiver must match ${pattern} here, "${comment}" does not`,
      {
        field: 'message',
        value: comment,
      },
    );
  }
}

function compiled(pattern: string): RegExp {
  try {
    return new RegExp(`^(?:${pattern})$`, 's');
  } catch {
    throw new RpcError('invalidValue', `[setup] waivercommentpatt is no pattern: ${pattern}`, {
      field: 'message',
    });
  }
}

/** `[setup] waivercommentpatt`, which the comment of a waiver must match as a whole (spec dashboard.md A11.4). */
import {runInNewContext} from 'node:vm';
import {RpcError} from '@megatest/rpc';
import type {DaemonSettings} from '../settings.ts';

/** A pattern that looks back again and again would hold up everybody. */
const longestMatchMs = 100;

/** Without a pattern every comment will do, the empty one too. */
export function checkWaiverComment(config: DaemonSettings['config'], comment: string): void {
  const setup = config.find(({name}) => name === 'setup');
  const pattern = setup?.entries.findLast(([key]) => key === 'waivercommentpatt')?.[1] ?? '';
  if (pattern !== '' && !matches(pattern, comment)) {
    throw refused(`the comment of a waiver must match ${pattern} here, "${comment}" does not`, comment);
  }
}

function matches(pattern: string, comment: string): boolean {
  try {
    return runInNewContext(
      'new RegExp(source, "s").test(comment)',
      {source: `^(?:${pattern})$`, comment},
      {timeout: longestMatchMs},
    ) as boolean;
  } catch (error) {
    const why = error instanceof Error ? error.message : (error as {readonly message: string}).message;
    throw refused(`whether the comment matches [setup] waivercommentpatt cannot be said: ${why}`, comment);
  }
}

function refused(message: string, value: string): RpcError {
  return new RpcError('invalidValue', message, {field: 'message', value});
}

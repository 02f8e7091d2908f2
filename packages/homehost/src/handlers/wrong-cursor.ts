/** The refusal of a `cursor` that no reply gave as its `next`. */
import {RpcError} from '@megatest/rpc';

export function wrongCursor(cursor: string): RpcError {
  return new RpcError('invalidValue', 'this cursor is not the `next` of a reply', {
    field: 'cursor',
    value: cursor,
  });
}

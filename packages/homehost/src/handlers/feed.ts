/** Who wants to be told of changes. */
import type {CallHandlers, feedMethods} from '@megatest/rpc';
import type {HandlerTools} from './handler-tools.ts';

export type FeedHandlers = CallHandlers<typeof feedMethods>;

export function feedHandlers({homehost: {feed}}: HandlerTools): FeedHandlers {
  return {
    subscribe: ({topics, since}, {connection}) => ({rev: feed.subscribe(connection, topics, since)}),
    unsubscribe: ({topics}, {connection}) => {
      feed.unsubscribe(connection, topics);
      return null;
    },
  };
}

/** Who wants to be told of changes. */
import type {CallHandlers, feedMethods, Topic} from '@megatest/rpc';
import type {HandlerTools} from './handler-tools.ts';

export type FeedHandlers = CallHandlers<typeof feedMethods>;

export function feedHandlers({homehost: {feed}, world: {panel}}: HandlerTools): FeedHandlers {
  return {
    subscribe: async ({topics, since}, {connection}) => {
      for (const log of logsIn(topics)) {
        await panel.logs.follow(connection, log);
      }
      return {rev: feed.subscribe(connection, topics, since)};
    },
    unsubscribe: ({topics}, {connection}) => {
      for (const log of logsIn(topics)) {
        panel.logs.unfollow(connection, log);
      }
      feed.unsubscribe(connection, topics);
      return null;
    },
  };
}

function logsIn(topics: readonly Topic[]): readonly number[] {
  return topics.flatMap((topic) => {
    const id = /^log:(\d+)$/.exec(topic)?.[1];
    return id === undefined ? [] : [Number(id)];
  });
}

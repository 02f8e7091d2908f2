/** Packets: a manager reads them, as a daemon touches no files of users. */
import type {CallHandlers, packetsMethods} from '@megatest/rpc';
import type {HandlerTools} from './handler-tools.ts';

export type PacketsHandlers = CallHandlers<typeof packetsMethods>;

export function packetsHandlers({homehost, audit}: HandlerTools): PacketsHandlers {
  return {
    'pkts.import': async ({dir}, context) => {
      audit(context, dir === undefined ? 'imported packets' : `imported packets of ${dir}`);
      return await homehost.ownManager.ask('manager.importPackets', {dir});
    },
  };
}

/** Where archived tests are kept. */
import {type archiveMethods, type CallHandlers, RpcError} from '@megatest/rpc';
import type {HandlerTools} from './handler-tools.ts';

export type ArchiveHandlers = CallHandlers<typeof archiveMethods>;

export function archiveHandlers(tools: HandlerTools): ArchiveHandlers {
  const {once, audit, core, refuseLocked, store, homehost} = tools;
  const {archives} = store;
  return {
    'archive.registerDisk': async ({name, path, df}, context) => {
      audit(context, `registered archive disk ${name} at ${path}`);
      return await once(context, () => archives.registerDisk(name, path, df, homehost.nowS()));
    },
    'archive.registerBlock': async ({diskId, path, du}, context) => {
      audit(context, `registered archive block ${path} on disk ${diskId}`);
      return await once(context, () => {
        if (!archives.hasDisk(diskId)) {
          throw new RpcError('notFound', `there is no archive disk ${diskId}`, {what: 'disk', id: diskId});
        }
        return archives.registerBlock(diskId, path, du, homehost.nowS());
      });
    },
    'archive.setBlock': async ({testIds, blockId}, context) => {
      audit(context, `noted archive block ${blockId} of tests ${testIds.join(', ')}`);
      return await once(context, () => {
        if (blockId !== 0 && archives.block(blockId) === undefined) {
          throw new RpcError('notFound', `there is no archive block ${blockId}`, {
            what: 'block',
            id: blockId,
          });
        }
        refuseLocked(testIds.map((testId) => core(testId).runId));
        for (const testId of testIds) {
          store.tests.update(testId, {archived: blockId});
        }
        return {changed: testIds.length};
      });
    },
    'archive.block': ({blockId}) => archives.block(blockId) ?? null,
  };
}

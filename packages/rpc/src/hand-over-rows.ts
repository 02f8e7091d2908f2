/** Gives rows of results to the daemon of an area, a thousand at a time; what they are is in `@megatest/store`, import-rows.ts. */
import {type ImportedRow, type MovedId, renamed} from '@megatest/store';
import type {DaemonClient} from './daemon-client.ts';

const rowsPerCall = 1000;

export type HandedOver = {readonly taken: number; readonly older: number};

/** `rows` in their order: the daemon must know a parent before its children. */
export async function handOverRows(client: DaemonClient, rows: Iterable<ImportedRow>): Promise<HandedOver> {
  const moved: MovedId[] = [];
  let batch: ImportedRow[] = [];
  let taken = 0;
  let older = 0;
  const send = async () => {
    if (batch.length > 0) {
      const answer = await client.call('sync.import', {rows: batch});
      batch = [];
      moved.push(...answer.moved);
      taken += answer.taken;
      older += answer.older;
    }
  };
  for (const one of rows) {
    // Children go in calls of their own: only then is it known which ids their parents have there.
    if (batch.length === rowsPerCall || (batch[0] !== undefined && batch[0].table !== one.table)) {
      await send();
    }
    batch.push(...renamed([one], moved));
  }
  await send();
  return {taken, older};
}

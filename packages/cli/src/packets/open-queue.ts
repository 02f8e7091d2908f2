/** `pkts.db` of an area or of a control directory. */
import {mkdirSync} from 'node:fs';
import {dirname} from 'node:path';
import {UserError} from '@megatest/model';
import {PacketQueue} from '@megatest/store';
import type {PacketPlaces} from './packet-places.ts';

/** Makes what is not there: the first directory of packets, the file and its directory. */
export function openQueue({directories, queue}: PacketPlaces): PacketQueue {
  const [first = ''] = directories;
  makeDirectory(first);
  makeDirectory(dirname(queue));
  return new PacketQueue(queue);
}

/** What is to be thrown on when something failed while the queue was open. */
export function queueProblem(error: unknown, {queue}: PacketPlaces): unknown {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_')
    ? new UserError(`${queue} cannot be used: ${error.message}`)
    : error;
}

function makeDirectory(path: string): void {
  try {
    mkdirSync(path, {recursive: true});
  } catch (error) {
    throw new UserError(`${path} cannot be made: ${(error as Error).message}`);
  }
}

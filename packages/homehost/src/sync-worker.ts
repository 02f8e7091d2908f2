/**
 * The thread that deals with whole databases: flushes M into T, looks whether one is sound, or answers what goes through many rows; one
 * request at a time.
 */
import {parentPort} from 'node:worker_threads';
import {type FlushRequest, flush, quickCheck} from '@megatest/store';
import {answerWideRead, type WideRequest} from './panel/wide-reads.ts';

/** Answered with what is wrong with the file, or `undefined`. */
export type CheckRequest = {readonly check: string};

type Request = FlushRequest | CheckRequest | WideRequest;

export function runSyncWorker(): void {
  parentPort?.on('message', (request: Request) => parentPort?.postMessage(answer(request)));
}

function answer(request: Request): unknown {
  if ('check' in request) {
    return quickCheck(request.check);
  }
  return 'read' in request ? answerWideRead(request) : flush(request);
}

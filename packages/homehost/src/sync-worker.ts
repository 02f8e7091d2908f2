/** The thread that deals with whole databases: flushes M into T, or looks whether one is sound; one request at a time. */
import {parentPort} from 'node:worker_threads';
import {type FlushRequest, flush, quickCheck} from '@megatest/store';

/** Answered with what is wrong with the file, or `undefined`. */
export type CheckRequest = {readonly check: string};

export function runSyncWorker(): void {
  parentPort?.on('message', (request: FlushRequest | CheckRequest) => {
    parentPort?.postMessage('check' in request ? quickCheck(request.check) : flush(request));
  });
}

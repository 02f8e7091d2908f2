/** The thread that flushes M into T: one request at a time, answered with its report. */
import {parentPort} from 'node:worker_threads';
import {type FlushRequest, flush} from '@megatest/store';

export function runSyncWorker(): void {
  parentPort?.on('message', (request: FlushRequest) => {
    parentPort?.postMessage(flush(request));
  });
}

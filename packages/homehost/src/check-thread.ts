/** Looks whether a database is sound, in a thread of its own: that takes seconds, and neither calls nor flushes wait for it. */
import {Worker} from 'node:worker_threads';
import type {CheckRequest} from './sync-worker.ts';

/** `undefined` when the file is sound, else what is wrong with it. */
export async function checkInThread(workerPath: string, path: string): Promise<string | undefined> {
  const worker = new Worker(workerPath);
  worker.unref();
  try {
    return await new Promise<string | undefined>((resolve, reject) => {
      worker.once('message', resolve).once('error', reject);
      worker.once('exit', () =>
        reject(new Error(`nobody knows whether ${path} is sound: the thread has ended`)),
      );
      const request: CheckRequest = {check: path};
      worker.postMessage(request);
    });
  } finally {
    await worker.terminate();
  }
}

/**
 * The thread that copies M to T. It is started when there is something to copy and ends when there has been nothing for a while: a
 * thread that only waits costs the memory of a second engine.
 */
import {Worker} from 'node:worker_threads';
import type {FlushReport, FlushRequest} from '@megatest/store';

const idleMs = 20_000;

export class FlushWorker {
  readonly #path: string;
  #worker: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;
  #resolve: ((report: FlushReport) => void) | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** One at a time. */
  async flush(request: FlushRequest): Promise<FlushReport> {
    clearTimeout(this.#idle);
    const worker = this.#worker ?? this.#start();
    const report = await new Promise<FlushReport>((resolve) => {
      this.#resolve = resolve;
      worker.postMessage(request);
    });
    this.#idle = setTimeout(() => void this.close(), idleMs);
    this.#idle.unref();
    return report;
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle);
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(this.#path);
    worker.on('message', (report: FlushReport) => this.#resolve?.(report));
    worker.on('error', (error) => {
      // It is gone with that; the next flush starts another one.
      this.#worker = undefined;
      this.#resolve?.({kind: 'failed', message: error.message});
    });
    worker.unref();
    this.#worker = worker;
    return worker;
  }
}

/**
 * The daemon's side of the thread that answers wide questions. It is started with the first one, answers one at a time, and ends when
 * there has been none for a while: its memory is that of a second engine.
 */
import {Worker} from 'node:worker_threads';
import {Turns} from './turns.ts';
import type {WideAnswer, WideQuestion, WideRead, WideReply, WideRequest} from './wide-reads.ts';

const idleMs = 30_000;

export class ReadThread {
  readonly #workerPath: string;
  readonly #working: string;
  readonly #turns = new Turns('questions about the whole area');
  #worker: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor(workerPath: string, working: string) {
    this.#workerPath = workerPath;
    this.#working = working;
  }

  async ask<N extends WideRead>(read: N, ...[question]: QuestionOf<N>): Promise<WideAnswer<N>> {
    const request: WideRequest = {read, working: this.#working, question};
    const reply = await this.#turns.take(async () => await this.#answer(request));
    if ('failure' in reply) {
      throw new Error(`${read}: ${reply.failure}`);
    }
    return reply.answer as WideAnswer<N>;
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle);
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  async #answer(request: WideRequest): Promise<WideReply> {
    clearTimeout(this.#idle);
    const worker = this.#worker ?? this.#start();
    try {
      return await new Promise<WideReply>((resolve, reject) => {
        const over = () => reject(new Error('the thread that reads the database has ended'));
        worker.once('exit', over).once('error', reject);
        worker.once('message', (reply: WideReply) => {
          worker.off('exit', over).off('error', reject);
          resolve(reply);
        });
        worker.postMessage(request);
      });
    } finally {
      this.#idle = setTimeout(() => void this.close(), idleMs).unref();
    }
  }

  #start(): Worker {
    const worker = new Worker(this.#workerPath);
    worker.unref();
    // Told to who has asked; the next question starts another one.
    worker.on('error', () => {});
    worker.on('exit', () => {
      if (this.#worker === worker) {
        this.#worker = undefined;
      }
    });
    this.#worker = worker;
    return worker;
  }
}

type QuestionOf<N extends WideRead> = undefined extends WideQuestion<N> ? [] : [WideQuestion<N>];

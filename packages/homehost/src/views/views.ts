/**
 * The daemon's end of views: asks the thread that has the index, tells it what was written, and gives its codes the meaning that they have
 * for everybody.
 *
 * The thread is *absent* until somebody asks, and again when nobody has asked for a while and no grid is open, or when it has failed; its
 * grids are gone with it.
 */
import {Worker} from 'node:worker_threads';
import {RpcError} from '@megatest/rpc';
import type {ChangeLog} from '../change-log.ts';
import type {ViewChanges} from './cell-index.ts';
import type {GridNews} from './grid.ts';
import type {Palette} from './palette.ts';
import type {ViewAnswers, ViewParams} from './view-service.ts';
import type {CallFailure, FromThread, ThreadData, ToThread, ViewCall} from './view-thread.ts';

export type ViewsOptions = Omit<ThreadData, 'rev'> & {
  readonly workerPath: string;
  readonly changeLog: Pick<ChangeLog, 'rev' | 'since'>;
  readonly palette: Palette;
  readonly tellGrid: (grid: number, news: GridNews) => void;
  readonly warn: (text: string) => void;
};

type Question = {
  readonly method: keyof ViewAnswers;
  readonly resolve: (answer: ViewAnswers[keyof ViewAnswers]) => void;
  readonly reject: (error: Error) => void;
};

/** What is written shortly after one another is told together. */
const tellPauseMs = 250;
/** To read everything again costs more than to keep it for who turns the page. */
const idleMs = 120_000;

export class Views {
  readonly #options: ViewsOptions;
  #thread: Worker | undefined;
  readonly #questions = new Map<number, Question>();
  #asked = 0;
  readonly #grids = new Set<number>();
  /** By the thread's code. */
  #codes: number[] = [];
  /** What the thread knows of. */
  #toldRev = 0;
  #timer: NodeJS.Timeout | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor(options: ViewsOptions) {
    this.#options = options;
  }

  /** Codes in the answer are those of everybody's palette. */
  async ask<M extends keyof ViewAnswers>(method: M, params: ViewParams[M]): Promise<ViewAnswers[M]> {
    const thread = this.#thread ?? this.#start();
    const changes = this.#changes();
    this.#asked += 1;
    const id = this.#asked;
    const answer = new Promise<ViewAnswers[keyof ViewAnswers]>((resolve, reject) => {
      this.#questions.set(id, {method, resolve, reject});
    });
    const message: ToThread = {
      call: {id, method, params} as ViewCall,
      ...(changes === undefined ? {} : {changes}),
    };
    thread.postMessage(message);
    this.#waitForIdle();
    return (await answer) as ViewAnswers[M];
  }

  async openGrid(params: ViewParams['grid.open']): Promise<ViewAnswers['grid.open']> {
    this.#grids.add(params.grid);
    try {
      return await this.ask('grid.open', params);
    } catch (error) {
      this.#grids.delete(params.grid);
      throw error;
    }
  }

  async closeGrid(grid: number): Promise<void> {
    if (this.#grids.delete(grid)) {
      await this.ask('grid.close', {grid});
    }
  }

  /** Something was committed: who looks at a grid is told without asking. */
  committed(): void {
    if (this.#thread !== undefined && this.#timer === undefined) {
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        const changes = this.#changes();
        if (changes !== undefined) {
          this.#thread?.postMessage({changes} satisfies ToThread);
        }
      }, tellPauseMs);
      this.#timer.unref();
    }
  }

  async close(): Promise<void> {
    const thread = this.#thread;
    this.#forget(new RpcError('shuttingDown', 'the daemon is leaving; the next one answers'));
    await thread?.terminate();
  }

  #start(): Worker {
    const {workerPath, path, mostCells, changeLog} = this.#options;
    const {rev} = changeLog;
    const thread = new Worker(workerPath, {workerData: {path, mostCells, rev} satisfies ThreadData});
    thread.on('message', (message: FromThread) => {
      if (thread === this.#thread) {
        this.#hear(message);
      }
    });
    thread.on('error', (error) => this.#failed(thread, error));
    thread.on('exit', () => this.#failed(thread, new Error('the thread of the views has ended')));
    thread.unref();
    this.#thread = thread;
    this.#toldRev = rev;
    return thread;
  }

  #failed(thread: Worker, error: Error): void {
    if (thread === this.#thread) {
      this.#options.warn(`the views have failed, and begin anew: ${error.stack ?? error.message}`);
      this.#forget(error);
    }
  }

  #forget(error: Error): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#idle);
    this.#timer = undefined;
    this.#thread = undefined;
    this.#codes = [];
    this.#grids.clear();
    const questions = [...this.#questions.values()];
    this.#questions.clear();
    for (const {reject} of questions) {
      reject(error);
    }
  }

  /** What was written since the thread was told last; `undefined` when nothing was. */
  #changes(): ViewChanges | undefined {
    const {rev} = this.#options.changeLog;
    if (rev === this.#toldRev) {
      return undefined;
    }
    const changed = this.#options.changeLog.since(this.#toldRev);
    this.#toldRev = rev;
    return {rev, ids: changed && {runs: [...changed.runs], tests: [...changed.tests]}};
  }

  #hear(message: FromThread): void {
    for (const entry of message.entries) {
      this.#codes.push(this.#options.palette.codeOf(entry));
    }
    switch (message.kind) {
      case 'grids':
        for (const {grid, ...news} of message.news) {
          this.#options.tellGrid(grid, news);
        }
        return;
      case 'answer': {
        const question = this.#take(message.id);
        question?.resolve(this.#translated(question.method, message.answer));
        return;
      }
      case 'failure':
        this.#take(message.id)?.reject(toError(message.failure));
    }
  }

  #take(id: number): Question | undefined {
    const question = this.#questions.get(id);
    this.#questions.delete(id);
    return question;
  }

  #translated(
    method: keyof ViewAnswers,
    answer: ViewAnswers[keyof ViewAnswers],
  ): ViewAnswers[keyof ViewAnswers] {
    switch (method) {
      case 'grid.rows': {
        const window = answer as ViewAnswers['grid.rows'];
        return {...window, codes: window.codes.map((row) => row.map(this.#codeFor))};
      }
      case 'runs.matrix':
      case 'runs.compare': {
        const matrix = answer as ViewAnswers['runs.matrix'];
        const cells = matrix.cells.map(
          ([row, col, id, code]) => [row, col, id, this.#codeFor(code)] as const,
        );
        return {...matrix, cells};
      }
      case 'timeline.get': {
        const timeline = answer as ViewAnswers['timeline.get'];
        return {...timeline, bars: {...timeline.bars, codes: timeline.bars.codes.map(this.#codeFor)}};
      }
      case 'runs.tree':
      case 'grid.open':
      case 'grid.close':
      case 'grid.locate':
        return answer;
    }
  }

  readonly #codeFor = (code: number): number => this.#codes[code - 1] ?? 0;

  #waitForIdle(): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => {
      if (this.#grids.size > 0 || this.#questions.size > 0) {
        this.#waitForIdle();
      } else {
        void this.close();
      }
    }, idleMs);
    this.#idle.unref();
  }
}

function toError({kind, message, data, code}: CallFailure): Error {
  return kind === undefined ? Object.assign(new Error(message), {code}) : new RpcError(kind, message, data);
}

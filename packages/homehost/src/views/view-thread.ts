/** The thread's end of views: a service, and the messages that reach it. */
import {parentPort, workerData} from 'node:worker_threads';
import {type PaletteEntry, RpcError, type RpcErrorName} from '@megatest/rpc';
import type {ViewChanges} from './cell-index.ts';
import type {GridNews} from './grid.ts';
import {type ViewAnswers, type ViewParams, ViewService, type ViewServiceOptions} from './view-service.ts';

export type ThreadData = Pick<ViewServiceOptions, 'path' | 'mostCells' | 'rev'>;

export type ViewCall = {
  readonly [M in keyof ViewAnswers]: {
    readonly id: number;
    readonly method: M;
    readonly params: ViewParams[M];
  };
}[keyof ViewAnswers];

/** What was written comes before what is asked. */
export type ToThread = {readonly changes?: ViewChanges; readonly call?: ViewCall};

export type CallFailure = {
  readonly kind: RpcErrorName | undefined;
  readonly message: string;
  readonly data: unknown;
  /** Of SQLite. */
  readonly code: unknown;
};

export type FromThread = {
  /** Of the thread's palette; they come behind those of the messages before. */
  readonly entries: readonly PaletteEntry[];
} & (
  | {readonly kind: 'answer'; readonly id: number; readonly answer: ViewAnswers[keyof ViewAnswers]}
  | {readonly kind: 'failure'; readonly id: number; readonly failure: CallFailure}
  | {readonly kind: 'grids'; readonly news: readonly ({readonly grid: number} & GridNews)[]}
);

type Told<Message> = Message extends FromThread ? Omit<Message, 'entries'> : never;

export function runViewWorker(): void {
  const reader = {};
  let service: ViewService | undefined;
  const {path, mostCells, rev: startRev} = workerData as ThreadData;
  let rev = startRev;

  /** A file that cannot be opened is told to who asks. */
  function open(): ViewService {
    service ??= new ViewService({path, mostCells, rev, tellGrids: (news) => tell({kind: 'grids', news})});
    return service;
  }

  function tell(message: Told<FromThread>): void {
    const entries = service?.palette.newsFor(reader)?.entries ?? [];
    parentPort?.postMessage({...message, entries});
  }

  async function answer({id, method, params}: ViewCall): Promise<void> {
    try {
      tell({kind: 'answer', id, answer: await open().answer(method, params)});
    } catch (error) {
      tell({kind: 'failure', id, failure: toFailure(error)});
    }
  }

  parentPort?.on('message', ({changes, call}: ToThread) => {
    if (changes !== undefined) {
      ({rev} = changes);
      service?.apply(changes);
    }
    if (call !== undefined) {
      void answer(call);
    }
  });
}

function toFailure(error: unknown): CallFailure {
  const kind = error instanceof RpcError ? error.kind : undefined;
  const data = error instanceof RpcError ? error.data : undefined;
  const {code} = error as {readonly code?: unknown};
  return {kind, data, message: error instanceof Error ? error.message : String(error), code};
}

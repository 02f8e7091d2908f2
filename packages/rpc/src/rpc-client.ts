/**
 * The asking end: one connection to a serving process, made anew whenever it is lost.
 *
 * Modes: `closed` (nothing asked yet, or closed for good), `connecting` (looking for the other end), `ready`. Requests wait while
 * connecting. What was not answered when a connection broke is sent again, in order and under the same ids, so a write takes
 * effect once (spec homehost.md 8.6, 8.7).
 */
import {randomBytes} from 'node:crypto';
import {connect, type Socket} from 'node:net';
import {UserError} from '@megatest/model';
import type {WebSocket} from 'ws';
import type {RequestInfo} from './answer-request.ts';
import type {ClientInfo} from './daemon-methods.ts';
import {type LoginRequest, logIn} from './log-in.ts';
import type {Handlers, MethodTable, ParamsOf, ResultOf} from './method-table.ts';
import {PassingRefusal} from './passing-refusal.ts';
import {limits, Peer} from './peer.ts';
import {RpcError} from './rpc-error.ts';

const connectTimeoutMs = 10_000;
/** Waits between attempts; the last one repeats. */
const retryDelaysMs = [100, 250, 500, 1000, 1000, 1000, 1000, 2000, 4000, 8000, 15_000];

/** Where the other end is, and how to prove oneself to it. */
export type Endpoint = {
  readonly address:
    | {readonly kind: 'tcp'; readonly host: string; readonly port: number}
    | {readonly kind: 'local'; readonly path: string};
  readonly key: {readonly name: 'rw' | 'ro'; readonly key: string};
};

export type RpcClientOptions<Serves extends MethodTable> = {
  readonly serves: Serves;
  readonly handlers: Handlers<Serves, RequestInfo>;
  readonly areaPath: string;
  readonly version: string;
  readonly kind: ClientInfo['kind'];
  /** Finds the other end, starting it when need be; throws (a `UserError` ends all attempts) when there is none yet. */
  readonly locate: () => Promise<Endpoint>;
  /** Nobody listens, or answers, at an endpoint that `locate` gave: the process is gone or hangs, whatever its record says. */
  readonly onRefused?: () => void;
  /** Seconds without a connection after which waiting requests fail; `undefined` = never. */
  readonly giveUpS: number | undefined;
  /** No wait between attempts is longer; for an end that is on this host and soon there again. */
  readonly longestWaitMs?: number;
  readonly onNotification?: (method: string, params: unknown) => void;
  /** After every login, before what was unanswered is sent again. */
  readonly onConnected?: (
    welcome: Welcome,
    ask: (method: string, params: unknown) => Promise<unknown>,
  ) => Promise<void> | void;
  readonly onLost?: () => void;
  /** The connection was lost and is not made again: for who waits to be told, and has nothing to ask. */
  readonly onGivenUp?: (error: unknown) => void;
  /** Somebody stands there whom this program cannot work with; it is tried again, as this client never gives up. */
  readonly onPassingRefusal?: (refusal: PassingRefusal) => void;
  readonly other: LoginRequest['peer'];
  readonly describe: () => string;
};

export type Welcome = {
  readonly role: 'operator' | 'viewer';
  readonly keys: readonly string[];
  readonly serverTimeMs: number;
  readonly epoch: string;
  readonly lastSeqDone: number;
  readonly serverId: string;
};

type Pending = {
  readonly method: string;
  readonly params: unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
};

export class RpcClient<Asks extends MethodTable, Serves extends MethodTable = Record<string, never>> {
  readonly clientId = randomBytes(8).toString('hex');
  readonly #options: RpcClientOptions<Serves>;
  /** Unanswered requests by their sequence number, in order. */
  readonly #pending = new Map<number, Pending>();
  #seq = 0;
  #ready:
    | {
        readonly peer: Peer<Serves>;
        readonly send: (seq: number, method: string, params: unknown) => void;
        readonly welcome: Welcome;
      }
    | undefined;
  #connecting: Promise<void> | undefined;
  #isClosed = false;
  #lostSinceMs = performance.now();

  constructor(options: RpcClientOptions<Serves>) {
    this.#options = options;
  }

  get isConnected(): boolean {
    return this.#ready !== undefined;
  }

  /** What the other end said at the login; connects first when need be. */
  async welcome(): Promise<Welcome> {
    await this.#ensureConnected();
    if (this.#ready === undefined) {
      throw new RpcError('shuttingDown', 'the connection was closed');
    }
    return this.#ready.welcome;
  }

  async call<M extends keyof Asks & string>(
    method: M,
    params: ParamsOf<Asks, M>,
  ): Promise<ResultOf<Asks, M>> {
    if (this.#isClosed) {
      throw new RpcError('shuttingDown', 'this client is closed');
    }
    this.#seq += 1;
    const seq = this.#seq;
    const answer = new Promise<unknown>((resolve, reject) => {
      this.#pending.set(seq, {method, params, resolve, reject});
    });
    if (this.#ready !== undefined) {
      this.#ready.send(seq, method, params);
    } else {
      void this.#ensureConnected().catch((error: unknown) => this.#rejectAll(error));
    }
    return (await answer) as ResultOf<Asks, M>;
  }

  /** Connects in the background and stays connected: for a manager, which is asked rather than asks. */
  async connect(): Promise<void> {
    await this.#ensureConnected();
  }

  close(): void {
    this.#isClosed = true;
    this.#ready?.peer.close();
    this.#ready = undefined;
    this.#rejectAll(new RpcError('shuttingDown', 'this client is closed'));
  }

  async #ensureConnected(): Promise<void> {
    if (this.#ready === undefined) {
      this.#connecting ??= this.#connectUntilItWorks().finally(() => {
        this.#connecting = undefined;
      });
      await this.#connecting;
    }
  }

  async #connectUntilItWorks(): Promise<void> {
    for (let attempt = 0; !this.#isClosed; attempt += 1) {
      try {
        await this.#connectOnce();
        return;
      } catch (error) {
        const {giveUpS} = this.#options;
        if (isFinal(error) && !(error instanceof PassingRefusal && giveUpS === undefined)) {
          throw error;
        }
        if (error instanceof PassingRefusal) {
          this.#options.onPassingRefusal?.(error);
        }
        const lostS = (performance.now() - this.#lostSinceMs) / 1000;
        if (giveUpS !== undefined && lostS > giveUpS) {
          const cause = error instanceof Error ? error.message : String(error);
          throw new UserError(`no daemon could be reached for ${Math.round(lostS)} seconds: ${cause}`, {
            hint: this.#options.describe(),
            exitCode: 1,
          });
        }
        const planned = retryDelaysMs[Math.min(attempt, retryDelaysMs.length - 1)] ?? 1000;
        const delay = Math.min(planned, this.#options.longestWaitMs ?? planned);
        await new Promise((resolve) => setTimeout(resolve, delay * (0.75 + Math.random() / 2)));
      }
    }
  }

  async #connectOnce(): Promise<void> {
    const {areaPath, version, kind, serves, handlers, other, describe} = this.#options;
    const endpoint = await this.#options.locate();
    const socket = await openSocket(endpoint).catch((error: unknown) => {
      const isSilent = error instanceof Error && error.message.includes('handshake has timed out');
      if (isSilent || (error as NodeJS.ErrnoException).code === 'ECONNREFUSED') {
        this.#options.onRefused?.();
      }
      throw error;
    });
    const sequence = {next: 0};
    let nextId = '';
    const peer: Peer<Serves> = new Peer<Serves>(socket, {
      serves,
      handlers,
      makeId: () => nextId,
      ...(this.#options.onNotification === undefined ? {} : {onNotification: this.#options.onNotification}),
    });
    const ask = (method: string, params: unknown) => {
      // Session calls have ids of their own, outside the sequence of this client's requests.
      sequence.next += 1;
      nextId = `${this.clientId}:s${sequence.next}`;
      return peer.request(method, params);
    };
    try {
      const {clientId} = this;
      const welcome = await logIn(ask, {clientId, areaPath, version, kind, endpoint, peer: other, describe});
      await this.#options.onConnected?.(welcome, ask);
      const send = (seq: number, method: string, params: unknown) => {
        nextId = `${this.clientId}:${seq}`;
        void peer.request(method, params).then(
          (value) => this.#settle(seq, (pending) => pending.resolve(value)),
          (error: unknown) => this.#onRequestFailed(seq, peer, error),
        );
      };
      socket.once('close', () => this.#onLost(peer));
      socket.on('error', () => socket.terminate());
      if (socket.readyState !== socket.OPEN) {
        throw new Error('the connection was lost during the login');
      }
      this.#ready = {peer, send, welcome};
      for (const [seq, {method, params}] of [...this.#pending]) {
        send(seq, method, params);
      }
    } catch (error) {
      socket.terminate();
      throw error;
    }
  }

  #settle(seq: number, settle: (pending: Pending) => void): void {
    const pending = this.#pending.get(seq);
    if (pending !== undefined) {
      this.#pending.delete(seq);
      settle(pending);
    }
  }

  #onRequestFailed(seq: number, peer: Peer<Serves>, error: unknown): void {
    const isLostConnection = peer.socket.readyState !== peer.socket.OPEN && !(error instanceof RpcError);
    if (isLostConnection || (error instanceof RpcError && error.kind === 'shuttingDown' && !this.#isClosed)) {
      // It stays pending and is sent again on the next connection.
      peer.socket.terminate();
      return;
    }
    const pending = this.#pending.get(seq);
    if (
      error instanceof RpcError &&
      (error.kind === 'overloaded' || error.kind === 'dbBusy') &&
      pending !== undefined
    ) {
      const {retryAfterMs = 250} = (error.data ?? {}) as {retryAfterMs?: number};
      setTimeout(() => this.#ready?.send(seq, pending.method, pending.params), retryAfterMs);
      return;
    }
    this.#settle(seq, ({reject}) => reject(error));
  }

  #onLost(peer: Peer<Serves>): void {
    if (this.#ready?.peer !== peer) {
      return;
    }
    this.#ready = undefined;
    this.#lostSinceMs = performance.now();
    this.#options.onLost?.();
    if (!this.#isClosed) {
      void this.#ensureConnected().catch((error: unknown) => {
        this.#rejectAll(error);
        this.#options.onGivenUp?.(error);
      });
    }
  }

  #rejectAll(error: unknown): void {
    for (const [seq, {reject}] of [...this.#pending]) {
      this.#pending.delete(seq);
      reject(error);
    }
  }
}

/** Errors that no further attempt will change. */
function isFinal(error: unknown): boolean {
  return (
    error instanceof UserError ||
    (error instanceof RpcError && ['protocolMismatch', 'loginRequired', 'notAllowed'].includes(error.kind))
  );
}

async function openSocket(endpoint: Endpoint): Promise<WebSocket> {
  // Many commands have a client and ask nothing.
  const {WebSocket} = await import('ws');
  const {address} = endpoint;
  const url = address.kind === 'tcp' ? `ws://${address.host}:${address.port}/rpc` : 'ws://localhost/rpc';
  const socket = new WebSocket(url, 'megatest.v1', {
    perMessageDeflate: false,
    maxPayload: limits.frame,
    handshakeTimeout: connectTimeoutMs,
    ...(address.kind === 'local'
      ? {createConnection: (): Socket => connect({path: address.path, timeout: connectTimeoutMs})}
      : {}),
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the connection was closed')));
  });
  return socket;
}

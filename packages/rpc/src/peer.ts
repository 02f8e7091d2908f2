/**
 * One end of a JSON-RPC connection over a WebSocket: both ends may ask and tell.
 *
 * Requests are started in the order of arrival and answered in that order; a read waits for the writes before it, so that it sees
 * them, while writes that arrive together run together and share one commit. A `long` method (one that waits for something to
 * happen) keeps nobody waiting. Parameters are checked against the method's schema before a handler sees them.
 */
import {
  JSONRPCClient,
  JSONRPCErrorException,
  type JSONRPCRequest,
  type JSONRPCResponse,
  JSONRPCServer,
} from 'json-rpc-2.0';
import type {WebSocket} from 'ws';
import type {Handlers, MethodTable} from './method-table.ts';
import {RPC_CODES, RpcError} from './rpc-error.ts';

export const limits = {
  /** Bytes of one frame. */
  frame: 16 * 1024 * 1024,
  /** Entries of a batch array. */
  batch: 1000,
  /** Requests of one connection that are not answered yet. */
  queue: 1000,
  /** Nesting of arrays and objects in a frame. */
  depth: 64,
  /** Bytes that may wait for a reader before it is dropped. */
  unsent: 64 * 1024 * 1024,
} as const;

/** What requests that were never answered are told when the connection goes. */
const closedMessage = 'connection closed';
const pingMs = 15_000;
const silenceMs = 60_000;

/** A request as the handler's side sees it, besides its parameters. */
export type RequestInfo = {readonly id: string | undefined; readonly method: string};

export type PeerOptions<Serves extends MethodTable> = {
  readonly serves: Serves;
  readonly handlers: Handlers<Serves, RequestInfo>;
  /** Notifications that arrive. */
  readonly onNotification?: (method: string, params: unknown) => void;
  /** Refuses a request before its parameters are looked at, e.g. because nobody has logged in. */
  readonly check?: (method: string) => void;
  readonly makeId?: () => string;
  readonly onCall?: (method: string) => void;
};

export class Peer<Serves extends MethodTable = MethodTable> {
  readonly socket: WebSocket;
  readonly #options: PeerOptions<Serves>;
  readonly #server = new JSONRPCServer<RequestInfo>({errorListener: () => {}});
  readonly #client: JSONRPCClient;
  /** Ends when everything that was asked so far has been answered. */
  #answered: Promise<void> = Promise.resolve();
  #unanswered = 0;
  #lastHeard = performance.now();
  readonly #timer: NodeJS.Timeout;

  constructor(socket: WebSocket, options: PeerOptions<Serves>) {
    this.socket = socket;
    this.#options = options;
    this.#client =
      options.makeId === undefined
        ? new JSONRPCClient((request) => this.#sendJson(request))
        : new JSONRPCClient((request) => this.#sendJson(request), options.makeId);
    this.#server.mapErrorToJSONRPCErrorResponse = (id, error) => ({jsonrpc: '2.0', id, error: toWire(error)});
    for (const name of Object.keys(options.serves)) {
      this.#server.addMethodAdvanced(name, async (request, info) => {
        const result = await this.#handle(name, request.params, info);
        return {jsonrpc: '2.0', id: request.id ?? null, result: result ?? null};
      });
    }
    socket.on('message', (data, isBinary) => this.#onFrame(isBinary ? undefined : String(data)));
    socket.on('pong', () => {
      this.#lastHeard = performance.now();
    });
    socket.on('ping', () => {
      this.#lastHeard = performance.now();
    });
    this.#timer = setInterval(() => this.#checkLife(), pingMs);
    this.#timer.unref();
    socket.on('close', () => {
      clearInterval(this.#timer);
      this.#client.rejectAllPendingRequests(closedMessage);
    });
  }

  /** Asks the other end; an error of the other end arrives as an `RpcError`, a lost connection as an ordinary one. */
  async request(name: string, params: unknown): Promise<unknown> {
    try {
      return await this.#client.request(name, params);
    } catch (error) {
      if (error instanceof JSONRPCErrorException && error.message !== closedMessage) {
        throw RpcError.fromWire({code: error.code, message: error.message, data: error.data});
      }
      throw error;
    }
  }

  /** Sends a request that was made before, under its old id. */
  notify(name: string, params: unknown): void {
    if (this.socket.readyState === this.socket.OPEN) {
      this.#sendJson({jsonrpc: '2.0', method: name, params});
    }
  }

  close(code = 1000, reason = ''): void {
    this.socket.close(code, reason);
  }

  #sendJson(value: unknown): void {
    if (this.socket.bufferedAmount > limits.unsent) {
      // A reader that never reads must not fill the memory of the others' daemon.
      this.socket.terminate();
      return;
    }
    this.socket.send(JSON.stringify(value));
  }

  #checkLife(): void {
    if (performance.now() - this.#lastHeard > silenceMs) {
      this.socket.terminate();
    } else {
      this.socket.ping();
    }
  }

  #onFrame(frame: string | undefined): void {
    this.#lastHeard = performance.now();
    const message = frame === undefined ? undefined : parseFrame(frame);
    if (message === undefined) {
      this.#sendJson({
        jsonrpc: '2.0',
        id: null,
        error: {code: RPC_CODES.parse, message: 'the frame is no JSON text'},
      });
      return;
    }
    if (Array.isArray(message)) {
      this.#onBatch(message);
    } else if (isResponse(message)) {
      this.#client.receive(message);
    } else {
      this.#onRequest(message as JSONRPCRequest, (response) => this.#sendJson(response));
    }
  }

  #onBatch(messages: readonly unknown[]): void {
    if (messages.length > limits.batch) {
      this.#sendJson({
        jsonrpc: '2.0',
        id: null,
        error: {
          code: RPC_CODES.tooLarge,
          message: `a batch has at most ${limits.batch} entries`,
          data: {limit: limits.batch},
        },
      });
      return;
    }
    const responses: unknown[] = [];
    let left = messages.length;
    const add = (response: unknown) => {
      responses.push(response);
      left -= 1;
      if (left === 0) {
        this.#sendJson(responses);
      }
    };
    for (const message of messages) {
      this.#onRequest(message as JSONRPCRequest, add);
    }
  }

  #onRequest(request: JSONRPCRequest, send: (response: JSONRPCResponse) => void): void {
    if (typeof request !== 'object' || request === null || typeof request.method !== 'string') {
      send({
        jsonrpc: '2.0',
        id: null,
        error: {code: RPC_CODES.invalidRequest, message: 'this is no JSON-RPC 2.0 request'},
      });
      return;
    }
    if (request.id === undefined) {
      this.#options.onNotification?.(request.method, request.params);
      return;
    }
    if (this.#unanswered >= limits.queue) {
      send({
        jsonrpc: '2.0',
        id: request.id,
        error: toWire(new RpcError('overloaded', 'too many requests are waiting', {retryAfterMs: 250})),
      });
      return;
    }
    this.#options.onCall?.(request.method);
    this.#unanswered += 1;
    const kind = this.#options.serves[request.method]?.kind ?? 'read';
    const info: RequestInfo = {
      id: request.id === null ? undefined : String(request.id),
      method: request.method,
    };
    const before = this.#answered;
    const response =
      kind === 'read'
        ? before.then(() => this.#server.receive(request, info))
        : Promise.resolve(this.#server.receive(request, info));
    const answer = (kind === 'long' ? response : Promise.all([response, before]).then(([made]) => made)).then(
      (made) => {
        this.#unanswered -= 1;
        if (made !== null && this.socket.readyState === this.socket.OPEN) {
          send(made);
        }
      },
    );
    const safe = answer.catch((error: unknown) => {
      this.socket.emit('error', error instanceof Error ? error : new Error(String(error)));
    });
    if (kind !== 'long') {
      this.#answered = safe;
    }
  }

  async #handle(name: string, params: unknown, info: RequestInfo): Promise<unknown> {
    this.#options.check?.(name);
    const method = this.#options.serves[name];
    const handler = this.#options.handlers[name];
    if (method === undefined || handler === undefined) {
      throw new RpcError('methodNotFound', `there is no method ${name}`);
    }
    if (Array.isArray(params)) {
      throw new RpcError('invalidParams', `${name}: parameters are given by name, not as a list`);
    }
    const parsed = method.params.safeParse(params ?? {});
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw new RpcError(
        'invalidParams',
        `${name}: ${issue?.path.join('.') || 'parameters'}: ${issue?.message ?? 'invalid'}`,
      );
    }
    return await handler(parsed.data as never, info);
  }
}

function isResponse(message: unknown): message is JSONRPCResponse {
  return (
    typeof message === 'object' &&
    message !== null &&
    !('method' in message) &&
    ('result' in message || 'error' in message)
  );
}

/** `undefined` for text that is no JSON or is nested too deeply. */
function parseFrame(frame: string): unknown {
  if (nestsTooDeeply(frame)) {
    return undefined;
  }
  try {
    return JSON.parse(frame);
  } catch {
    return undefined;
  }
}

function nestsTooDeeply(frame: string): boolean {
  let depth = 0;
  let isInString = false;
  for (let index = 0; index < frame.length; index += 1) {
    const code = frame.charCodeAt(index);
    if (isInString) {
      if (code === 0x5c) {
        index += 1;
      } else if (code === 0x22) {
        isInString = false;
      }
    } else if (code === 0x22) {
      isInString = true;
    } else if (code === 0x7b || code === 0x5b) {
      depth += 1;
      if (depth > limits.depth) {
        return true;
      }
    } else if (code === 0x7d || code === 0x5d) {
      depth -= 1;
    }
  }
  return false;
}

function toWire(error: unknown): {code: number; message: string; data?: unknown} {
  if (error instanceof RpcError) {
    return {
      code: error.code,
      message: error.message,
      ...(error.data === undefined ? {} : {data: error.data}),
    };
  }
  if (error instanceof JSONRPCErrorException) {
    return {code: error.code, message: error.message};
  }
  return {code: RPC_CODES.internal, message: error instanceof Error ? error.message : String(error)};
}

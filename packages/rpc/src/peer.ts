/**
 * One end of a JSON-RPC connection over a WebSocket: both ends may ask and tell.
 *
 * Requests are started in the order of arrival and answered in that order; a read waits for the writes before it, so that it sees
 * them, while writes that arrive together run together and share one commit. A `long` method (one that waits for something to
 * happen) keeps nobody waiting. Parameters are checked against the method's schema before a handler sees them.
 */
import type {Duplex} from 'node:stream';
import type {JSONRPCResponse} from 'json-rpc-2.0';
import type {WebSocket} from 'ws';
import {answerRequest, type Serving, toWire, type WireError} from './answer-request.ts';
import type {MethodTable} from './method-table.ts';
import {OpenQuestions} from './open-questions.ts';
import {RPC_CODES, RpcError} from './rpc-error.ts';
import {SendTogether} from './send-together.ts';

export const limits = {
  /** Bytes of one frame. */
  frame: 16 * 1024 * 1024,
  /** Bytes of one frame of somebody who has not logged in yet. */
  frameOfStranger: 16 * 1024,
  /** Entries of a batch array. */
  batch: 1000,
  /** Rows of one reply. */
  rows: 5000,
  /** Requests of one connection that are not answered yet. */
  queue: 1000,
  /** The same for all connections of a server together. */
  queueOfAll: 10_000,
  /** Frames of one connection that are taken in one turn of the event loop: who sends many keeps nobody else waiting. */
  framesPerTurn: 8,
  /** Nesting of arrays and objects in a frame. */
  depth: 64,
  /** Bytes that may wait for a reader before it is dropped. */
  unsent: 64 * 1024 * 1024,
} as const;

/** What requests that were never answered are told when the connection goes. */
const closedMessage = 'connection closed';
const pingMs = 15_000;
const silenceMs = 60_000;

/** Requests that all connections of a server have not answered yet. */
export type Load = {unanswered: number};

export type PeerOptions<Serves extends MethodTable> = Serving<Serves> & {
  /** Notifications that arrive. */
  readonly onNotification?: (method: string, params: unknown) => void;
  readonly makeId?: () => string;
  readonly onCall?: (method: string) => void;
  readonly load?: Load;
  /** What the WebSocket writes to. */
  readonly stream?: Duplex | undefined;
  /** Bytes of the longest frame that is looked at. */
  readonly frameLimit?: () => number;
};

type Response = {
  readonly jsonrpc: '2.0';
  readonly id: string | number | null;
  readonly result?: unknown;
  readonly error?: WireError;
};

export class Peer<Serves extends MethodTable = MethodTable> {
  readonly socket: WebSocket;
  readonly #options: PeerOptions<Serves>;
  readonly #questions: OpenQuestions;
  /** Ends when everything that was asked so far has been answered. */
  #answered: Promise<void> = Promise.resolve();
  /** How many requests that is; without any, an answer that is there at once is sent at once. */
  #inOrder = 0;
  readonly #load: Load;
  readonly #together: SendTogether | undefined;
  #unanswered = 0;
  #framesInTurn = 0;
  /** Frames that arrived beyond `limits.framesPerTurn`; while there are many the socket is not read. */
  #later: (string | undefined)[] = [];
  #lastHeard = performance.now();
  readonly #timer: NodeJS.Timeout;

  constructor(socket: WebSocket, options: PeerOptions<Serves>) {
    this.socket = socket;
    this.#options = options;
    this.#questions = new OpenQuestions((request) => this.#sendJson(request), options.makeId);
    this.#load = options.load ?? {unanswered: 0};
    this.#together = options.stream === undefined ? undefined : new SendTogether(options.stream);
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
      this.#later = [];
      this.#load.unanswered -= this.#unanswered;
      this.#unanswered = 0;
      this.#questions.fail(closedMessage);
    });
  }

  /** Asks the other end; an error of the other end arrives as an `RpcError`, a lost connection as an ordinary one. */
  async request(name: string, params: unknown): Promise<unknown> {
    if (this.socket.readyState !== this.socket.OPEN) {
      throw new Error(closedMessage);
    }
    return await this.#questions.ask(name, params);
  }

  /** Tells the other end something that it does not answer. */
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
    this.#together?.hold();
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
    if (this.#framesInTurn < limits.framesPerTurn && this.#later.length === 0) {
      this.#takeFrame(frame);
      return;
    }
    this.#later.push(frame);
    if (this.#later.length === limits.framesPerTurn) {
      this.socket.pause();
    }
  }

  #nextTurn(): void {
    this.#framesInTurn = 0;
    for (const frame of this.#later.splice(0, limits.framesPerTurn)) {
      this.#takeFrame(frame);
    }
    if (this.#later.length < limits.framesPerTurn && this.socket.isPaused) {
      this.socket.resume();
    }
  }

  #takeFrame(frame: string | undefined): void {
    if (this.#framesInTurn === 0) {
      setImmediate(() => this.#nextTurn());
    }
    this.#framesInTurn += 1;
    if (frame !== undefined && frame.length > (this.#options.frameLimit?.() ?? limits.frame)) {
      this.socket.close(1009, 'the frame is too long');
      return;
    }
    const message = frame === undefined ? undefined : parseFrame(frame);
    if (message === undefined) {
      this.#sendJson(refusal(null, 'parse', 'the frame is no JSON text'));
      return;
    }
    if (Array.isArray(message)) {
      this.#onBatch(message);
    } else {
      this.#onMessage(message, (response) => this.#sendJson(response));
    }
  }

  #onBatch(messages: readonly unknown[]): void {
    if (messages.length > limits.batch) {
      const error = new RpcError('tooLarge', `a batch has at most ${limits.batch} entries`, {
        limit: limits.batch,
      });
      this.#sendJson({jsonrpc: '2.0', id: null, error: toWire(error)});
      return;
    }
    // Notifications and answers are not answered themselves.
    let left = messages.filter((message) => !isRequest(message) || message.id !== undefined).length;
    left -= messages.filter(isResponse).length;
    if (messages.length === 0) {
      this.#sendJson(refusal(null, 'invalidRequest', 'a batch has at least one entry'));
      return;
    }
    const responses: Response[] = [];
    for (const message of messages) {
      this.#onMessage(message, (response) => {
        responses.push(response);
        left -= 1;
        if (left === 0) {
          this.#sendJson(responses);
        }
      });
    }
  }

  #onMessage(message: unknown, send: (response: Response) => void): void {
    if (isResponse(message)) {
      this.#questions.answered(message);
    } else if (!isRequest(message)) {
      send(refusal(null, 'invalidRequest', 'this is no JSON-RPC 2.0 request'));
    } else if (message.id === undefined) {
      this.#options.onNotification?.(message.method, message.params);
    } else if (this.#unanswered >= limits.queue || this.#load.unanswered >= limits.queueOfAll) {
      const error = new RpcError('overloaded', 'too many requests are waiting', {retryAfterMs: 250});
      send({jsonrpc: '2.0', id: message.id, error: toWire(error)});
    } else {
      this.#onRequest(message.id, message.method, message.params, send);
    }
  }

  #onRequest(
    id: string | number | null,
    method: string,
    params: unknown,
    send: (response: Response) => void,
  ): void {
    const {serves} = this.#options;
    const isKnown = Object.hasOwn(serves, method);
    if (isKnown) {
      this.#options.onCall?.(method);
    }
    const kind = (isKnown ? serves[method]?.kind : undefined) ?? 'read';
    const isAlone = this.#inOrder === 0;
    const started = isAlone || kind !== 'read' ? this.#answer(id, method, params) : undefined;
    if (isAlone && started !== undefined && !(started instanceof Promise)) {
      this.#tryTo(() => send(started));
      return;
    }
    this.#unanswered += 1;
    this.#load.unanswered += 1;
    const before = this.#answered;
    const response =
      started === undefined ? before.then(() => this.#answer(id, method, params)) : Promise.resolve(started);
    const inOrder =
      kind === 'long' || isAlone ? response : Promise.all([response, before]).then(([made]) => made);
    const safe = inOrder
      .then((made) => {
        // Once the connection is closed nothing of it counts any more.
        if (this.socket.readyState === this.socket.OPEN) {
          this.#unanswered -= 1;
          this.#load.unanswered -= 1;
          send(made);
        }
      })
      .catch((error: unknown) => this.#onFault(error));
    if (kind !== 'long') {
      this.#inOrder += 1;
      this.#answered = safe.then(() => {
        this.#inOrder -= 1;
      });
    }
  }

  #tryTo(send: () => void): void {
    try {
      send();
    } catch (error) {
      this.#onFault(error);
    }
  }

  /** An answer that cannot be sent is the fault of this end: its connection does not go on. */
  #onFault(error: unknown): void {
    this.socket.emit('error', error instanceof Error ? error : new Error(String(error)));
  }

  #answer(id: string | number | null, method: string, params: unknown): Response | Promise<Response> {
    const good = (result: unknown): Response => ({jsonrpc: '2.0', id, result: result ?? null});
    const bad = (error: unknown): Response => ({jsonrpc: '2.0', id, error: toWire(error)});
    try {
      const info = {id: id === null ? undefined : String(id), method};
      const result = answerRequest(this.#options, params, info);
      return result instanceof Promise ? result.then(good, bad) : good(result);
    } catch (error) {
      return bad(error);
    }
  }
}

function refusal(id: string | number | null, kind: 'parse' | 'invalidRequest', message: string): Response {
  return {jsonrpc: '2.0', id, error: {code: RPC_CODES[kind], message}};
}

type Request = {
  readonly method: string;
  readonly params?: unknown;
  readonly id?: string | number | null;
};

function isRequest(message: unknown): message is Request {
  if (typeof message !== 'object' || message === null) {
    return false;
  }
  const {jsonrpc, method, id} = message as {jsonrpc?: unknown; method?: unknown; id?: unknown};
  const hasGoodId = id === undefined || id === null || typeof id === 'string' || typeof id === 'number';
  return jsonrpc === '2.0' && typeof method === 'string' && hasGoodId;
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

/** Looks before anything is parsed: a deep text would cost the parser's stack. */
export function nestsTooDeeply(frame: string): boolean {
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

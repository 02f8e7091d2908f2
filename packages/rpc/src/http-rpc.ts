/**
 * `POST /rpc`: one request in, one answer out, for curl and for scripts. Who asks shows a token of somebody who has logged in
 * (`Authorization: Bearer`, see `SessionTokens`), or is a browser with a session; without either only `server.ping` is answered.
 */
import type {IncomingMessage, ServerResponse} from 'node:http';
import * as z from 'zod';
import {toWire} from './answer-request.ts';
import type {BrowserVisit} from './browser-sessions.ts';
import type {SecretHolder} from './held-secrets.ts';
import {parseBody, readBody} from './read-body.ts';
import {RPC_CODES, RpcError} from './rpc-error.ts';

/** Bytes of one body: what a person or a script writes; bulk goes over the WebSocket. */
const bodyLimit = 1024 * 1024;

const requestShape = z.object({
  jsonrpc: z.literal('2.0'),
  id: z.union([z.string(), z.number()]),
  method: z.string(),
  params: z.unknown().optional(),
});

export type HttpCall = {
  readonly method: string;
  readonly params: unknown;
  readonly id: string;
  readonly holder: SecretHolder | undefined;
  /** The browser whose session it is. */
  readonly visit: BrowserVisit | undefined;
  readonly onClose: (listener: () => void) => void;
};

export async function answerPost(
  request: IncomingMessage,
  response: ServerResponse,
  find: {
    readonly token: (token: string) => SecretHolder | undefined;
    readonly visit: BrowserVisit | undefined;
  },
  answer: (call: HttpCall) => Promise<unknown>,
): Promise<void> {
  const [scheme, token = ''] = (request.headers.authorization ?? '').split(' ');
  // Who shows a token is taken for what the token says, whatever else comes along.
  const visit = token === '' ? find.visit : undefined;
  const holder = visit?.session ?? (scheme === 'Bearer' ? find.token(token) : undefined);
  if (token !== '' && holder === undefined) {
    const error = new RpcError('loginRequired', 'the token is not known or no longer valid');
    send(response, 401, {jsonrpc: '2.0', id: null, error: toWire(error)});
    return;
  }
  const body = await readBody(request, bodyLimit);
  if (body === undefined) {
    const error = new RpcError('tooLarge', `a body has at most ${bodyLimit} bytes`, {limit: bodyLimit});
    response.setHeader('connection', 'close');
    send(response, 413, {jsonrpc: '2.0', id: null, error: toWire(error)});
    return;
  }
  const parsed = requestShape.safeParse(parseBody(body));
  if (!parsed.success) {
    const message = 'the body is no JSON-RPC 2.0 request with jsonrpc, id, method and params';
    send(response, 400, {jsonrpc: '2.0', id: null, error: {code: RPC_CODES.invalidRequest, message}});
    return;
  }
  const {id, method, params} = parsed.data;
  try {
    const onClose = (listener: () => void) => void response.on('close', listener);
    // The id is not that of a client's sequence: such a request is not remembered.
    const result = await answer({method, params, id: `http ${id}`, holder, visit, onClose});
    send(response, 200, {jsonrpc: '2.0', id, result: result ?? null});
  } catch (error) {
    const wire = toWire(error);
    send(response, statusOf(wire.code), {jsonrpc: '2.0', id, error: wire});
  }
}

function statusOf(code: number): number {
  switch (code) {
    case RPC_CODES.loginRequired:
      return 401;
    case RPC_CODES.notAllowed:
      return 403;
    case RPC_CODES.methodNotFound:
    case RPC_CODES.notFound:
      return 404;
    case RPC_CODES.conflict:
      return 409;
    case RPC_CODES.overloaded:
    case RPC_CODES.dbBusy:
    case RPC_CODES.shuttingDown:
      return 503;
    case RPC_CODES.internal:
      return 500;
    default:
      return 400;
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, {'content-type': 'application/json'}).end(`${JSON.stringify(body)}\n`);
}

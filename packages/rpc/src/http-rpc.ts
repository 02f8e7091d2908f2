/**
 * `POST /rpc`: one request in, one answer out, for curl and for scripts. Who asks shows a token of somebody who has logged in
 * (`Authorization: Bearer`, see `SessionTokens`); without one only `server.ping` is answered.
 */
import type {IncomingMessage, ServerResponse} from 'node:http';
import * as z from 'zod';
import {toWire} from './answer-request.ts';
import {nestsTooDeeply} from './peer.ts';
import {RPC_CODES, RpcError} from './rpc-error.ts';
import type {TokenHolder} from './session-tokens.ts';

/** Bytes of one body: what a person or a script writes; bulk goes over the WebSocket. */
const bodyLimit = 1024 * 1024;
const bodyTimeoutMs = 10_000;

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
  readonly holder: TokenHolder | undefined;
  readonly onClose: (listener: () => void) => void;
};

export async function answerPost(
  request: IncomingMessage,
  response: ServerResponse,
  find: (token: string) => TokenHolder | undefined,
  answer: (call: HttpCall) => Promise<unknown>,
): Promise<void> {
  const [scheme, token = ''] = (request.headers.authorization ?? '').split(' ');
  const holder = scheme === 'Bearer' ? find(token) : undefined;
  if (token !== '' && holder === undefined) {
    const error = new RpcError('loginRequired', 'the token is not known or no longer valid');
    send(response, 401, {jsonrpc: '2.0', id: null, error: toWire(error)});
    return;
  }
  const body = await readBody(request);
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
    const result = await answer({method, params, id: `http ${id}`, holder, onClose});
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

/** `undefined` when it is too long, or too slow. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  return await new Promise((resolve) => {
    const limit = setTimeout(() => resolve(undefined), bodyTimeoutMs);
    limit.unref();
    const end = (body: string | undefined) => {
      clearTimeout(limit);
      resolve(body);
    };
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > bodyLimit) {
        end(undefined);
      } else {
        chunks.push(chunk);
      }
    });
    request.on('end', () => end(Buffer.concat(chunks).toString('utf8')));
    request.on('error', () => end(undefined));
  });
}

function parseBody(body: string): unknown {
  if (nestsTooDeeply(body)) {
    return undefined;
  }
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

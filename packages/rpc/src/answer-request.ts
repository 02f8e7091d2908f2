/**
 * Answers one JSON-RPC request from a method table: is there such a method, may it be called, are its parameters right, and then its
 * handler. What a WebSocket and a plain HTTP request share.
 */
import type {Handlers, MethodTable} from './method-table.ts';
import {RPC_CODES, RpcError} from './rpc-error.ts';

/** A request as the handler's side sees it, besides its parameters. */
export type RequestInfo = {readonly id: string | undefined; readonly method: string};

export type Serving<Serves extends MethodTable> = {
  readonly serves: Serves;
  readonly handlers: Handlers<Serves, RequestInfo>;
  /** Refuses a request before its parameters are looked at, e.g. because nobody has logged in. */
  readonly check?: (method: string) => void;
};

export type WireError = {readonly code: number; readonly message: string; readonly data?: unknown};

/**
 * Runs the handler of `info.method`; everything that is wrong is thrown as an `RpcError`. A handler that answers at once is not waited
 * for: its answer is returned as it is.
 */
export function answerRequest<Serves extends MethodTable>(
  serving: Serving<Serves>,
  params: unknown,
  info: RequestInfo,
): unknown {
  const name = info.method;
  // A name such as "constructor" is found on every object.
  if (!Object.hasOwn(serving.serves, name)) {
    throw new RpcError('methodNotFound', `there is no method ${name.slice(0, 100)}`);
  }
  serving.check?.(name);
  const method = serving.serves[name];
  const handler = serving.handlers[name];
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
  return handler(parsed.data as never, info);
}

/** What of an error goes over the wire; what only a bug can cause goes without its stack. */
export function toWire(error: unknown): WireError {
  if (error instanceof RpcError) {
    return {
      code: error.code,
      message: error.message,
      ...(error.data === undefined ? {} : {data: error.data}),
    };
  }
  const {code} = error as {code?: unknown};
  if (code === 'SQLITE_FULL') {
    return {
      code: RPC_CODES.diskFull,
      message: 'the disk of the working database is full: nothing was written',
    };
  }
  if (typeof code === 'string' && code.startsWith('SQLITE_BUSY')) {
    return {code: RPC_CODES.dbBusy, message: 'the working database is busy', data: {retryAfterMs: 250}};
  }
  if (code === 'SQLITE_CORRUPT' || code === 'SQLITE_NOTADB') {
    return {code: RPC_CODES.dbCorrupt, message: 'the working database is damaged: nothing was written'};
  }
  return {code: RPC_CODES.internal, message: error instanceof Error ? error.message : String(error)};
}

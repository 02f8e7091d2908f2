/** What one end of a JSON-RPC connection has asked and not been told yet. */
import {JSONRPCClient, type JSONRPCRequest, type JSONRPCResponse} from 'json-rpc-2.0';
import {RpcError} from './rpc-error.ts';

/** With this code the library says that no answer came at all: the wire has no such code. */
const noAnswer = 0;

export class OpenQuestions {
  readonly #client: JSONRPCClient;
  readonly #makeId: () => string | number;
  #lastId = 0;

  constructor(send: (request: JSONRPCRequest) => void, makeId?: () => string) {
    this.#client = new JSONRPCClient(send);
    this.#makeId =
      makeId ??
      (() => {
        this.#lastId += 1;
        return this.#lastId;
      });
  }

  /** An error of the other end is thrown as an `RpcError`; that nothing can be sent or nothing came, as an ordinary one. */
  async ask(method: string, params: unknown): Promise<unknown> {
    // `request` of the library would do the same with twice the promises.
    const id = this.#makeId();
    const {result, error} = await this.#client.requestAdvanced({jsonrpc: '2.0', id, method, params});
    if (error === undefined || error === null) {
      return result;
    }
    const {code, message} = error as {readonly code?: unknown; readonly message?: unknown};
    if (typeof code !== 'number' || typeof message !== 'string') {
      throw new Error('the answer is no JSON-RPC 2.0');
    }
    throw code === noAnswer ? new Error(message) : RpcError.fromWire(error);
  }

  /** An answer that nobody waits for is dropped. */
  answered(response: JSONRPCResponse): void {
    this.#client.receive(response);
  }

  /** Nothing will be answered any more; `why` is the message of what is thrown. */
  fail(why: string): void {
    this.#client.rejectAllPendingRequests(why);
  }
}

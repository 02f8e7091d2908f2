/** What one end of a JSON-RPC connection has asked and not been told yet. */
import {RpcError} from './rpc-error.ts';

/** An answer as it came over the wire. */
export type AnswerOfOther = {readonly id?: unknown; readonly result?: unknown; readonly error?: unknown};

type Question = {readonly resolve: (result: unknown) => void; readonly reject: (error: unknown) => void};

export class OpenQuestions {
  readonly #questions = new Map<unknown, Question>();
  readonly #makeId: () => string | number;
  #lastId = 0;

  constructor(makeId?: () => string) {
    this.#makeId =
      makeId ??
      (() => {
        this.#lastId += 1;
        return this.#lastId;
      });
  }

  /** Resolves with the result that comes for the id which `send` is given; an error of the other end is thrown as an `RpcError`. */
  ask(send: (id: string | number) => void): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const id = this.#makeId();
      send(id);
      this.#questions.set(id, {resolve, reject});
    });
  }

  /** An answer that nobody waits for is dropped. */
  answered({id, result, error}: AnswerOfOther): void {
    const question = this.#questions.get(id);
    if (question === undefined) {
      return;
    }
    this.#questions.delete(id);
    if (error === undefined || error === null) {
      question.resolve(result);
    } else {
      question.reject(
        isWireError(error) ? RpcError.fromWire(error) : new Error('the answer is no JSON-RPC 2.0'),
      );
    }
  }

  /** Nothing will be answered any more. */
  fail(error: Error): void {
    for (const {reject} of this.#questions.values()) {
      reject(error);
    }
    this.#questions.clear();
  }
}

function isWireError(error: unknown): error is {readonly code: number; readonly message: string} {
  const {code, message} = error as {code?: unknown; message?: unknown};
  return typeof code === 'number' && typeof message === 'string';
}

import type {JSONRPCID, JSONRPCResponse} from 'json-rpc-2.0';
import {expect, it} from 'vitest';
import {OpenQuestions} from './open-questions.ts';
import {RPC_CODES, RpcError} from './rpc-error.ts';

/** What has been asked so far is in `ids`. */
function makeQuestions(): {readonly questions: OpenQuestions; readonly ids: JSONRPCID[]} {
  const ids: JSONRPCID[] = [];
  return {questions: new OpenQuestions(({id}) => void ids.push(id ?? null)), ids};
}

/** What a question that gets this answer comes to. */
async function outcomeOf(answer: object): Promise<unknown> {
  const {questions, ids} = makeQuestions();
  const asked = questions.ask('any', {});
  questions.answered({jsonrpc: '2.0', id: ids[0], ...answer} as JSONRPCResponse);
  return await asked.catch((error: unknown) => error);
}

it('each question gets the answer with its id, in whatever order they come', async () => {
  const {questions, ids} = makeQuestions();
  const asked = [questions.ask('first', {}), questions.ask('second', {})];
  const [first = null, second = null] = ids;
  questions.answered({jsonrpc: '2.0', id: second, result: 'second'});
  questions.answered({jsonrpc: '2.0', id: first, result: 'first'});
  expect(await Promise.all(asked)).toEqual(['first', 'second']);
});

it('an error of the other end is an RpcError, and one that is malformed is not', async () => {
  expect(await outcomeOf({error: {code: RPC_CODES.conflict, message: 'no', data: 1}})).toEqual(
    new RpcError('conflict', 'no', 1),
  );
  const malformed = await outcomeOf({error: 'no'});
  expect(malformed).toBeInstanceOf(Error);
  expect(malformed).not.toBeInstanceOf(RpcError);
});

it('a result may be null', async () => {
  expect(await outcomeOf({result: null})).toBeNull();
});

it('a question that cannot be sent fails and waits for nothing', async () => {
  const questions = new OpenQuestions(
    () => {
      throw new Error('not sent');
    },
    () => 'same',
  );
  await expect(questions.ask('first', {})).rejects.toThrow('not sent');
  await expect(questions.ask('second', {})).rejects.toThrow('not sent');
});

it('what is open when the connection goes fails, by no error of the other end', async () => {
  const {questions} = makeQuestions();
  const asked = questions.ask('any', {});
  questions.fail('gone');
  const failure = await asked.catch((error: unknown) => error);
  expect(failure).toEqual(new Error('gone'));
  expect(failure).not.toBeInstanceOf(RpcError);
});

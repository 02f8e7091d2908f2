import {expect, it} from 'vitest';
import {OpenQuestions} from './open-questions.ts';
import {RPC_CODES, RpcError} from './rpc-error.ts';

it('each question gets the answer with its id, in whatever order they come', async () => {
  const questions = new OpenQuestions();
  const ids: (string | number)[] = [];
  const asked = [1, 2].map((_) => questions.ask((id) => ids.push(id)));
  questions.answered({id: ids[1], result: 'second'});
  questions.answered({id: ids[0], result: 'first'});
  expect(await Promise.all(asked)).toEqual(['first', 'second']);
});

it('an error of the other end is an RpcError, and one that is malformed is not', async () => {
  const questions = new OpenQuestions();
  const answer = async (error: unknown) => {
    await questions.ask((id) => setImmediate(() => questions.answered({id, error})));
  };
  await expect(answer({code: RPC_CODES.conflict, message: 'no', data: 1})).rejects.toThrow(
    new RpcError('conflict', 'no', 1),
  );
  const malformed = await answer('no').catch((error: unknown) => error);
  expect(malformed).toBeInstanceOf(Error);
  expect(malformed).not.toBeInstanceOf(RpcError);
});

it('a question that cannot be sent fails and waits for nothing', async () => {
  const questions = new OpenQuestions(() => 'same');
  const broken = questions.ask(() => {
    throw new Error('not sent');
  });
  await expect(broken).rejects.toThrow('not sent');
  const next = questions.ask(() => {});
  questions.answered({id: 'same', result: 1});
  expect(await next).toBe(1);
});

it('what is open when the connection goes fails', async () => {
  const questions = new OpenQuestions();
  const asked = questions.ask(() => {});
  questions.fail(new Error('gone'));
  await expect(asked).rejects.toThrow('gone');
});

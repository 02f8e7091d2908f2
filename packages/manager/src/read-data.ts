/** Asks a database that the area's files name (data of graphs, tables of views) in a process that is ended when it takes too long. */
import {fork} from 'node:child_process';
import {type DataAnswer, type DataQuestion, RpcError} from '@megatest/rpc';

type Reply = {readonly answer: DataAnswer} | {readonly mistake: string} | {readonly crash: string};

/** A query has two seconds; the start of the process has some more. */
const limitMs = 2000;
const startMs = 3000;

export async function readData(program: string, question: DataQuestion): Promise<DataAnswer> {
  const child = fork(program, [], {cwd: '/', stdio: ['ignore', 'ignore', 'ignore', 'ipc']});
  const queries = question.kind === 'series' ? question.series.length : 1;
  let timer: NodeJS.Timeout | undefined;
  try {
    const reply = await new Promise<Reply>((resolve, reject) => {
      timer = setTimeout(
        () =>
          reject(
            new RpcError(
              'timeout',
              `${question.file} was given up: each query has ${limitMs / 1000} seconds`,
            ),
          ),
        startMs + queries * limitMs,
      );
      child.once('message', resolve);
      child.once('error', reject);
      child.once('exit', (code) =>
        reject(new Error(`the process that reads ${question.file} ended with ${code}`)),
      );
      child.send(question);
    });
    if ('answer' in reply) {
      return reply.answer;
    }
    throw 'mistake' in reply
      ? new RpcError('invalidValue', reply.mistake, {field: 'file', value: question.file})
      : new Error(reply.crash);
  } finally {
    clearTimeout(timer);
    child.kill('SIGKILL');
  }
}

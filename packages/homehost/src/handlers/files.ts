/** Files and logs of run directories. */
import type {FileHandle} from 'node:fs/promises';
import type {CallHandlers, filesMethods} from '@megatest/rpc';
import type {TestRow} from '@megatest/store';
import {isSecret, parseEnvironment} from '../panel/test-environment.ts';
import type {HandlerTools} from './handler-tools.ts';

export type FilesHandlers = CallHandlers<typeof filesMethods>;

/** More of a file that is told as a whole is not looked at. */
const mostBytes = 4 * 1024 * 1024;

export function filesHandlers({find, world: {panel}}: HandlerTools): FilesHandlers {
  /** The copy that the test ran with. */
  async function runConfig(test: TestRow): Promise<{readonly path: string; readonly text: string} | null> {
    const opened = await panel.files.open(test, 'testconfig').catch(() => undefined);
    if (opened === undefined) {
      return null;
    }
    return {path: opened.path, text: await readStart(opened.handle, mostBytes)};
  }

  return {
    'files.list': async ({testId, path}) => await panel.files.list(find({testId}), path ?? ''),
    'files.environment': async ({testId, show}, {connection}) => {
      const {handle} = await panel.files.open(find({testId}), 'megatest.sh');
      const mayShow = show === true && connection.role === 'operator';
      const variables = parseEnvironment(await readStart(handle, mostBytes));
      return {
        variables: variables.map(({name, value}) => ({
          name,
          value: isSecret(name) && !mayShow ? null : value,
        })),
      };
    },
    'files.testconfig': async ({testId}) => {
      const test = find({testId});
      const [source, run] = await Promise.all([
        panel.areaFiles.testFiles(test.testName).catch((error: unknown) => messageOf(error)),
        runConfig(test),
      ]);
      return typeof source === 'string' ? {source: null, problem: source, run} : {source, problem: null, run};
    },
    'logs.open': async ({testId, path}, {connection}) =>
      await panel.logs.open(connection, find({testId}), path),
    'logs.close': async ({log}, {connection}) => {
      await panel.logs.close(connection, log);
      return null;
    },
    'logs.read': async ({log, from, count}, {connection}) =>
      await panel.logs.read(connection, log, from, count),
    'logs.follow': async ({log}, {connection}) => {
      await panel.logs.follow(connection, log);
      return null;
    },
  };
}

/** Closes the file, too. */
async function readStart(handle: FileHandle, bytes: number): Promise<string> {
  try {
    const {size} = await handle.stat();
    const length = Math.min(size, bytes);
    const {buffer, bytesRead} = await handle.read(Buffer.alloc(length), 0, length, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

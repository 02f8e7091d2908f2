/** The body of a request that is small: what a person, a page or a script writes. */
import type {IncomingMessage} from 'node:http';
import {nestsTooDeeply} from './peer.ts';

const bodyTimeoutMs = 10_000;

/** `undefined` when it is longer than `mostBytes`, or too slow. */
export async function readBody(request: IncomingMessage, mostBytes: number): Promise<string | undefined> {
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
      if (size > mostBytes) {
        end(undefined);
      } else {
        chunks.push(chunk);
      }
    });
    request.on('end', () => end(Buffer.concat(chunks).toString('utf8')));
    request.on('error', () => end(undefined));
  });
}

/** `undefined` for what is no JSON, or nested too deeply. */
export function parseBody(body: string): unknown {
  if (nestsTooDeeply(body)) {
    return undefined;
  }
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

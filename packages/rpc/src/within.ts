/** Answers that come in time, or not at all. */
import {RpcError} from './rpc-error.ts';

/** Whatever is still done for an answer that is too late is done in vain. */
export async function within<T>(limitMs: number, what: string, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new RpcError('timeout', `${what} took longer than ${limitMs / 1000} seconds`)),
      limitMs,
    );
    timer.unref();
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

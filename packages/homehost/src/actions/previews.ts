/**
 * What was shown to somebody and may be started by him, once, for a minute. In memory only: what the next daemon does not know has to be
 * shown again.
 */
import {RpcError} from '@megatest/rpc';

export const previewS = 60;
/** Of one user; the oldest makes room. */
const mostPreviews = 100;

type Kept<T> = {readonly user: string; readonly expiresS: number; readonly content: T};

export class Previews<T> {
  readonly #nowS: () => number;
  /** The oldest first. */
  readonly #kept = new Map<string, Kept<T>>();

  constructor(nowS: () => number) {
    this.#nowS = nowS;
  }

  /** Returns until when it may be started: Unix seconds. */
  add(id: string, user: string, content: T): number {
    for (const [known, {expiresS}] of this.#kept) {
      if (this.#nowS() > expiresS) {
        this.#kept.delete(known);
      }
    }
    const own = [...this.#kept].filter(([, kept]) => kept.user === user);
    for (const [known] of own.slice(0, Math.max(0, own.length + 1 - mostPreviews))) {
      this.#kept.delete(known);
    }
    const expiresS = this.#nowS() + previewS;
    this.#kept.set(id, {user, expiresS, content});
    return expiresS;
  }

  /** Nothing when it is another user's, has been started, or is too old. */
  find(id: string, user: string): T | undefined {
    const kept = this.#kept.get(id);
    return kept?.user === user && this.#nowS() <= kept.expiresS ? kept.content : undefined;
  }

  /** As `find`; it is gone then. */
  take(id: string, user: string): T {
    const content = this.find(id, user);
    if (content === undefined) {
      throw new RpcError(
        'conflict',
        `there is no such preview of ${user}: it lasts ${previewS} seconds and starts once; ask for a new one`,
        {preview: id},
      );
    }
    this.#kept.delete(id);
    return content;
  }
}

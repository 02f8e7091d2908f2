/**
 * Secrets that were handed to somebody who has logged in, and what each stands for: tokens, one-time codes, sessions of browsers. They
 * are kept as their hashes, in memory only, each for a limited time, and only so many of a role: whoever has most loses the oldest, so
 * that asking for many ends nobody else's.
 */
import {createHash, randomBytes} from 'node:crypto';
import type {ClientInfo} from './daemon-methods.ts';
import type {Role} from './rpc-server.ts';

export type SecretHolder = {readonly client: ClientInfo; readonly role: Role};

export type HeldSecretsOptions<T> = {
  readonly validS: number;
  /** Of one role. */
  readonly most: number;
  readonly nowMs?: (() => number) | undefined;
  /** Whatever ends it: its time, somebody's wish, or the lack of room. */
  readonly onEnd?: (holder: T) => void;
};

export class HeldSecrets<T extends SecretHolder> {
  readonly #options: HeldSecretsOptions<T>;
  readonly #nowMs: () => number;
  /** By hash; the one that ends first comes first. */
  readonly #held = new Map<string, {readonly holder: T; readonly untilMs: number}>();

  constructor(options: HeldSecretsOptions<T>) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? (() => performance.now());
  }

  /** 32 random bytes as hex. */
  make(holder: T): string {
    const secret = randomBytes(32).toString('hex');
    this.sweep();
    this.#keep(hash(secret), holder);
    this.#makeRoom(holder.role);
    return secret;
  }

  find(secret: string): T | undefined {
    this.sweep();
    return this.#held.get(hash(secret))?.holder;
  }

  /** As `find`; it is good for nothing else then. */
  take(secret: string): T | undefined {
    const holder = this.find(secret);
    this.end(secret);
    return holder;
  }

  /** As `find`; its time begins anew. */
  renew(secret: string): T | undefined {
    const holder = this.find(secret);
    if (holder !== undefined) {
      const key = hash(secret);
      this.#held.delete(key);
      this.#keep(key, holder);
    }
    return holder;
  }

  end(secret: string): void {
    this.#end(hash(secret));
  }

  /** Ends those whose time is over. */
  sweep(): void {
    const nowMs = this.#nowMs();
    for (const [key, {untilMs}] of this.#held) {
      if (untilMs >= nowMs) {
        return;
      }
      this.#end(key);
    }
  }

  #keep(key: string, holder: T): void {
    this.#held.set(key, {holder, untilMs: this.#nowMs() + this.#options.validS * 1000});
  }

  #end(key: string): void {
    const held = this.#held.get(key);
    if (held !== undefined) {
      this.#held.delete(key);
      this.#options.onEnd?.(held.holder);
    }
  }

  #makeRoom(role: Role): void {
    const byUser = new Map<string, string[]>();
    let count = 0;
    for (const [key, {holder}] of this.#held) {
      if (holder.role === role) {
        const user = `${holder.client.user}@${holder.client.host}`;
        const keys = byUser.get(user);
        if (keys === undefined) {
          byUser.set(user, [key]);
        } else {
          keys.push(key);
        }
        count += 1;
      }
    }
    if (count > this.#options.most) {
      const [most] = [...byUser.values()].sort((a, b) => b.length - a.length);
      this.#end(most?.[0] ?? '');
    }
  }
}

function hash(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/**
 * Tokens of clients that cannot answer a challenge, such as curl (spec homehost.md 9.1): made for a connection that has logged in,
 * good for its role and its user, for a limited time and for the life of this daemon. A token is kept only as its hash.
 */
import {createHash, randomBytes} from 'node:crypto';
import type {ClientInfo} from './daemon-methods.ts';
import type {Role} from './rpc-server.ts';

export const tokenValidS = 12 * 3600;
/** More are not kept for a role: whoever has most loses the oldest, so that asking for many ends nobody else's. */
const mostTokens = 1000;

export type TokenHolder = {readonly client: ClientInfo; readonly role: Role};

export class SessionTokens {
  readonly #holders = new Map<string, TokenHolder & {readonly untilMs: number}>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  make(holder: TokenHolder): {readonly token: string; readonly validS: number} {
    const token = randomBytes(32).toString('hex');
    this.#holders.set(hash(token), {...holder, untilMs: this.#nowMs() + tokenValidS * 1000});
    this.#makeRoom(holder.role);
    return {token, validS: tokenValidS};
  }

  #makeRoom(role: Role): void {
    const byUser = new Map<string, string[]>();
    let count = 0;
    for (const [key, holder] of this.#holders) {
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
    if (count > mostTokens) {
      const [most] = [...byUser.values()].sort((a, b) => b.length - a.length);
      this.#holders.delete(most?.[0] ?? '');
    }
  }

  find(token: string): TokenHolder | undefined {
    const key = hash(token);
    const holder = this.#holders.get(key);
    if (holder !== undefined && holder.untilMs < this.#nowMs()) {
      this.#holders.delete(key);
      return undefined;
    }
    return holder;
  }
}

function hash(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

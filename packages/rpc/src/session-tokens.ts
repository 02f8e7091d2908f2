/**
 * Tokens of clients that cannot answer a challenge, such as curl (spec homehost.md 9.1): made for a connection that has logged in,
 * good for its role and its user, for a limited time and for the life of this daemon.
 */
import {HeldSecrets, type SecretHolder} from './held-secrets.ts';

export const tokenValidS = 12 * 3600;
const mostTokens = 1000;

export class SessionTokens {
  readonly #tokens: HeldSecrets<SecretHolder>;

  constructor(nowMs?: () => number) {
    this.#tokens = new HeldSecrets({validS: tokenValidS, most: mostTokens, nowMs});
  }

  make(holder: SecretHolder): {readonly token: string; readonly validS: number} {
    return {token: this.#tokens.make(holder), validS: tokenValidS};
  }

  find(token: string): SecretHolder | undefined {
    return this.#tokens.find(token);
  }
}

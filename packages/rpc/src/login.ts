/** Proof of a key without sending it (spec homehost.md 8.2). */
import {createHmac, randomBytes, timingSafeEqual} from 'node:crypto';

export type LoginTerms = {
  readonly serverId: string;
  readonly serverChallenge: string;
  readonly clientChallenge: string;
  readonly clientId: string;
  /** Fingerprint of the TLS certificate, or `-`. */
  readonly fingerprint: string;
};

export function makeChallenge(): string {
  return randomBytes(32).toString('hex');
}

/** `role` is who proves: the client, or the daemon in its answer. */
export function prove(role: 'client' | 'daemon', key: string, terms: LoginTerms): string {
  const {serverId, serverChallenge, clientChallenge, clientId, fingerprint} = terms;
  const text = [role, serverId, serverChallenge, clientChallenge, clientId, fingerprint].join('\n');
  return createHmac('sha256', Buffer.from(key, 'hex')).update(text).digest('hex');
}

export function isProof(proof: string, role: 'client' | 'daemon', key: string, terms: LoginTerms): boolean {
  const expected = Buffer.from(prove(role, key, terms));
  const given = Buffer.from(proof);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

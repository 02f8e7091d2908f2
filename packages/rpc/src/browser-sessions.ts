/**
 * Sessions of browsers (spec dashboard.md B10): `open` from the exchange of a one-time code until somebody logs out, or twelve hours
 * have passed without a use; then they are over, and whoever was connected by them is told. They end with the daemon.
 */
import type {IncomingMessage} from 'node:http';
import {CallRate} from './call-rate.ts';
import type {ClientInfo} from './daemon-methods.ts';
import {HeldSecrets, type SecretHolder} from './held-secrets.ts';
import type {Role} from './rpc-server.ts';

export const sessionValidS = 12 * 3600;
const mostSessions = 1000;

export const browserLimits = {
  /** WebSockets of browsers at a time. */
  connections: 64,
  /** Calls of one WebSocket in a second, and of all posts of one session. */
  callsPerS: 50,
  /** Bytes of one frame. */
  frame: 1024 * 1024,
  /** How long a read may take. */
  readMs: 5000,
} as const;

/** A request that came with the cookie of a session. */
export type BrowserVisit = {
  readonly session: BrowserSession;
  /** The `Set-Cookie` that makes the browser keep it for as long as the daemon does. */
  readonly setCookie: string;
  /** Makes its time begin anew; false when it is over. */
  readonly renew: () => boolean;
};

/** How browsers are recognised: up to who gives them their cookies. */
export type FindVisit = (request: IncomingMessage) => BrowserVisit | undefined;

export class BrowserSession {
  readonly client: ClientInfo;
  readonly role: Role;
  /** Of its posts. */
  readonly postRate: CallRate;
  readonly #nowMs: (() => number) | undefined;
  readonly #listeners = new Set<() => void>();

  constructor({client, role}: SecretHolder, nowMs?: () => number) {
    this.client = client;
    this.role = role;
    this.#nowMs = nowMs;
    this.postRate = this.makeRate();
  }

  /** For one more WebSocket. */
  makeRate(): CallRate {
    return new CallRate(browserLimits.callsPerS, this.#nowMs);
  }

  /** Returns how not to be told any more. */
  onEnd(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  end(): void {
    for (const listener of this.#listeners) {
      listener();
    }
  }
}

export class BrowserSessions extends HeldSecrets<BrowserSession> {
  constructor(nowMs?: () => number) {
    super({validS: sessionValidS, most: mostSessions, nowMs, onEnd: (session) => session.end()});
  }
}

/**
 * Which requests of browsers are meant for this daemon and made by its own pages (spec dashboard.md B10). A name that is not this
 * host's may be one that somebody bends to its address, so that his page counts as one of the daemon's; a foreign `Origin` is a page of
 * somebody else that uses its visitor's network, or session.
 */
import type {IncomingMessage} from 'node:http';
import {ownNames} from './discovery.ts';

const loopback: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '::1']);

/** Status of the refusal: misdirected, or forbidden. */
export type OriginRefusal = 421 | 403;

export class OwnOrigin {
  readonly #allowed: ReadonlySet<string>;

  /** `allowedHosts` are further names and addresses under which the daemon is reached, such as that of a proxy. */
  constructor(allowedHosts: readonly string[] = []) {
    this.#allowed = new Set(allowedHosts.map((host) => host.toLowerCase()));
  }

  /**
   * Of a call. A browser names the origin of its page in each; what does not, and has no session of a browser, is a program, which
   * logs in by itself and may know this host by any name.
   */
  refusalOfCall(request: IncomingMessage, hasSession: boolean): OriginRefusal | undefined {
    const isProgram = request.headers.origin === undefined && !hasSession;
    return isProgram ? undefined : this.refusalOfPage(request, true);
  }

  /** Of whatever else a browser asks for; what changes nothing comes without the origin. */
  refusalOfPage(request: IncomingMessage, mustNameOrigin: boolean): OriginRefusal | undefined {
    const {host, origin} = request.headers;
    if (!this.isOwnHost(host)) {
      return 421;
    }
    if (origin === undefined) {
      return mustNameOrigin ? 403 : undefined;
    }
    return isOriginOf(origin, host ?? '', isEncrypted(request)) ? undefined : 403;
  }

  isOwnHost(host: string | undefined): boolean {
    const [, bracketed, plain] =
      /^(?:\[([^\]]+)\]|([^:[\]]+))(?::\d+)?$/.exec(host?.toLowerCase() ?? '') ?? [];
    const name = bracketed ?? plain;
    // The addresses of a host may change while the daemon runs.
    return name !== undefined && (loopback.has(name) || this.#allowed.has(name) || ownNames().has(name));
  }
}

/** A proxy may speak TLS for a daemon that does not; the other way round nobody has a reason to. */
function isOriginOf(origin: string, host: string, isTls: boolean): boolean {
  return origin === `https://${host}` || (!isTls && origin === `http://${host}`);
}

export function isEncrypted({socket}: IncomingMessage): boolean {
  return 'encrypted' in socket;
}

/**
 * The cookie of a browser's session. Browsers do not tell the ports of a host apart, so its name tells the area: being logged in to one
 * does not log out of the other.
 */
import type {IncomingMessage} from 'node:http';
import {isEncrypted, sessionValidS} from '@megatest/rpc';
import {areaHash} from '@megatest/store';

export class SessionCookie {
  readonly name: string;
  readonly #path: string;

  constructor(areaPath: string, basePath: string) {
    this.name = `megatest-${areaHash(areaPath)}`;
    this.#path = basePath === '' ? '/' : basePath;
  }

  secretOf({headers: {cookie = ''}}: IncomingMessage): string | undefined {
    const prefix = `${this.name}=`;
    const pairs = cookie.split(';').map((pair) => pair.trim());
    return pairs.find((pair) => pair.startsWith(prefix))?.slice(prefix.length);
  }

  /** `Set-Cookie` in the answer to a request. */
  print(secret: string, request: IncomingMessage): string {
    return this.#print(secret, sessionValidS, request);
  }

  printGone(request: IncomingMessage): string {
    return this.#print('', 0, request);
  }

  #print(value: string, maxAgeS: number, request: IncomingMessage): string {
    // A proxy that speaks TLS for the daemon shows in the origin of its pages.
    const isSecure = isEncrypted(request) || request.headers.origin?.startsWith('https:') === true;
    const attributes = [`Path=${this.#path}`, `Max-Age=${maxAgeS}`, 'HttpOnly', 'SameSite=Strict'];
    return [`${this.name}=${value}`, ...attributes, ...(isSecure ? ['Secure'] : [])].join('; ');
  }
}

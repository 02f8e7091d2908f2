/** How the daemon lets browsers in, as `[dashboard]` and `[server]` of its area want it. */
import type {IncomingMessage, Server} from 'node:http';
import type {Server as TlsServer} from 'node:https';
import {type AddressInfo, isIPv6} from 'node:net';
import {OwnOrigin, ownAddress, RpcError, type SecretHolder, WrongAnswers} from '@megatest/rpc';
import type {DaemonSettings} from '../settings.ts';
import {parseBasePath, withoutBasePath} from './base-path.ts';
import {type LoginLink, WebLogin, type WebLoginOptions} from './web-login.ts';

export class WebAccess {
  readonly origin: OwnOrigin;
  readonly wrongAnswers = new WrongAnswers();
  /** None when the area wants no dashboard. */
  readonly login: WebLogin | undefined;
  readonly #basePath: string;

  constructor(
    {areaPath, areaName, hostname, dashboard}: DaemonSettings,
    {address, log}: Pick<WebLoginOptions, 'address' | 'log'>,
  ) {
    const {enabled, 'allowed-hosts': allowed, 'base-path': basePath} = dashboard;
    const parsed = parseBasePath(basePath);
    if (parsed === undefined) {
      log('WARNING', `[dashboard] base-path cannot be "${basePath}"; it is /`);
    }
    this.#basePath = parsed ?? '';
    this.origin = new OwnOrigin(hostname === undefined ? allowed : [...allowed, hostname]);
    const {origin, wrongAnswers} = this;
    this.login = enabled
      ? new WebLogin({...{areaPath, areaName, basePath: this.#basePath, origin, wrongAnswers}, address, log})
      : undefined;
  }

  makeLink({client, role}: SecretHolder, path: string | undefined): LoginLink {
    if (this.login === undefined) {
      throw new RpcError('notAllowed', '[dashboard] enabled of this area is no: no browser can log in', {
        key: 'enabled',
      });
    }
    return this.login.makeLink({client, role}, path);
  }

  /** To be called before anybody else listens to the server's requests. */
  attach(server: Server | TlsServer): void {
    for (const event of ['request', 'upgrade']) {
      server.on(event, (request: IncomingMessage) => {
        request.url = withoutBasePath(request.url ?? '', this.#basePath);
      });
    }
  }
}

/** Where browsers reach a server that listens. */
export function webAddress(server: Server | TlsServer, isTls: boolean): string {
  const {address, port} = server.address() as AddressInfo;
  const isAnywhere = address === '::' || address === '0.0.0.0';
  const host = isAnywhere ? ownAddress() : isIPv6(address) ? `[${address}]` : address;
  return `${isTls ? 'https' : 'http'}://${host}:${port}`;
}

/**
 * How a browser gets in (spec dashboard.md B10): a client that has logged in asks for a link with a one-time code, the page of the link
 * posts the code, and the browser gets the cookie of a session with the client's user and role. Codes and sessions are in memory only,
 * so they end with the daemon.
 */
import {randomUUID} from 'node:crypto';
import type {IncomingMessage, ServerResponse} from 'node:http';
import {
  BrowserSession,
  BrowserSessions,
  type BrowserVisit,
  HeldSecrets,
  type OwnOrigin,
  parseBody,
  RpcError,
  readBody,
  type SecretHolder,
  sessionValidS,
  type WrongAnswers,
} from '@megatest/rpc';
import * as z from 'zod';
import {isOwnPath} from './base-path.ts';
import {contentPolicy, loginFiles} from './login-page.ts';
import {SessionCookie} from './session-cookie.ts';

export const codeValidS = 120;
/** Open ones of one role. */
const mostCodes = 100;
/** Bytes of the body with a code. */
const bodyLimit = 1024;
const exchangeShape = z.strictObject({code: z.string()});

export type LoginLink = {readonly url: string; readonly validS: number; readonly role: SecretHolder['role']};

export type WebLoginOptions = {
  readonly areaPath: string;
  readonly areaName: string;
  /** As `parseBasePath` gives it. */
  readonly basePath: string;
  readonly origin: OwnOrigin;
  readonly wrongAnswers: WrongAnswers;
  /** Where browsers reach the daemon, e.g. `http://10.0.0.5:40123`. */
  readonly address: () => string;
  readonly log: (level: 'INFO' | 'WARNING', text: string) => void;
  readonly nowMs?: () => number;
};

export class WebLogin {
  readonly #options: WebLoginOptions;
  readonly #cookie: SessionCookie;
  readonly #codes: HeldSecrets<SecretHolder>;
  readonly #sessions: BrowserSessions;

  constructor(options: WebLoginOptions) {
    const {areaPath, basePath, nowMs} = options;
    this.#options = options;
    this.#cookie = new SessionCookie(areaPath, basePath);
    this.#codes = new HeldSecrets({validS: codeValidS, most: mostCodes, nowMs});
    this.#sessions = new BrowserSessions(nowMs);
  }

  /** A link for one login as `holder`; the code is in the fragment, which no browser sends and no log holds. */
  makeLink(holder: SecretHolder, path: string | undefined): LoginLink {
    if (path !== undefined && !isOwnPath(path)) {
      throw new RpcError('invalidValue', 'the path of a link begins with one "/" and has no blanks', {
        field: 'path',
        value: path,
      });
    }
    const {address, basePath} = this.#options;
    const query = path === undefined ? '' : `?path=${encodeURIComponent(path)}`;
    const code = this.#codes.make(holder);
    return {url: `${address()}${basePath}/login${query}#code=${code}`, validS: codeValidS, role: holder.role};
  }

  /** The session of a request's cookie. */
  findVisit = (request: IncomingMessage): BrowserVisit | undefined => {
    const secret = this.#cookie.secretOf(request);
    const session = secret === undefined ? undefined : this.#sessions.find(secret);
    if (secret === undefined || session === undefined) {
      return undefined;
    }
    return {
      session,
      setCookie: this.#cookie.print(secret, request),
      renew: () => this.#sessions.renew(secret) !== undefined,
    };
  };

  /** Ends what is over. To be called now and then. */
  sweep(): void {
    this.#codes.sweep();
    this.#sessions.sweep();
  }

  /** False for what is no page of the login. */
  answer(request: IncomingMessage, response: ServerResponse): boolean {
    const {method = '', url = ''} = request;
    const [path = ''] = url.split('?');
    const file = method === 'GET' ? loginFiles.get(path) : undefined;
    if (file === undefined && path !== '/session') {
      return false;
    }
    const refusal = this.#options.origin.refusalOfPage(request, method !== 'GET');
    if (refusal !== undefined) {
      response.writeHead(refusal).end();
    } else if (file !== undefined) {
      response
        .writeHead(200, {
          'content-type': file.type,
          'content-security-policy': contentPolicy,
          'x-content-type-options': 'nosniff',
          'referrer-policy': 'same-origin',
          'cache-control': 'no-store',
        })
        .end(file.text);
    } else {
      void this.#answerSession(request, response);
    }
    return true;
  }

  async #answerSession(request: IncomingMessage, response: ServerResponse): Promise<void> {
    switch (request.method) {
      case 'GET': {
        const visit = this.findVisit(request);
        if (visit?.renew() === true) {
          response.setHeader('set-cookie', visit.setCookie);
          send(response, 200, this.#describe(visit.session));
        } else {
          send(response, 401, {error: 'nobody is logged in'});
        }
        return;
      }
      case 'POST':
        await this.#open(request, response);
        return;
      case 'DELETE':
        this.#endSessionOf(request);
        response.writeHead(204, {'set-cookie': this.#cookie.printGone(request)}).end();
        return;
      default:
        response.writeHead(405, {allow: 'GET, POST, DELETE'}).end();
    }
  }

  /** A code is good for one try, in which nothing is waited for: many tries at once are counted one by one. */
  async #open(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request, bodyLimit);
    const parsed = exchangeShape.safeParse(body === undefined ? undefined : parseBody(body));
    if (!parsed.success) {
      response.setHeader('connection', 'close');
      send(response, 400, {error: 'the body is no {"code": ...}'});
      return;
    }
    const {wrongAnswers, log} = this.#options;
    const address = request.socket.remoteAddress ?? 'local';
    const waitS = Math.ceil(wrongAnswers.waitMs(address) / 1000);
    if (waitS > 0) {
      response.setHeader('retry-after', waitS);
      send(response, 429, {
        error: `Too many wrong codes came from this address: load this page again in ${waitS} seconds.`,
      });
      return;
    }
    const holder = this.#codes.take(parsed.data.code);
    if (holder === undefined) {
      wrongAnswers.add(address);
      log('WARNING', `refused a browser of ${address}: the code has been used, is too old, or never was`);
      send(response, 401, {error: 'the code has been used, is too old, or never was'});
      return;
    }
    // Nobody has its cookie any more.
    this.#endSessionOf(request);
    const {client, role} = holder;
    // What was asked for by a command, which has ended, is used by a browser.
    const browser = {...client, clientId: randomUUID(), pid: 0, kind: 'dashboard'} as const;
    const session = new BrowserSession({client: browser, role}, this.#options.nowMs);
    const secret = this.#sessions.make(session);
    log('INFO', `a browser of ${address} has logged in as ${client.user}@${client.host}, ${role}`);
    response.setHeader('set-cookie', this.#cookie.print(secret, request));
    send(response, 200, this.#describe(session));
  }

  #endSessionOf(request: IncomingMessage): void {
    const secret = this.#cookie.secretOf(request);
    if (secret !== undefined) {
      this.#sessions.end(secret);
    }
  }

  #describe({client: {user}, role}: BrowserSession): Readonly<Record<string, unknown>> {
    return {user, role, area: this.#options.areaName, validS: sessionValidS};
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  const headers = {'content-type': 'application/json', 'cache-control': 'no-store'};
  response.writeHead(status, headers).end(`${JSON.stringify(body)}\n`);
}

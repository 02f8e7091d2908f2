/**
 * The serving end: accepts WebSocket connections on any number of HTTP servers and lets each in after it has proved a key
 * (spec homehost.md 8.2). A connection is `new` -> `challenged` -> `loggedIn`; only `server.hello`, `server.login` and `server.ping`
 * are answered before that, and who stays a stranger is sent away. That of a browser with a session begins as `loggedIn`, and ends
 * with its session.
 */
import {randomUUID} from 'node:crypto';
import type {IncomingMessage, Server, ServerResponse} from 'node:http';
import type {Server as TlsServer} from 'node:https';
import type {Socket} from 'node:net';
import {type WebSocket, WebSocketServer} from 'ws';
import {answerRequest, type RequestInfo} from './answer-request.ts';
import {type BrowserVisit, browserLimits, type FindVisit} from './browser-sessions.ts';
import type {CallRate} from './call-rate.ts';
import type {ClientInfo} from './daemon-methods.ts';
import {answerPost, type HttpCall} from './http-rpc.ts';
import {isProof, type LoginTerms, makeChallenge, prove} from './login.ts';
import type {Handlers, MethodTable} from './method-table.ts';
import {OwnOrigin} from './own-origin.ts';
import {type Load, limits, Peer} from './peer.ts';
import {RpcError} from './rpc-error.ts';
import {SessionTokens} from './session-tokens.ts';
import {within} from './within.ts';
import {WrongAnswers} from './wrong-answers.ts';

export type Role = 'operator' | 'viewer';

/** One logged-in connection. */
export type Connected = {
  readonly client: ClientInfo;
  readonly role: Role;
  /** Where it comes from: an address, or `local`. */
  readonly address: string;
  /** Whether the client stays and can be told something later; one that posts is gone after its answer. */
  readonly isLasting: boolean;
  /** Asks the client, e.g. a manager to launch. */
  readonly request: (method: string, params: unknown) => Promise<unknown>;
  readonly notify: (method: string, params: unknown) => void;
  readonly onClose: (listener: () => void) => void;
  readonly close: () => void;
};

/** What a handler knows of the call. */
export type CallContext = {readonly connection: Connected; readonly request: RequestInfo};

/** A handler for each method of a table. */
export type CallHandlers<T extends MethodTable> = Required<Handlers<T, CallContext>>;

export type RpcServerOptions<T extends MethodTable> = {
  readonly methods: T;
  readonly handlers: Handlers<T, CallContext>;
  readonly areaPath: string;
  readonly serverId: string;
  readonly protocol: number;
  readonly keys: {readonly rw: string; readonly ro: string};
  /** What the login answers besides the proof. */
  readonly welcome: (client: ClientInfo) => Readonly<Record<string, unknown>>;
  readonly ping: () => unknown;
  readonly onConnect?: (connection: Connected) => void;
  readonly onCall?: (method: string) => void;
  /** Somebody gave a wrong answer to a challenge, or was sent away. */
  readonly onRefused?: (address: string, why: string) => void;
  /** Time that a connection has to log in. */
  readonly loginTimeoutMs?: number;
  /** Connections at a time, and how many of them may be strangers. */
  readonly mostConnections?: number;
  readonly mostStrangers?: number;
  /** Which names and pages are this daemon's own. */
  readonly origin?: OwnOrigin;
  /** Shared with whatever else takes secrets. */
  readonly wrongAnswers?: WrongAnswers;
  /** Browsers that have a session; without it nobody is known by a cookie. */
  readonly findVisit?: FindVisit | undefined;
  /** Time that a read of a browser may take. */
  readonly browserReadMs?: number;
};

const defaultLoginTimeoutMs = 20_000;
const defaultMostConnections = 2000;
const defaultMostStrangers = 200;
/** Close code of "try again later". */
const tryLaterCode = 1013;
/** Close code of a session that is over. */
const policyCode = 1008;
const openMethods: ReadonlySet<string> = new Set(['server.ping', 'server.hello', 'server.login']);

type Session =
  | {readonly kind: 'new'}
  | {readonly kind: 'challenged'; readonly client: ClientInfo; readonly terms: LoginTerms}
  | {readonly kind: 'loggedIn'; readonly connection: Connected};

type Hello = {
  readonly area: string;
  readonly protocol: number;
  readonly client: ClientInfo;
  readonly challenge: string;
};

export class RpcServer<T extends MethodTable> {
  readonly tokens = new SessionTokens();
  readonly #options: RpcServerOptions<T>;
  readonly #peers = new Set<Peer<T>>();
  readonly #origin: OwnOrigin;
  readonly #wrongAnswers: WrongAnswers;
  readonly #load: Load = {unanswered: 0};
  #strangers = 0;
  #browsers = 0;
  #isLeaving = false;

  constructor(options: RpcServerOptions<T>) {
    this.#options = options;
    this.#origin = options.origin ?? new OwnOrigin();
    this.#wrongAnswers = options.wrongAnswers ?? new WrongAnswers();
  }

  /** Requests of all connections that are not answered yet. */
  get unanswered(): number {
    return this.#load.unanswered;
  }

  /** `fingerprint` is that of the certificate that the server shows, or `-`. */
  attach(http: Server | TlsServer, fingerprint = '-'): void {
    const visits = new WeakMap<IncomingMessage, BrowserVisit>();
    const sockets = new WebSocketServer({
      server: http,
      path: '/rpc',
      perMessageDeflate: false,
      maxPayload: limits.frame,
      handleProtocols: (offered) => (offered.has('megatest.v1') ? 'megatest.v1' : false),
      verifyClient: ({req}, answer) => {
        const visit = this.#options.findVisit?.(req);
        const refusal = this.#origin.refusalOfCall(req, visit !== undefined);
        if (visit !== undefined && refusal === undefined) {
          visit.renew();
          visits.set(req, visit);
        }
        answer(refusal === undefined, refusal);
      },
    });
    sockets.on('headers', (headers, request) => {
      const visit = visits.get(request);
      if (visit !== undefined) {
        headers.push(`Set-Cookie: ${visit.setCookie}`);
      }
    });
    // Errors of the HTTP server, such as a port that is taken, are also told here; its owner deals with them.
    sockets.on('error', () => {});
    sockets.on('connection', (socket, request) => {
      this.#accept(socket, request.socket, {fingerprint, visit: visits.get(request)});
    });
  }

  /** Answers `POST /rpc`. */
  async post(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const visit = this.#options.findVisit?.(request);
    const refusal = this.#origin.refusalOfCall(request, visit !== undefined);
    if (refusal !== undefined) {
      response.writeHead(refusal).end();
      return;
    }
    if (visit?.renew() === true) {
      response.setHeader('set-cookie', visit.setCookie);
    }
    const address = request.socket.remoteAddress ?? 'local';
    await answerPost(
      request,
      response,
      {token: (token) => this.tokens.find(token), visit},
      async (call) => await this.#answerPosted(call, address),
    );
  }

  /** From now on everything is refused with `shuttingDown`, which makes clients turn to the next server; what has begun is answered. */
  leave(): void {
    this.#isLeaving = true;
  }

  notifyAll(method: string, params: unknown): void {
    for (const peer of this.#peers) {
      peer.notify(method, params);
    }
  }

  closeAll(): void {
    for (const peer of this.#peers) {
      peer.close(1001, 'going down');
    }
  }

  async #answerPosted(call: HttpCall, address: string): Promise<unknown> {
    const {method, params, id, holder, visit, onClose} = call;
    if (method === 'server.ping') {
      return this.#options.ping();
    }
    if (openMethods.has(method)) {
      throw new RpcError(
        'invalidRequest',
        'this login needs a WebSocket; here, show a token of server.sessionToken',
      );
    }
    const connection: Connected | undefined =
      holder === undefined
        ? undefined
        : {
            client: holder.client,
            role: holder.role,
            address,
            isLasting: false,
            request: async () => {
              throw new RpcError('invalidRequest', 'a client that posts cannot be asked');
            },
            notify: () => {},
            onClose,
            close: () => {},
          };
    const session: Session = connection === undefined ? {kind: 'new'} : {kind: 'loggedIn', connection};
    this.#options.onCall?.(method);
    const serving = {
      serves: this.#options.methods,
      handlers: this.#handlersFor(() => session, visit !== undefined),
      check: (name: string) => {
        checkVisit(visit, visit?.session.postRate);
        this.#checkRole(name, session);
      },
    };
    return await answerRequest(serving, params, {id, method});
  }

  #accept(
    socket: WebSocket,
    stream: Socket,
    {fingerprint, visit}: {readonly fingerprint: string; readonly visit: BrowserVisit | undefined},
  ): void {
    const address = stream.remoteAddress ?? 'local';
    const {
      loginTimeoutMs = defaultLoginTimeoutMs,
      mostConnections = defaultMostConnections,
      mostStrangers = defaultMostStrangers,
    } = this.#options;
    socket.on('error', () => socket.terminate());
    const isFull =
      visit === undefined ? this.#strangers >= mostStrangers : this.#browsers >= browserLimits.connections;
    if (this.#peers.size >= mostConnections || isFull) {
      this.#options.onRefused?.(address, 'too many connections');
      socket.close(tryLaterCode, 'too many connections');
      return;
    }
    let session: Session = {kind: 'new'};
    const closers: (() => void)[] = [];
    const deadline = setTimeout(() => {
      this.#options.onRefused?.(address, 'did not log in in time');
      socket.terminate();
    }, loginTimeoutMs);
    this.#strangers += 1;
    const isNoStranger = () => {
      clearTimeout(deadline);
      this.#strangers -= 1;
    };
    const enter = (client: ClientInfo, role: Role) => {
      const connection: Connected = {
        client,
        role,
        address,
        isLasting: true,
        request: (method, value) => peer.request(method, value),
        notify: (method, value) => peer.notify(method, value),
        onClose: (listener) => closers.push(listener),
        close: () => peer.close(),
      };
      session = {kind: 'loggedIn', connection};
      isNoStranger();
      this.#options.onConnect?.(connection);
    };
    const handlers = {
      ...this.#handlersFor(() => session, visit !== undefined),
      'server.ping': () => this.#options.ping(),
      'server.hello': (params: Hello) => {
        if (session.kind === 'loggedIn') {
          throw new RpcError('invalidRequest', 'this connection has logged in already');
        }
        const terms = this.#challenge(params, fingerprint);
        session = {kind: 'challenged', client: params.client, terms};
        return {serverId: terms.serverId, protocol: this.#options.protocol, challenge: terms.serverChallenge};
      },
      'server.login': async (params: {keyName: 'rw' | 'ro'; response: string}) => {
        if (session.kind !== 'challenged') {
          throw new RpcError('loginRequired', 'server.hello comes first');
        }
        const {client, terms} = session;
        // Whatever the outcome: a challenge is good for one answer.
        session = {kind: 'new'};
        await this.#prove(params, terms, address);
        const role: Role = params.keyName === 'rw' ? 'operator' : 'viewer';
        enter(client, role);
        const proof = prove('daemon', this.#options.keys[params.keyName], terms);
        return {...this.#options.welcome(client), proof, role};
      },
    };
    const rate = visit?.session.makeRate();
    const longestFrame = visit === undefined ? limits.frame : browserLimits.frame;
    const peer: Peer<T> = new Peer<T>(socket, {
      serves: this.#options.methods,
      handlers: handlers as unknown as Handlers<T, RequestInfo>,
      check: (name) => {
        checkVisit(visit, rate);
        this.#checkRole(name, session);
      },
      load: this.#load,
      stream,
      frameLimit: () => (session.kind === 'loggedIn' ? longestFrame : limits.frameOfStranger),
      ...(this.#options.onCall === undefined ? {} : {onCall: this.#options.onCall}),
    });
    this.#peers.add(peer);
    socket.on('close', () => {
      this.#peers.delete(peer);
      if (session.kind !== 'loggedIn') {
        isNoStranger();
      }
      for (const close of closers) {
        close();
      }
    });
    if (visit !== undefined) {
      this.#browsers += 1;
      closers.push(visit.session.onEnd(() => peer.close(policyCode, 'the session is over')));
      closers.push(() => {
        this.#browsers -= 1;
      });
      enter({...visit.session.client, clientId: randomUUID()}, visit.session.role);
    }
  }

  /** The area's handlers, for whoever has logged in; a browser does not wait long for what it reads. */
  #handlersFor(session: () => Session, isBrowser: boolean): Handlers<T, RequestInfo> {
    const {methods, browserReadMs = browserLimits.readMs} = this.#options;
    const wrapped: Record<string, (params: never, info: RequestInfo) => unknown> = {};
    for (const [name, handler] of Object.entries(this.#options.handlers)) {
      wrapped[name] = (params, request) => {
        const state = session();
        if (state.kind !== 'loggedIn') {
          throw new RpcError('loginRequired', 'log in first: server.hello, then server.login');
        }
        const answer = (handler as (params: never, context: CallContext) => unknown)(params, {
          connection: state.connection,
          request,
        });
        const isLimited = isBrowser && methods[name]?.kind === 'read' && answer instanceof Promise;
        return isLimited ? within(browserReadMs, name, answer) : answer;
      };
    }
    return wrapped as Handlers<T, RequestInfo>;
  }

  #challenge(hello: Hello, fingerprint: string): LoginTerms {
    const {areaPath, serverId, protocol} = this.#options;
    if (hello.protocol !== protocol) {
      throw new RpcError(
        'protocolMismatch',
        `the daemon speaks protocol ${protocol}, not ${hello.protocol}`,
        {server: protocol, wanted: hello.protocol},
      );
    }
    if (hello.area !== areaPath) {
      throw new RpcError('areaMismatch', `this is the daemon of ${areaPath}, not of ${hello.area}`, {
        area: areaPath,
      });
    }
    return {
      serverId,
      serverChallenge: makeChallenge(),
      clientChallenge: hello.challenge,
      clientId: hello.client.clientId,
      fingerprint,
    };
  }

  /** Throws when the response does not prove the key; an address that guesses has to wait. */
  async #prove(
    {keyName, response}: {readonly keyName: 'rw' | 'ro'; readonly response: string},
    terms: LoginTerms,
    address: string,
  ): Promise<void> {
    const waitMs = this.#wrongAnswers.waitMs(address);
    if (waitMs > 0) {
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
    if (!isProof(response, 'client', this.#options.keys[keyName], terms)) {
      this.#wrongAnswers.add(address);
      this.#options.onRefused?.(address, 'wrong key');
      throw new RpcError('loginRequired', `the key is not the one of ${this.#options.areaPath}`);
    }
  }

  #checkRole(name: string, session: Session): void {
    if (this.#isLeaving && name !== 'server.ping') {
      throw new RpcError('shuttingDown', 'the daemon is leaving; the next one answers');
    }
    if (openMethods.has(name)) {
      return;
    }
    if (session.kind !== 'loggedIn') {
      throw new RpcError('loginRequired', 'log in first: server.hello, then server.login');
    }
    const method = this.#options.methods[name];
    const needsOperator = method?.kind === 'write' || method?.needs === 'operator';
    if (needsOperator && session.connection.role !== 'operator') {
      throw new RpcError('notAllowed', `${name} changes the area, and your key only lets you look`, {
        role: session.connection.role,
        needed: 'operator',
      });
    }
  }
}

/** A browser is let in for as long as its session lasts, which a call makes begin anew. */
function checkVisit(visit: BrowserVisit | undefined, rate: CallRate | undefined): void {
  rate?.count();
  if (visit?.renew() === false) {
    throw new RpcError('loginRequired', 'the session is over; ask for a new link to log in');
  }
}

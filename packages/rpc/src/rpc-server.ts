/**
 * The serving end: accepts WebSocket connections on any number of HTTP servers and lets each in after it has proved a key
 * (spec homehost.md 8.2). A connection is `waiting for hello` -> `challenged` -> `logged in`; only `server.hello`,
 * `server.login` and `server.ping` are answered before that.
 */
import type {Server} from 'node:http';
import {WebSocketServer} from 'ws';
import type {ClientInfo} from './daemon-methods.ts';
import {isProof, type LoginTerms, makeChallenge, prove} from './login.ts';
import type {Handlers, MethodTable} from './method-table.ts';
import {limits, Peer, type RequestInfo} from './peer.ts';
import {RpcError} from './rpc-error.ts';

export type Role = 'operator' | 'viewer';

/** One logged-in connection. */
export type Connected = {
  readonly client: ClientInfo;
  readonly role: Role;
  /** Asks the client, e.g. a manager to launch. */
  readonly request: (method: string, params: unknown) => Promise<unknown>;
  readonly notify: (method: string, params: unknown) => void;
  readonly onClose: (listener: () => void) => void;
  readonly close: () => void;
};

/** What a handler knows of the call. */
export type CallContext = {readonly connection: Connected; readonly request: RequestInfo};

export type RpcServerOptions<T extends MethodTable> = {
  readonly methods: T;
  readonly handlers: Handlers<T, CallContext>;
  readonly areaPath: string;
  readonly serverId: string;
  readonly protocol: number;
  readonly keys: {readonly rw: string; readonly ro: string};
  readonly fingerprint: string;
  /** What the login answers besides the proof. */
  readonly welcome: (client: ClientInfo) => Readonly<Record<string, unknown>>;
  readonly ping: () => unknown;
  readonly onConnect?: (connection: Connected) => void;
  readonly onCall?: (method: string) => void;
};

/** Wrong answers from one address before it has to wait. */
const maxWrongAnswers = 5;
const wrongAnswerPauseMs = 10_000;

type Session =
  | {readonly kind: 'new'}
  | {readonly kind: 'challenged'; readonly client: ClientInfo; readonly terms: LoginTerms}
  | {readonly kind: 'loggedIn'; readonly connection: Connected};

export class RpcServer<T extends MethodTable> {
  readonly #options: RpcServerOptions<T>;
  readonly #peers = new Set<Peer<T>>();
  readonly #wrongAnswers = new Map<string, {count: number; untilMs: number}>();

  constructor(options: RpcServerOptions<T>) {
    this.#options = options;
  }

  attach(http: Server): void {
    const sockets = new WebSocketServer({
      server: http,
      path: '/rpc',
      perMessageDeflate: false,
      maxPayload: limits.frame,
      handleProtocols: (offered) => (offered.has('megatest.v1') ? 'megatest.v1' : false),
      // A browser page of somebody else must not talk to the daemon with its visitor's network.
      verifyClient: ({
        origin,
        req,
      }: {
        origin: string | undefined;
        req: {headers: {host?: string | undefined}};
      }) =>
        origin === undefined ||
        origin === `http://${req.headers.host}` ||
        origin === `https://${req.headers.host}`,
    });
    sockets.on('connection', (socket, request) =>
      this.#accept(socket, request.socket.remoteAddress ?? 'local'),
    );
  }

  closeAll(): void {
    for (const peer of this.#peers) {
      peer.close(1001, 'going down');
    }
  }

  #accept(socket: import('ws').WebSocket, address: string): void {
    let session: Session = {kind: 'new'};
    const closers: (() => void)[] = [];
    const {methods, handlers} = this.#options;
    const serverChallenge = makeChallenge();
    const wrapped: Record<string, (params: never, info: RequestInfo) => unknown> = {};
    for (const [name, handler] of Object.entries(handlers)) {
      wrapped[name] = (params, info) => {
        if (session.kind !== 'loggedIn') {
          throw new RpcError('loginRequired', 'log in first: server.hello, then server.login');
        }
        return (handler as (params: never, context: CallContext) => unknown)(params, {
          connection: session.connection,
          request: info,
        });
      };
    }
    wrapped['server.ping'] = () => this.#options.ping();
    wrapped['server.hello'] = (params: {
      area: string;
      protocol: number;
      client: ClientInfo;
      challenge: string;
    }) => {
      const {areaPath, serverId, protocol, fingerprint} = this.#options;
      if (params.protocol !== protocol) {
        throw new RpcError(
          'protocolMismatch',
          `the daemon speaks protocol ${protocol}, not ${params.protocol}`,
          {server: protocol, wanted: params.protocol},
        );
      }
      if (params.area !== areaPath) {
        throw new RpcError('areaMismatch', `this is the daemon of ${areaPath}, not of ${params.area}`, {
          area: areaPath,
        });
      }
      const terms = {
        serverId,
        serverChallenge,
        clientChallenge: params.challenge,
        clientId: params.client.clientId,
        fingerprint,
      };
      session = {kind: 'challenged', client: params.client, terms};
      return {serverId, protocol, challenge: serverChallenge};
    };
    wrapped['server.login'] = async (params: {keyName: 'rw' | 'ro'; response: string}) => {
      if (session.kind !== 'challenged') {
        throw new RpcError('loginRequired', 'server.hello comes first');
      }
      const {client, terms} = session;
      // Whatever the outcome: a challenge is good for one answer.
      session = {kind: 'new'};
      await this.#waitIfSuspect(address);
      const key = this.#options.keys[params.keyName];
      if (!isProof(params.response, 'client', key, terms)) {
        this.#noteWrongAnswer(address);
        throw new RpcError('loginRequired', `the key is not the one of ${this.#options.areaPath}`);
      }
      const role: Role = params.keyName === 'rw' ? 'operator' : 'viewer';
      const connection: Connected = {
        client,
        role,
        request: (method, value) => peer.request(method, value),
        notify: (method, value) => peer.notify(method, value),
        onClose: (listener) => closers.push(listener),
        close: () => peer.close(),
      };
      session = {kind: 'loggedIn', connection};
      this.#options.onConnect?.(connection);
      return {...this.#options.welcome(client), proof: prove('daemon', key, terms), role};
    };
    const peer: Peer<T> = new Peer<T>(socket, {
      serves: methods,
      handlers: wrapped as Handlers<T, RequestInfo>,
      check: (name) => this.#checkRole(name, session),
      ...(this.#options.onCall === undefined ? {} : {onCall: this.#options.onCall}),
    });
    this.#peers.add(peer);
    socket.on('error', () => socket.terminate());
    socket.on('close', () => {
      this.#peers.delete(peer);
      for (const close of closers) {
        close();
      }
    });
  }

  #checkRole(name: string, session: Session): void {
    const isOpen = name === 'server.ping' || name === 'server.hello' || name === 'server.login';
    if (isOpen) {
      return;
    }
    if (session.kind !== 'loggedIn') {
      throw new RpcError('loginRequired', 'log in first: server.hello, then server.login');
    }
    const needsOperator = this.#options.methods[name]?.kind === 'write' || name === 'runs.remove';
    if (needsOperator && session.connection.role !== 'operator') {
      throw new RpcError('notAllowed', `${name} changes the area, and your key only lets you look`, {
        role: session.connection.role,
        needed: 'operator',
      });
    }
  }

  async #waitIfSuspect(address: string): Promise<void> {
    const entry = this.#wrongAnswers.get(address);
    const waitMs = entry === undefined ? 0 : entry.untilMs - performance.now();
    if (waitMs > 0) {
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }

  #noteWrongAnswer(address: string): void {
    const count = (this.#wrongAnswers.get(address)?.count ?? 0) + 1;
    this.#wrongAnswers.set(address, {
      count,
      untilMs: count >= maxWrongAnswers ? performance.now() + wrongAnswerPauseMs : 0,
    });
    if (this.#wrongAnswers.size > 10_000) {
      this.#wrongAnswers.clear();
    }
  }
}

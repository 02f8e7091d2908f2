/** For tests: a server with a few methods on a loopback port, clients of it, raw connections, and a line between that can be cut. */
import {createServer, type Server} from 'node:http';
import {type AddressInfo, connect, createServer as createTcpServer, type Socket} from 'node:net';
import {WebSocket} from 'ws';
import * as z from 'zod';
import type {ClientInfo} from './daemon-methods.ts';
import {prove} from './login.ts';
import {type Handlers, type MethodTable, method} from './method-table.ts';
import {type Endpoint, RpcClient, type RpcClientOptions} from './rpc-client.ts';
import {type CallContext, type Connected, RpcServer, type RpcServerOptions} from './rpc-server.ts';

export const rigKeys = {rw: 'a'.repeat(64), ro: 'b'.repeat(64)};
export const rigArea = '/area';
const anything = z.any().optional();

export const rigMethods = {
  'server.hello': method<unknown>()('read', '', {
    area: z.string(),
    protocol: z.number(),
    version: z.string(),
    client: anything,
    challenge: z.string(),
  }),
  'server.login': method<unknown>()('read', '', {keyName: z.enum(['rw', 'ro']), response: z.string()}),
  'server.ping': method<{readonly pid: number}>()('read', '', {}),
  read: method<number>()('read', 'The sum so far.', {}),
  add: method<number>()('write', 'Adds, when the test lets it.', {n: z.number()}),
  wait: method<string>()('long', 'Answered when the test says so.', {}),
  echo: method<unknown>()('read', '', {value: anything}),
  fail: method<null>()('read', '', {}),
} satisfies MethodTable;

export class RpcRig implements AsyncDisposable {
  readonly server: RpcServer<typeof rigMethods>;
  readonly http: Server = createServer();
  readonly connections: Connected[] = [];
  /** What was added, in the order of taking effect. */
  readonly added: number[] = [];
  /** Holds back every `add` until it is called. */
  readonly held: (() => void)[] = [];
  readonly waiting: ((text: string) => void)[] = [];
  readonly refused: string[] = [];
  holdsWrites = false;
  readonly #open: {close(): void}[] = [];

  constructor(options: Partial<RpcServerOptions<typeof rigMethods>> = {}) {
    const handlers: Handlers<typeof rigMethods, CallContext> = {
      read: () => this.added.reduce((sum, n) => sum + n, 0),
      add: async ({n}) => {
        if (this.holdsWrites) {
          await new Promise<void>((resolve) => this.held.push(resolve));
        }
        this.added.push(n);
        return n;
      },
      wait: async () => await new Promise<string>((resolve) => this.waiting.push(resolve)),
      echo: ({value}) => value as unknown,
      fail: () => {
        throw new Error('a bug');
      },
    };
    this.server = new RpcServer({
      methods: rigMethods,
      handlers,
      areaPath: rigArea,
      serverId: 'server-1',
      protocol: 1,
      keys: rigKeys,
      fingerprint: '-',
      welcome: () => ({keys: [], serverTimeMs: 0, epoch: '', lastSeqDone: 0}),
      ping: () => ({pid: process.pid}),
      onConnect: (connection) => this.connections.push(connection),
      onRefused: (_, why) => this.refused.push(why),
      ...options,
    });
    this.server.attach(this.http);
    this.http.on('request', (request, response) => void this.server.post(request, response));
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.http.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get port(): number {
    return (this.http.address() as AddressInfo).port;
  }

  endpoint(keyName: 'rw' | 'ro' = 'rw', port = this.port): Endpoint {
    return {
      address: {kind: 'tcp', host: '127.0.0.1', port},
      key: {name: keyName, key: rigKeys[keyName]},
    };
  }

  client(options: Partial<RpcClientOptions<Record<string, never>>> = {}): RpcClient<typeof rigMethods> {
    const client = new RpcClient<typeof rigMethods>({
      serves: {},
      handlers: {},
      areaPath: rigArea,
      version: '1',
      kind: 'cli',
      locate: async () => this.endpoint(),
      giveUpS: 5,
      other: {name: 'the rig', leaveBy: 'server.shutdown'},
      describe: () => 'the rig',
      ...options,
    });
    this.#open.push(client);
    return client;
  }

  /** A connection on which the test itself writes frames. */
  async raw(options: {readonly headers?: Readonly<Record<string, string>>} = {}): Promise<RawConnection> {
    const socket = new WebSocket(`ws://127.0.0.1:${this.port}/rpc`, 'megatest.v1', {
      perMessageDeflate: false,
      ...options,
    });
    const raw = new RawConnection(socket);
    this.#open.push(raw);
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    return raw;
  }

  async loggedIn(keyName: 'rw' | 'ro' = 'rw', clientId = 'c1'): Promise<RawConnection> {
    const raw = await this.raw();
    const outcome = await raw.login(keyName, rigKeys[keyName], clientId);
    if (outcome.error !== undefined) {
      throw new Error(outcome.error.message);
    }
    return raw;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const one of this.#open) {
      one.close();
    }
    this.http.closeAllConnections();
    await new Promise((resolve) => this.http.close(resolve));
  }
}

export type Answer = {
  readonly id: unknown;
  readonly result?: unknown;
  readonly error?: {readonly code: number; readonly message: string; readonly data?: unknown};
};

export class RawConnection {
  readonly socket: WebSocket;
  /** Resolves with the close code. */
  readonly closed: Promise<number>;
  readonly #frames: string[] = [];
  readonly #readers: ((frame: string) => void)[] = [];

  constructor(socket: WebSocket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => {});
    socket.on('message', (data) => {
      const reader = this.#readers.shift();
      if (reader === undefined) {
        this.#frames.push(String(data));
      } else {
        reader(String(data));
      }
    });
  }

  send(frame: unknown): void {
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  async next<T = Answer>(): Promise<T> {
    const frame =
      this.#frames.shift() ?? (await new Promise<string>((resolve) => this.#readers.push(resolve)));
    return JSON.parse(frame) as T;
  }

  async ask(name: string, params: unknown, id: string | number = 'x:1'): Promise<Answer> {
    this.send({jsonrpc: '2.0', id, method: name, params});
    return await this.next();
  }

  async hello(clientId = 'c1', about: Readonly<Record<string, unknown>> = {}): Promise<Answer> {
    const client: ClientInfo = {clientId, host: 'h', pid: 1, user: 'u', kind: 'cli'};
    const params = {area: rigArea, protocol: 1, version: '1', client, challenge: '0'.repeat(64), ...about};
    return await this.ask('server.hello', params);
  }

  async login(keyName: 'rw' | 'ro', key: string, clientId = 'c1'): Promise<Answer> {
    const {result} = await this.hello(clientId);
    const {serverId, challenge} = result as {serverId: string; challenge: string};
    const terms = {
      serverId,
      serverChallenge: challenge,
      clientChallenge: '0'.repeat(64),
      clientId,
      fingerprint: '-',
    };
    return await this.ask('server.login', {keyName, response: prove('client', key, terms)});
  }

  close(): void {
    this.socket.terminate();
  }
}

/** A line to a port that can be cut in either direction, so that a request arrives and its answer does not. */
export class Line implements Disposable {
  readonly port: number;
  /** Bytes of answers that go no further while this is set. */
  losesAnswers = false;
  readonly #server: ReturnType<typeof createTcpServer>;
  readonly #sockets = new Set<Socket>();

  private constructor(server: ReturnType<typeof createTcpServer>, to: number) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (near) => {
      const far = connect({host: '127.0.0.1', port: to});
      for (const [from, into] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(from);
        from.on('error', () => {});
        from.on('close', () => into.destroy());
        from.on('data', (bytes) => {
          if (from === near || !this.losesAnswers) {
            into.write(bytes);
          }
        });
      }
    });
  }

  static async to(port: number): Promise<Line> {
    const server = createTcpServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Line(server, port);
  }

  /** Every connection is gone; new ones may be made. */
  cut(): void {
    for (const socket of this.#sockets) {
      socket.destroy();
    }
    this.#sockets.clear();
  }

  [Symbol.dispose](): void {
    this.cut();
    this.#server.close();
  }
}

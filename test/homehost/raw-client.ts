/** A connection to the daemon on which a test sends whatever it likes, byte by byte, and sees every frame that comes back. */
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {WebSocket} from 'ws';
import {makeChallenge, prove} from '../../packages/rpc/src/login.ts';

export type Reply = {
  readonly id?: unknown;
  readonly method?: string;
  readonly result?: unknown;
  readonly error?: {readonly code: number; readonly message: string; readonly data?: unknown};
};

export type RawOptions = {
  /** Address to come from; each has its own count of wrong answers. */
  readonly localAddress?: string;
  /** Sees everything that arrives. */
  readonly onReply?: (reply: Reply) => void;
};

export class RawClient implements AsyncDisposable {
  readonly socket: WebSocket;
  readonly #areaPath: string;
  readonly #replies: Reply[] = [];
  #wake: () => void = () => {};

  private constructor(socket: WebSocket, areaPath: string, onReply: (reply: Reply) => void) {
    this.socket = socket;
    this.#areaPath = areaPath;
    const wake = () => this.#wake();
    socket.on('error', wake);
    socket.on('close', wake);
    socket.on('message', (data) => {
      const message = JSON.parse(String(data)) as Reply | readonly Reply[];
      for (const reply of Array.isArray(message) ? (message as readonly Reply[]) : [message as Reply]) {
        onReply(reply);
        this.#replies.push(reply);
      }
      wake();
    });
  }

  static async connect(areaPath: string, options: RawOptions = {}): Promise<RawClient> {
    const {port} = JSON.parse(readFileSync(join(areaPath, '.server'), 'utf8')) as {port: number};
    const socket = new WebSocket(`ws://127.0.0.1:${port}/rpc`, 'megatest.v1', {
      perMessageDeflate: false,
      ...(options.localAddress === undefined ? {} : {localAddress: options.localAddress}),
    });
    const client = new RawClient(socket, areaPath, options.onReply ?? (() => {}));
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    return client;
  }

  get isOpen(): boolean {
    return this.socket.readyState === this.socket.OPEN;
  }

  send(frame: string | Buffer): void {
    this.socket.send(frame);
  }

  request(id: unknown, method: string, params: unknown): void {
    this.send(JSON.stringify({jsonrpc: '2.0', id, method, params}));
  }

  /** The next frame's message; `undefined` once the connection is closed. */
  async next(): Promise<Reply | undefined> {
    for (;;) {
      const reply = this.#replies.shift();
      if (reply !== undefined || this.socket.readyState >= this.socket.CLOSING) {
        return reply;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Asks and waits for the answer to just that. */
  async ask(id: unknown, method: string, params: unknown): Promise<Reply | undefined> {
    this.request(id, method, params);
    for (;;) {
      const reply = await this.next();
      if (reply === undefined || reply.id === id) {
        return reply;
      }
    }
  }

  /** Logs in with a key of the area, or with another. */
  async login(
    clientId: string,
    keyName: 'rw' | 'ro' = 'rw',
    key = readKeyOf(this.#areaPath, keyName),
    user = 'nobody',
  ): Promise<Reply | undefined> {
    const challenge = makeChallenge();
    const hello = await this.ask(`${clientId}:s1`, 'server.hello', {
      area: this.#areaPath,
      protocol: 1,
      version: '2.0.0',
      client: {clientId, host: 'nowhere', pid: 1, user, kind: 'cli'},
      challenge,
    });
    const said = hello?.result as {serverId: string; challenge: string} | undefined;
    if (said === undefined) {
      return hello;
    }
    const response = prove('client', key, {
      serverId: said.serverId,
      serverChallenge: said.challenge,
      clientChallenge: challenge,
      clientId,
      fingerprint: '-',
    });
    return await this.ask(`${clientId}:s2`, 'server.login', {keyName, response});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.terminate();
  }
}

function readKeyOf(areaPath: string, name: 'rw' | 'ro'): string {
  return readFileSync(join(areaPath, name === 'rw' ? '.server.key' : '.server.ro.key'), 'utf8').trim();
}

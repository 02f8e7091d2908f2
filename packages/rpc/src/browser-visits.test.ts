/** What a browser with a session may do at the serving end, and for how long (spec dashboard.md B10). */
import {describe, expect, it} from 'vitest';
import {WebSocket} from 'ws';
import {BrowserSession, BrowserSessions, browserLimits, sessionValidS} from './browser-sessions.ts';
import {RPC_CODES} from './rpc-error.ts';
import {type Answer, type RawConnection, RpcRig, type rigMethods} from './rpc-rig.ts';
import type {Role, RpcServerOptions} from './rpc-server.ts';

const ana = {clientId: 'c', host: 'mars', pid: 0, user: 'ana', kind: 'dashboard'} as const;

type Headers = Readonly<Record<string, string>>;

/** Sessions by a clock that the test sets; the cookie is nothing but the secret. */
class Browsers implements AsyncDisposable {
  readonly rig: RpcRig;
  nowMs = 0;
  readonly sessions = new BrowserSessions(() => this.nowMs);

  constructor(options: Partial<RpcServerOptions<typeof rigMethods>> = {}) {
    this.rig = new RpcRig({
      ...options,
      findVisit: ({headers: {cookie = ''}}) => {
        const session = this.sessions.find(cookie);
        const renew = () => this.sessions.renew(cookie) !== undefined;
        return session === undefined ? undefined : {session, setCookie: `renewed=${cookie}`, renew};
      },
    });
  }

  async listen(): Promise<this> {
    await this.rig.listen();
    return this;
  }

  logIn(role: Role = 'operator'): string {
    return this.sessions.make(new BrowserSession({client: ana, role}, () => this.nowMs));
  }

  headers(cookie: string): Headers {
    return {cookie, origin: `http://127.0.0.1:${this.rig.port}`};
  }

  async open(cookie = this.logIn()): Promise<RawConnection> {
    return await this.rig.raw({headers: this.headers(cookie)});
  }

  async post(method: string, params: unknown, headers: Headers): Promise<Response> {
    const body = JSON.stringify({jsonrpc: '2.0', id: 1, method, params});
    return await fetch(`http://127.0.0.1:${this.rig.port}/rpc`, {method: 'POST', body, headers});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.rig[Symbol.asyncDispose]();
  }
}

const statusOf = async (response: Promise<Response>) => (await response).status;

describe('a WebSocket with the cookie of a session', () => {
  it('is logged in as its user, with its role, and logs in no second time', async () => {
    await using browsers = await new Browsers().listen();
    const operator = await browsers.open();
    expect((await operator.ask('add', {n: 2})).result).toBe(2);
    expect((await operator.hello()).error?.code).toBe(RPC_CODES.invalidRequest);
    const viewer = await browsers.open(browsers.logIn('viewer'));
    expect((await viewer.ask('read', {})).result).toBe(2);
    expect((await viewer.ask('add', {n: 2})).error?.code).toBe(RPC_CODES.notAllowed);
    const [first, second] = browsers.rig.connections.map(({client}) => client);
    expect(first).toMatchObject({user: 'ana', host: 'mars', kind: 'dashboard'});
    expect(second?.clientId).not.toBe(first?.clientId);
  });

  it('renews the cookie in the answer', async () => {
    await using browsers = await new Browsers().listen();
    const cookie = browsers.logIn();
    const socket = new WebSocket(`ws://127.0.0.1:${browsers.rig.port}/rpc`, {
      headers: browsers.headers(cookie),
    });
    const renewed = await new Promise((resolve) =>
      socket.once('upgrade', ({headers}) => resolve(headers['set-cookie'])),
    );
    socket.terminate();
    expect(renewed).toEqual([`renewed=${cookie}`]);
  });

  it.each([
    ['without an origin', {}, '403'],
    ['of a foreign page', {origin: 'http://evil.example'}, '403'],
    ['under a name that is not this host', {host: 'evil.example', origin: 'http://evil.example'}, '421'],
  ])('%s does not get in', async (_, headers: Headers, status) => {
    await using browsers = await new Browsers().listen();
    const cookie = browsers.logIn();
    await expect(browsers.rig.raw({headers: {cookie, ...headers}})).rejects.toThrow(status);
  });

  it('that is not known is a stranger', async () => {
    await using browsers = await new Browsers().listen();
    const stranger = await browsers.open('0'.repeat(64));
    expect((await stranger.ask('read', {})).error?.code).toBe(RPC_CODES.loginRequired);
  });
});

describe('a session', () => {
  it('takes its WebSockets along when somebody logs out, and no others', async () => {
    await using browsers = await new Browsers().listen();
    const cookie = browsers.logIn();
    const [one, two, other] = [
      await browsers.open(cookie),
      await browsers.open(cookie),
      await browsers.open(),
    ];
    browsers.sessions.end(cookie);
    expect([await one.closed, await two.closed]).toEqual([1008, 1008]);
    expect((await other.ask('read', {})).result).toBe(0);
    expect(await statusOf(browsers.post('read', {}, browsers.headers(cookie)))).toBe(401);
  });

  it('lasts twelve hours from its last call', async () => {
    await using browsers = await new Browsers().listen();
    const raw = await browsers.open();
    browsers.nowMs = sessionValidS * 1000;
    expect((await raw.ask('read', {})).result).toBe(0);
    browsers.nowMs *= 2;
    browsers.sessions.sweep();
    expect((await raw.ask('read', {})).result).toBe(0);
    browsers.nowMs += sessionValidS * 1000 + 1;
    browsers.sessions.sweep();
    expect(await raw.closed).toBe(1008);
  });

  it('is not renewed by a request that is refused', async () => {
    await using browsers = await new Browsers().listen();
    const cookie = browsers.logIn();
    browsers.nowMs = sessionValidS * 1000;
    const foreign = {cookie, origin: 'http://evil.example'};
    expect(await statusOf(browsers.post('read', {}, foreign))).toBe(403);
    await expect(browsers.rig.raw({headers: foreign})).rejects.toThrow('403');
    browsers.nowMs += 1;
    expect(browsers.sessions.find(cookie)).toBeUndefined();
  });

  it('that nobody has swept away yet answers no call after its time', async () => {
    await using browsers = await new Browsers().listen();
    const raw = await browsers.open();
    browsers.nowMs = sessionValidS * 1000 + 1;
    raw.send({jsonrpc: '2.0', id: 1, method: 'add', params: {n: 1}});
    expect(await raw.closed).toBe(1008);
    expect(browsers.rig.added).toEqual([]);
  });
});

describe('POST /rpc with the cookie of a session', () => {
  it('is answered with its role, and renews the cookie', async () => {
    await using browsers = await new Browsers().listen();
    const [operator, viewer] = [browsers.logIn(), browsers.logIn('viewer')];
    const added = await browsers.post('add', {n: 3}, browsers.headers(operator));
    expect([added.status, added.headers.get('set-cookie')]).toEqual([200, `renewed=${operator}`]);
    expect(await statusOf(browsers.post('add', {n: 3}, browsers.headers(viewer)))).toBe(403);
    expect(browsers.rig.added).toEqual([3]);
  });

  it('needs the origin of an own page', async () => {
    await using browsers = await new Browsers().listen();
    const cookie = browsers.logIn();
    expect(await statusOf(browsers.post('read', {}, {cookie}))).toBe(403);
    expect(await statusOf(browsers.post('read', {}, {cookie, origin: 'http://evil.example'}))).toBe(403);
  });

  it('makes nothing of a token that is none', async () => {
    await using browsers = await new Browsers().listen();
    const headers = {...browsers.headers(browsers.logIn()), authorization: `Bearer ${'0'.repeat(64)}`};
    expect(await statusOf(browsers.post('read', {}, headers))).toBe(401);
  });
});

describe('limits of browsers', () => {
  it('so many WebSockets at a time, whoever else is connected', async () => {
    await using browsers = await new Browsers().listen();
    const cookie = browsers.logIn();
    await browsers.open(cookie);
    const firstClosed = new Promise<void>((resolve) => browsers.rig.connections[0]?.onClose(resolve));
    for (let count = 1; count < browserLimits.connections; count += 1) {
      await browsers.open(cookie);
    }
    expect(await (await browsers.open(cookie)).closed).toBe(1013);
    expect((await (await browsers.rig.loggedIn()).ask('read', {})).result).toBe(0);
    browsers.sessions.end(cookie);
    await firstClosed;
    expect((await (await browsers.open()).ask('read', {})).result).toBe(0);
  });

  it('so many calls a second of each WebSocket, and of the posts of a session', async () => {
    await using browsers = await new Browsers().listen();
    const cookie = browsers.logIn();
    const raw = await browsers.open(cookie);
    const call = {jsonrpc: '2.0', id: 1, method: 'read'};
    raw.send(Array.from({length: browserLimits.callsPerS + 1}, () => call));
    const answers = await raw.next<readonly Answer[]>();
    expect(answers.filter(({error}) => error === undefined)).toHaveLength(browserLimits.callsPerS);
    expect(answers.at(-1)?.error).toMatchObject({
      code: RPC_CODES.overloaded,
      data: {retryAfterMs: 1000 / browserLimits.callsPerS},
    });
    const other = await browsers.open(cookie);
    expect((await other.ask('read', {})).result).toBe(0);

    for (let count = 0; count < browserLimits.callsPerS; count += 1) {
      expect(await statusOf(browsers.post('read', {}, browsers.headers(cookie)))).toBe(200);
    }
    expect(await statusOf(browsers.post('read', {}, browsers.headers(cookie)))).toBe(503);
  });

  it('shorter frames than those of other clients', async () => {
    await using browsers = await new Browsers().listen();
    const raw = await browsers.open();
    const value = 'x'.repeat(browserLimits.frame - 1000);
    expect((await raw.ask('echo', {value})).result).toBe(value);
    raw.send({jsonrpc: '2.0', id: 1, method: 'echo', params: {value: `${value}${value}`}});
    expect(await raw.closed).toBe(1009);
  });

  it('a read that takes too long is given up; of other clients it is not', async () => {
    let answer: (sum: number) => void = () => {};
    await using browsers = await new Browsers({
      browserReadMs: 1,
      handlers: {
        read: async () =>
          await new Promise<number>((resolve) => {
            answer = resolve;
          }),
      },
    }).listen();
    const raw = await browsers.open();
    expect((await raw.ask('read', {})).error?.code).toBe(RPC_CODES.timeout);
    const other = await browsers.rig.loggedIn();
    const asked = other.ask('read', {});
    // Until the second read has begun.
    const first = answer;
    while (answer === first) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    answer(7);
    expect((await asked).result).toBe(7);
  });
});

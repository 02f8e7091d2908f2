import {createServer, type Server} from 'node:http';
import type {AddressInfo} from 'node:net';
import {OwnOrigin, type SecretHolder, sessionValidS, WrongAnswers} from '@megatest/rpc';
import {describe, expect, it} from 'vitest';
import {contentPolicy, loginFiles} from './login-page.ts';
import {codeValidS, WebLogin, type WebLoginOptions} from './web-login.ts';

const ana: SecretHolder = {
  client: {clientId: 'c', host: 'mars', pid: 7, user: 'ana', kind: 'cli'},
  role: 'operator',
};
const bob: SecretHolder = {client: {...ana.client, user: 'bob'}, role: 'viewer'};

/** The login alone on a port, by a clock that the test sets. */
class LoginRig implements AsyncDisposable {
  readonly login: WebLogin;
  readonly said: string[] = [];
  nowMs = 0;
  readonly #http: Server = createServer();

  constructor(options: Partial<WebLoginOptions> = {}) {
    const nowMs = () => this.nowMs;
    this.login = new WebLogin({
      areaPath: '/area',
      areaName: 'chip',
      basePath: '',
      origin: new OwnOrigin(),
      wrongAnswers: new WrongAnswers(nowMs),
      address: () => this.address,
      log: (_, text) => this.said.push(text),
      nowMs,
      ...options,
    });
    this.#http.on('request', (request, response) => {
      if (!this.login.answer(request, response)) {
        response.writeHead(404).end();
      }
    });
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#http.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  code(holder = ana): string {
    return codeOf(this.login.makeLink(holder, undefined).url);
  }

  async ask(
    method: string,
    path: string,
    {body, ...headers}: Readonly<Record<string, string>> = {},
  ): Promise<Response> {
    const sent = {origin: this.address, ...headers};
    return await fetch(this.address + path, {method, headers: sent, ...(body === undefined ? {} : {body})});
  }

  async exchange(code: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return await this.ask('POST', '/session', {...headers, body: JSON.stringify({code})});
  }

  /** Logs in, and returns the cookie. */
  async logIn(holder = ana): Promise<string> {
    return cookieOf(await this.exchange(this.code(holder)));
  }

  async whoStatus(cookie: string): Promise<number> {
    return (await this.ask('GET', '/session', {cookie})).status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }
}

function codeOf(url: string): string {
  return /#code=([0-9a-f]{64})$/.exec(url)?.[1] ?? '';
}

function cookieOf(response: Response): string {
  return response.headers.get('set-cookie')?.split(';')[0] ?? '';
}

describe('a link', () => {
  it('leads to the login page, with the code in the fragment only', async () => {
    await using rig = await new LoginRig().listen();
    const {url, validS, role} = rig.login.makeLink(bob, '/runs?q=a%2Fb');
    expect({validS, role}).toEqual({validS: 120, role: 'viewer'});
    expect(url.replace(codeOf(url), 'CODE')).toBe(
      `${rig.address}/login?path=%2Fruns%3Fq%3Da%252Fb#code=CODE`,
    );
    expect(codeOf(url)).toHaveLength(64);
  });

  it('leads to pages of this daemon only', async () => {
    await using rig = await new LoginRig().listen();
    for (const path of ['runs', '//evil.example', '/\\evil.example', '']) {
      expect(() => rig.login.makeLink(ana, path)).toThrow('begins with one "/"');
    }
  });

  it('is below the base path, as is its cookie', async () => {
    await using rig = await new LoginRig({basePath: '/tools/mt'}).listen();
    const {url} = rig.login.makeLink(ana, undefined);
    expect(url.startsWith(`${rig.address}/tools/mt/login#code=`)).toBe(true);
    expect((await rig.exchange(codeOf(url))).headers.get('set-cookie')).toContain('; Path=/tools/mt;');
  });
});

describe('a code', () => {
  it('is good for one session, of the user and with the role of who asked for it', async () => {
    await using rig = await new LoginRig().listen();
    const code = rig.code(bob);
    const first = await rig.exchange(code);
    expect(first.status).toBe(200);
    expect(await first.json()).toEqual({user: 'bob', role: 'viewer', area: 'chip', validS: sessionValidS});
    expect(first.headers.get('set-cookie')).toMatch(
      /^megatest-[0-9a-f]{32}=[0-9a-f]{64}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/,
    );
    const again = await rig.exchange(code);
    expect([again.status, again.headers.get('set-cookie')]).toEqual([401, null]);
    expect(rig.said.join('\n')).not.toContain(code);
  });

  it('is good for two minutes', async () => {
    await using rig = await new LoginRig().listen();
    const [inTime, late] = [rig.code(), rig.code()];
    rig.nowMs = codeValidS * 1000;
    expect((await rig.exchange(inTime)).status).toBe(200);
    rig.nowMs += 1;
    expect((await rig.exchange(late)).status).toBe(401);
  });

  it('is not used up by a page of somebody else, or under another name', async () => {
    await using rig = await new LoginRig().listen();
    const code = rig.code();
    expect((await rig.exchange(code, {origin: 'http://evil.example'})).status).toBe(403);
    expect((await rig.exchange(code)).status).toBe(200);
  });

  it('makes room for others when there are too many of one user', async () => {
    await using rig = await new LoginRig().listen();
    const [others, first] = [rig.code({...ana, client: bob.client}), rig.code()];
    for (let count = 0; count < 100; count += 1) {
      rig.code();
    }
    expect((await rig.exchange(others)).status).toBe(200);
    expect((await rig.exchange(first)).status).toBe(401);
  });

  it('that is wrong five times makes the address wait, and uses up no code meanwhile', async () => {
    await using rig = await new LoginRig().listen();
    const good = rig.code();
    for (let count = 0; count < 5; count += 1) {
      expect((await rig.exchange('0'.repeat(64))).status).toBe(401);
    }
    expect(rig.said).toHaveLength(5);
    const refused = await rig.exchange(good);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '10']);
    rig.nowMs = 10_000;
    expect((await rig.exchange(good)).status).toBe(200);
  });

  it.each([
    ['nothing', ''],
    ['no JSON', '{'],
    ['something else', '{"code": 1}'],
    ['too much', `{"code": "${'0'.repeat(2000)}"}`],
  ])('that is %s is refused', async (_, body) => {
    await using rig = await new LoginRig().listen();
    expect((await rig.ask('POST', '/session', {body})).status).toBe(400);
  });
});

describe('a session', () => {
  it('says who is logged in, until it is logged out', async () => {
    await using rig = await new LoginRig().listen();
    const [cookie, other] = [await rig.logIn(), await rig.logIn(bob)];
    const who = await rig.ask('GET', '/session', {cookie: `a=b; ${cookie}`});
    expect(await who.json()).toEqual({user: 'ana', role: 'operator', area: 'chip', validS: sessionValidS});
    expect(cookieOf(who)).toBe(cookie);
    expect((await rig.ask('DELETE', '/session', {cookie, origin: 'http://evil.example'})).status).toBe(403);
    const out = await rig.ask('DELETE', '/session', {cookie});
    expect(out.status).toBe(204);
    expect(out.headers.get('set-cookie')).toMatch(/^megatest-[0-9a-f]+=; .*Max-Age=0;/);
    expect([await rig.whoStatus(cookie), await rig.whoStatus(other)]).toEqual([401, 200]);
  });

  it('lasts twelve hours from its last use', async () => {
    await using rig = await new LoginRig().listen();
    const cookie = await rig.logIn();
    rig.nowMs = sessionValidS * 1000;
    expect(await rig.whoStatus(cookie)).toBe(200);
    rig.nowMs *= 2;
    expect(await rig.whoStatus(cookie)).toBe(200);
    rig.nowMs += sessionValidS * 1000 + 1;
    expect(await rig.whoStatus(cookie)).toBe(401);
  });

  it('takes the place of the one that the browser had', async () => {
    await using rig = await new LoginRig().listen();
    const before = await rig.logIn();
    const after = cookieOf(await rig.exchange(rig.code(bob), {cookie: before}));
    expect([await rig.whoStatus(before), await rig.whoStatus(after)]).toEqual([401, 200]);
  });

  it('has a cookie for TLS only when a proxy speaks TLS', async () => {
    await using rig = await new LoginRig().listen();
    const origin = rig.address.replace('http:', 'https:');
    expect((await rig.exchange(rig.code(), {origin})).headers.get('set-cookie')).toMatch(/; Secure$/);
  });
});

describe('the pages of the login', () => {
  it.each([...loginFiles.keys()])(
    '%s comes with the policy, and to nobody under another name',
    async (path) => {
      await using rig = await new LoginRig().listen();
      const response = await rig.ask('GET', `${path}?path=%2F`);
      expect(response.status).toBe(200);
      expect(response.headers.get('content-security-policy')).toBe(contentPolicy);
      expect(await response.text()).not.toMatch(/https?:|<script>|<style>| on\w+=| style=/);
      const foreign = await rig.ask('GET', path, {origin: 'http://evil.example'});
      expect(foreign.status).toBe(403);
    },
  );

  it('are all that there is', async () => {
    await using rig = await new LoginRig().listen();
    for (const path of ['/', '/login/', '/login/../megatest.config', '/session/x', '/megatest.db']) {
      expect((await rig.ask('GET', path)).status).toBe(404);
    }
    expect((await rig.ask('PUT', '/session')).status).toBe(405);
    expect((await rig.ask('POST', '/login')).status).toBe(404);
  });
});

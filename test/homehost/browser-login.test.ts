/** Spec dashboard.md B10: a browser gets in by a link of `megatest server link`, does what its role allows, and is out when it logs out. */
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {chromium} from 'playwright-core';
import {expect, it} from 'vitest';
import {WebSocket} from 'ws';
import {describeWith} from '../rig/needs.ts';
import {config, LoneArea} from './lone-area.ts';
import {RawClient, type Reply} from './raw-client.ts';

type Link = {readonly origin: string; readonly code: string};

function parse(url: string): Link {
  const {origin, hash} = new URL(url);
  return {origin, code: hash.replace('#code=', '')};
}

async function exchange({origin, code}: Link): Promise<{readonly status: number; readonly cookie: string}> {
  const body = JSON.stringify({code});
  const response = await fetch(`${origin}/session`, {method: 'POST', headers: {origin}, body});
  return {status: response.status, cookie: response.headers.get('set-cookie')?.split(';')[0] ?? ''};
}

/** A WebSocket as a page opens it: the cookie says who it is. */
async function open(origin: string, cookie: string) {
  const socket = new WebSocket(`${origin.replace('http', 'ws')}/rpc`, 'megatest.v1', {
    headers: {origin, cookie},
  });
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  return {
    closed: new Promise<number>((resolve) => socket.once('close', resolve)),
    ask: async (method: string, params: unknown = {}): Promise<Reply> => {
      socket.send(JSON.stringify({jsonrpc: '2.0', id: 1, method, params}));
      return await new Promise((resolve) =>
        socket.once('message', (data) => resolve(JSON.parse(String(data)))),
      );
    },
  };
}

it('a browser gets in by a link, acts as its user, and is out when it logs out', async () => {
  await using lone = await LoneArea.make();
  const printed = await lone.megatest(['server', 'link', '--path', '/login']);
  expect(printed).toMatchObject({code: 0, stderr: expect.stringContaining('good for one login as operator')});
  expect(printed.stdout).toMatch(/^http:\/\/[^/]+:\d+\/login\?path=%2Flogin#code=[0-9a-f]{64}\n$/);
  const link = parse(printed.stdout);
  const {origin} = link;
  const {status, cookie} = await exchange(link);
  expect(status).toBe(200);
  expect((await exchange(link)).status).toBe(401);

  const browser = await open(origin, cookie);
  const {result} = await browser.ask('server.info');
  expect(result).toMatchObject({role: 'operator', areaPath: lone.path});
  const {user} = result as {readonly user: string};
  const {clients} = (await lone.rpc('server.status')) as {readonly clients: unknown};
  expect(clients).toContainEqual(expect.objectContaining({kind: 'dashboard', user, pid: 0}));
  await browser.ask('runs.setStatus', {runId: 1, status: 'n/a', comment: 'seen'});
  expect(await lone.noted()).toBe('seen');
  expect(readFileSync(join(lone.path, 'logs/audit.jsonl'), 'utf8')).toContain(`"user":"${user}"`);
  const posted = await fetch(`${origin}/rpc`, {
    method: 'POST',
    headers: {origin, cookie},
    body: JSON.stringify({jsonrpc: '2.0', id: 1, method: 'runs.count', params: {runPatt: '%'}}),
  });
  expect(await posted.json()).toMatchObject({result: {count: 1}});

  const out = await fetch(`${origin}/session`, {method: 'DELETE', headers: {origin, cookie}});
  expect(out.status).toBe(204);
  expect(await browser.closed).toBe(1008);
  expect((await fetch(`${origin}/session`, {headers: {cookie}})).status).toBe(401);

  await using viewer = await RawClient.connect(lone.path);
  await viewer.login('viewer', 'ro', undefined, 'eve');
  const {result: made} = (await viewer.ask(1, 'server.loginLink', {})) ?? {};
  const {url} = made as {readonly url: string};
  const looker = await open(origin, (await exchange(parse(url))).cookie);
  expect((await looker.ask('server.info')).result).toMatchObject({role: 'viewer', user: 'eve'});
  const refused = await looker.ask('runs.setStatus', {runId: 1, status: 'n/a', comment: 'changed'});
  expect(refused.error?.code).toBe(-32017);

  const log = lone.log();
  expect(log).toContain(`has logged in as ${user}@`);
  expect(log).not.toContain(link.code);
  expect(log).not.toContain(cookie.split('=')[1]);
});

it('where [dashboard] says "enabled no" there is no link and no login', async () => {
  await using lone = await LoneArea.make({'megatest.config': `${config}[dashboard]\nenabled no\n`});
  const {code, stdout, stderr} = await lone.megatest(['server', 'link']);
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toContain('[dashboard] enabled of this area is no: no browser can log in');
  const {port} = lone.area.serverRecord();
  for (const path of ['login', 'login.js', 'session']) {
    expect((await fetch(`http://127.0.0.1:${port}/${path}`)).status).toBe(404);
  }
});

describeWith(['chromium'], 'in a real browser', () => {
  it('the page of a link logs in, says who is there, and logs out', async () => {
    await using lone = await LoneArea.make();
    const browser = await chromium.launch({executablePath: '/usr/bin/chromium', args: ['--no-sandbox']});
    try {
      const page = await browser.newPage();
      const violations: string[] = [];
      page.on('console', (message) =>
        violations.push(...(message.type() === 'error' ? [message.text()] : [])),
      );
      const link = (await lone.megatest(['server', 'link'])).stdout.trim();
      await page.goto(link);
      const status = page.getByRole('status');
      await status.filter({hasText: /is logged in to .* as operator/}).waitFor();
      expect(page.url()).not.toContain('code=');
      expect(violations).toEqual([]);

      await page.reload();
      await status.filter({hasText: 'as operator'}).waitFor();
      await page.getByRole('button', {name: 'Log out'}).click();
      await status.filter({hasText: 'logged out'}).waitFor();

      await page.goto('about:blank');
      await page.goto(link);
      await status.filter({hasText: 'This link has been used or is too old. Get a new one with'}).waitFor();

      const next = (await lone.megatest(['server', 'link', '--path', '/health'])).stdout.trim();
      await page.goto('about:blank');
      await page.goto(next);
      await page.waitForURL('**/health');
    } finally {
      await browser.close();
    }
  });
});

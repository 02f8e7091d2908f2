import {describe, expect, it} from 'vitest';
import {RpcRig} from './rpc-rig.ts';
import {SessionTokens, tokenValidS} from './session-tokens.ts';

const client = {clientId: 'c', host: 'h', pid: 1, user: 'u', kind: 'cli'} as const;

async function post(
  rig: RpcRig,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<{readonly status: number; readonly body: {result?: unknown; error?: {message: string}}}> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(`http://127.0.0.1:${rig.port}/rpc`, {method: 'POST', body: text, headers});
  const answer = await response.text();
  return {status: response.status, body: answer === '' ? {} : JSON.parse(answer)};
}

const ask = (method: string, params: unknown = {}) => ({jsonrpc: '2.0', id: 1, method, params});

describe('POST /rpc', () => {
  it('answers who shows a token, with the role of the token', async () => {
    await using rig = await new RpcRig().listen();
    const operator = {authorization: `Bearer ${rig.server.tokens.make({client, role: 'operator'}).token}`};
    const viewer = {authorization: `Bearer ${rig.server.tokens.make({client, role: 'viewer'}).token}`};
    expect(await post(rig, ask('add', {n: 4}), operator)).toMatchObject({
      status: 200,
      body: {id: 1, result: 4},
    });
    expect((await post(rig, ask('add', {n: 4}), viewer)).status).toBe(403);
    expect((await post(rig, ask('read'), viewer)).body.result).toBe(4);
  });

  it.each([
    ['ping without a token', ask('server.ping'), {}, 200],
    ['anything else without one', ask('read'), {}, 401],
    ['a token that was never made', ask('read'), {authorization: `Bearer ${'0'.repeat(64)}`}, 401],
    ['a login, which needs a WebSocket', ask('server.login', {keyName: 'rw', response: ''}), {}, 400],
    ['no JSON', '{', {}, 400],
    ['too deep', '['.repeat(1000), {}, 400],
    ['a batch', [], {}, 400],
    ['too long a body', 'x'.repeat(2 * 1024 * 1024), {}, 413],
    ['a page of another origin', ask('server.ping'), {origin: 'http://evil.example'}, 403],
  ])('%s', async (_, body, headers, status) => {
    await using rig = await new RpcRig().listen();
    expect((await post(rig, body, headers as Record<string, string>)).status).toBe(status);
  });

  it('an unknown method and wrong parameters are told apart', async () => {
    await using rig = await new RpcRig().listen();
    const headers = {authorization: `Bearer ${rig.server.tokens.make({client, role: 'operator'}).token}`};
    expect((await post(rig, ask('nothing'), headers)).status).toBe(404);
    expect((await post(rig, ask('add', {}), headers)).status).toBe(400);
    expect((await post(rig, ask('fail'), headers)).status).toBe(500);
  });
});

describe('tokens', () => {
  it('end when their time is over', () => {
    let nowMs = 0;
    const tokens = new SessionTokens(() => nowMs);
    const {token} = tokens.make({client, role: 'viewer'});
    expect(tokens.find(token)?.role).toBe('viewer');
    nowMs = tokenValidS * 1000 + 1;
    expect(tokens.find(token)).toBeUndefined();
  });
});

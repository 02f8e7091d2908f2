import {describe, expect, it} from 'vitest';
import {limits} from './peer.ts';
import {RPC_CODES} from './rpc-error.ts';
import {RpcRig, rigKeys} from './rpc-rig.ts';

describe('login', () => {
  it('before it only hello, login and ping are answered', async () => {
    await using rig = await new RpcRig().listen();
    const raw = await rig.raw();
    expect((await raw.ask('server.ping', {})).result).toEqual({pid: process.pid});
    for (const name of ['read', 'add', 'wait']) {
      expect((await raw.ask(name, {n: 1})).error?.code).toBe(RPC_CODES.loginRequired);
    }
    expect((await raw.ask('server.login', {keyName: 'rw', response: ''})).error?.code).toBe(
      RPC_CODES.loginRequired,
    );
    expect(rig.added).toEqual([]);
  });

  it('with the right key gives the role of the key', async () => {
    await using rig = await new RpcRig().listen();
    await rig.loggedIn('rw', 'c1');
    await rig.loggedIn('ro', 'c2');
    expect(rig.connections.map(({role}) => role)).toEqual(['operator', 'viewer']);
  });

  it('with another key, or the right key under the wrong name, is refused', async () => {
    await using rig = await new RpcRig().listen();
    const raw = await rig.raw();
    expect((await raw.login('rw', 'c'.repeat(64))).error?.code).toBe(RPC_CODES.loginRequired);
    expect((await raw.login('rw', rigKeys.ro)).error?.code).toBe(RPC_CODES.loginRequired);
    expect((await raw.ask('read', {})).error?.code).toBe(RPC_CODES.loginRequired);
    expect(rig.refused).toEqual(['wrong key', 'wrong key']);
    expect(rig.connections).toEqual([]);
  });

  it('asks another question every time, and takes one answer to it', async () => {
    await using rig = await new RpcRig().listen();
    const raw = await rig.raw();
    const first = (await raw.hello()).result as {challenge: string};
    const second = (await raw.hello()).result as {challenge: string};
    expect(second.challenge).not.toBe(first.challenge);
    await raw.ask('server.login', {keyName: 'rw', response: '0'.repeat(64)});
    const again = await raw.ask('server.login', {keyName: 'rw', response: '0'.repeat(64)});
    expect(again.error?.message).toBe('server.hello comes first');
  });

  it('for another area or in another protocol is told what is spoken here', async () => {
    await using rig = await new RpcRig().listen();
    const raw = await rig.raw();
    const area = await raw.hello('c1', {area: '/other'});
    expect(area.error).toMatchObject({code: RPC_CODES.areaMismatch, data: {area: '/area'}});
    const protocol = await raw.hello('c1', {protocol: 9});
    expect(protocol.error).toMatchObject({
      code: RPC_CODES.protocolMismatch,
      data: {server: 1, wanted: 9},
    });
  });

  it('of a client is refused by the client when the server cannot prove the key', async () => {
    await using rig = await new RpcRig({keys: {rw: 'c'.repeat(64), ro: 'd'.repeat(64)}}).listen();
    // The client's own key makes the right answer for a server that knows it; this one only pretends.
    const client = rig.client();
    await expect(client.call('read', {})).rejects.toThrow(/the key is not the one of/);
    expect(rig.connections).toEqual([]);
  });

  it('that is not made in time ends the connection', async () => {
    await using rig = await new RpcRig({loginTimeoutMs: 1}).listen();
    const raw = await rig.raw();
    await raw.closed;
    expect(rig.refused).toEqual(['did not log in in time']);
  });
});

describe('roles', () => {
  it('a viewer reads and cannot write', async () => {
    await using rig = await new RpcRig().listen();
    const viewer = await rig.loggedIn('ro');
    expect((await viewer.ask('read', {})).result).toBe(0);
    expect((await viewer.ask('add', {n: 1})).error).toMatchObject({
      code: RPC_CODES.notAllowed,
      data: {role: 'viewer', needed: 'operator'},
    });
    expect(rig.added).toEqual([]);
  });
});

describe('a server that is leaving', () => {
  it('answers what has begun, and sends everything else to the next one', async () => {
    await using rig = await new RpcRig().listen();
    const client = await rig.loggedIn();
    rig.holdsWrites = true;
    const begun = client.ask('add', {n: 1});
    while (rig.held.length === 0) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    rig.server.leave();
    const late = client.ask('add', {n: 2});
    rig.held.shift()?.();
    expect((await begun).result).toBe(1);
    expect((await late).error?.code).toBe(RPC_CODES.shuttingDown);
    expect((await (await rig.raw()).hello()).error?.code).toBe(RPC_CODES.shuttingDown);
    expect(rig.added).toEqual([1]);
  });
});

describe('limits', () => {
  it('strangers have a number of places, and those who log in give theirs back', async () => {
    await using rig = await new RpcRig({mostStrangers: 2}).listen();
    await rig.loggedIn('rw', 'c1');
    await rig.loggedIn('rw', 'c2');
    await rig.raw();
    await rig.raw();
    const third = await rig.raw();
    expect(await third.closed).toBe(1013);
    expect(rig.refused).toEqual(['too many connections']);
  });

  it('there is a number of connections in all', async () => {
    await using rig = await new RpcRig({mostConnections: 2}).listen();
    await rig.loggedIn('rw', 'c1');
    const second = await rig.loggedIn('rw', 'c2');
    expect(await (await rig.raw()).closed).toBe(1013);
    second.close();
    await second.closed;
    expect((await (await rig.loggedIn('rw', 'c3')).ask('read', {})).result).toBe(0);
  });

  it('a stranger sends no long frames, a client may', async () => {
    await using rig = await new RpcRig().listen();
    const value = 'x'.repeat(limits.frameOfStranger);
    const stranger = await rig.raw();
    stranger.send({jsonrpc: '2.0', id: 1, method: 'server.ping', params: {value}});
    expect(await stranger.closed).toBe(1009);
    const client = await rig.loggedIn();
    expect((await client.ask('echo', {value})).result).toBe(value);
  });

  it('a page of another origin does not get in', async () => {
    await using rig = await new RpcRig().listen();
    await expect(rig.raw({headers: {origin: 'http://evil.example'}})).rejects.toThrow('403');
    const own = await rig.raw({headers: {origin: `http://127.0.0.1:${rig.port}`}});
    expect((await own.ask('server.ping', {})).result).toBeDefined();
  });
});

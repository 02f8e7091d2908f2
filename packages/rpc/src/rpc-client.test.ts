import {once} from 'node:events';
import type {AddressInfo} from 'node:net';
import {UserError} from '@megatest/model';
import {describe, expect, it} from 'vitest';
import {WebSocketServer} from 'ws';
import {RpcError} from './rpc-error.ts';
import {Line, RpcRig} from './rpc-rig.ts';

describe('a client', () => {
  it('connects when it is first asked, and asks in order', async () => {
    await using rig = await new RpcRig().listen();
    const client = rig.client();
    expect(client.isConnected).toBe(false);
    const answers = await Promise.all([
      client.call('add', {n: 1}),
      client.call('add', {n: 2}),
      client.call('read', {}),
    ]);
    expect(answers).toEqual([1, 2, 3]);
    expect((await client.welcome()).role).toBe('operator');
  });

  it('sends what was not answered again, in order and under the same ids, after the line broke', async () => {
    await using rig = await new RpcRig().listen();
    using line = await Line.to(rig.port);
    const lost: number[] = [];
    const client = rig.client({
      locate: async () => rig.endpoint('rw', line.port),
      onLost: () => lost.push(1),
    });
    await client.call('read', {});
    line.losesAnswers = true;
    const answers = Promise.all([client.call('add', {n: 1}), client.call('add', {n: 2})]);
    // They arrived: only their answers are lost.
    const probe = rig.client();
    while ((await probe.call('read', {})) !== 3) {
      // Asked again until it is so; nothing announces it.
    }
    line.losesAnswers = false;
    line.cut();
    expect(await answers).toEqual([1, 2]);
    expect(lost).toEqual([1]);
    // This server remembers nothing, so it did them twice: that each counts once is the store's part (test/homehost).
    expect(rig.added).toEqual([1, 2, 1, 2]);
  });

  it('asked while the other end is away waits for it', async () => {
    await using rig = await new RpcRig().listen();
    let isThere = false;
    const client = rig.client({
      locate: async () => {
        if (!isThere) {
          isThere = true;
          throw new Error('nobody yet');
        }
        return rig.endpoint();
      },
    });
    expect(await client.call('add', {n: 7})).toBe(7);
  });

  it('gives up in one sentence with its hint', async () => {
    await using rig = await new RpcRig().listen();
    const client = rig.client({
      giveUpS: 0,
      locate: async () => {
        throw new Error('nobody there');
      },
    });
    const failure = await client.call('read', {}).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UserError);
    expect((failure as UserError).message).toMatch(/no daemon could be reached .*nobody there/);
  });

  it('learns that nobody listens at the address', async () => {
    const gone = await new RpcRig().listen();
    const endpoint = gone.endpoint();
    await gone[Symbol.asyncDispose]();
    await using rig = await new RpcRig().listen();
    let refusals = 0;
    const client = rig.client({
      locate: async () => (refusals === 0 ? endpoint : rig.endpoint()),
      onRefused: () => {
        refusals += 1;
      },
    });
    expect(await client.call('read', {})).toBe(0);
    expect(refusals).toBe(1);
  });

  it('does not believe a stranger who answers without knowing the key, and asks it nothing', async () => {
    await using rig = await new RpcRig().listen();
    const asked: string[] = [];
    const strangers = new WebSocketServer({host: '127.0.0.1', port: 0});
    strangers.on('connection', (socket) =>
      socket.on('message', (frame) => {
        const {id, method} = JSON.parse(String(frame)) as {id: string; method: string};
        asked.push(method);
        const result = {serverId: 's', protocol: 1, challenge: '0'.repeat(64), proof: '0'.repeat(64)};
        socket.send(JSON.stringify({jsonrpc: '2.0', id, result}));
      }),
    );
    await once(strangers, 'listening');
    const {port} = strangers.address() as AddressInfo;
    const client = rig.client({locate: async () => rig.endpoint('rw', port)});
    await expect(client.call('add', {n: 1})).rejects.toThrow('does not know the key of this area');
    expect(asked).toEqual(['server.hello', 'server.login']);
    strangers.close();
  });

  it('that is closed answers everybody who waits, and asks no more', async () => {
    await using rig = await new RpcRig().listen();
    const client = rig.client();
    await client.call('read', {});
    const waiting = client.call('wait', {});
    const outcome = expect(waiting).rejects.toBeInstanceOf(RpcError);
    client.close();
    await outcome;
    await expect(client.call('read', {})).rejects.toThrow('closed');
  });
});

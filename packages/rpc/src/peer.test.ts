import {describe, expect, it} from 'vitest';
import {limits} from './peer.ts';
import {RPC_CODES} from './rpc-error.ts';
import {type Answer, RpcRig} from './rpc-rig.ts';

describe('frames that are no requests', () => {
  const cases: readonly (readonly [string, string, number])[] = [
    ['no JSON', '{"jsonrpc":', RPC_CODES.parse],
    ['an empty frame', '', RPC_CODES.parse],
    ['deeper than allowed', '['.repeat(limits.depth + 1), RPC_CODES.parse],
    ['very deep and balanced', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, RPC_CODES.parse],
    ['a number', '5', RPC_CODES.invalidRequest],
    ['null', 'null', RPC_CODES.invalidRequest],
    ['an empty batch', '[]', RPC_CODES.invalidRequest],
    ['no method', '{"jsonrpc":"2.0","id":1}', RPC_CODES.invalidRequest],
    ['a method that is no text', '{"jsonrpc":"2.0","id":1,"method":7}', RPC_CODES.invalidRequest],
    ['another version', '{"jsonrpc":"1.0","id":1,"method":"read"}', RPC_CODES.invalidRequest],
    ['an id that is an object', '{"jsonrpc":"2.0","id":{},"method":"read"}', RPC_CODES.invalidRequest],
  ];
  it.each(cases)('%s', async (_, frame, code) => {
    await using rig = await new RpcRig().listen();
    const raw = await rig.loggedIn();
    raw.send(frame);
    expect((await raw.next()).error?.code).toBe(code);
    expect((await raw.ask('read', {})).result).toBe(0);
  });

  it('binary frames are refused, and text goes on', async () => {
    await using rig = await new RpcRig().listen();
    const raw = await rig.loggedIn();
    raw.socket.send(Buffer.from([1, 2, 3]));
    expect((await raw.next()).error?.code).toBe(RPC_CODES.parse);
    expect((await raw.ask('read', {})).result).toBe(0);
  });

  it('brackets within a text count for nothing', async () => {
    await using rig = await new RpcRig().listen();
    const raw = await rig.loggedIn();
    const value = `"${'['.repeat(1000)}\\"`;
    expect((await raw.ask('echo', {value})).result).toBe(value);
  });

  it('answers that nobody waits for are dropped', async () => {
    await using rig = await new RpcRig().listen();
    const raw = await rig.loggedIn();
    raw.send({jsonrpc: '2.0', id: 'nobody', result: 1});
    raw.send({jsonrpc: '2.0', id: null, error: null});
    expect((await raw.ask('read', {})).result).toBe(0);
  });
});

describe('requests', () => {
  it.each(['nothing', 'constructor', '__proto__', 'toString', 'hasOwnProperty', ''])(
    'of the unknown method "%s" are refused',
    async (name) => {
      await using rig = await new RpcRig().listen();
      const raw = await rig.loggedIn();
      expect((await raw.ask(name, {})).error?.code).toBe(RPC_CODES.methodNotFound);
    },
  );

  it.each([
    ['a list', [1]],
    ['an unknown name', {n: 1, m: 2}],
    ['a missing one', {}],
    ['another type', {n: '1'}],
  ])('with %s for parameters are refused and do nothing', async (_, params) => {
    await using rig = await new RpcRig().listen();
    const raw = await rig.loggedIn();
    expect((await raw.ask('add', params)).error?.code).toBe(RPC_CODES.invalidParams);
    expect(rig.added).toEqual([]);
  });

  it('that meet a bug are told its sentence and no stack', async () => {
    await using rig = await new RpcRig().listen();
    const raw = await rig.loggedIn();
    expect((await raw.ask('fail', {})).error).toEqual({code: RPC_CODES.internal, message: 'a bug'});
  });

  it('a read waits for the writes before it, and answers come in order', async () => {
    await using rig = await new RpcRig().listen();
    const raw = await rig.loggedIn();
    rig.holdsWrites = true;
    for (const [id, name, params] of [
      [1, 'add', {n: 3}],
      [2, 'add', {n: 4}],
      [3, 'read', {}],
      [4, 'add', {n: 5}],
    ] as const) {
      raw.send({jsonrpc: '2.0', id, method: name, params});
    }
    // Another connection's answer comes when all four have arrived here.
    const probe = await rig.loggedIn('rw', 'c2');
    await probe.ask('read', {});
    expect(rig.held).toHaveLength(3);
    rig.held[1]?.();
    rig.held[0]?.();
    const answers = [await raw.next(), await raw.next(), await raw.next()];
    expect(answers.map(({id, result}) => [id, result])).toEqual([
      [1, 3],
      [2, 4],
      [3, 7],
    ]);
    rig.held[2]?.();
    expect((await raw.next()).id).toBe(4);
  });

  it('a long one keeps nobody waiting', async () => {
    await using rig = await new RpcRig().listen();
    const raw = await rig.loggedIn();
    raw.send({jsonrpc: '2.0', id: 'long', method: 'wait', params: {}});
    expect((await raw.ask('read', {})).result).toBe(0);
    rig.waiting[0]?.('over');
    expect(await raw.next()).toMatchObject({id: 'long', result: 'over'});
  });
});

describe('batches', () => {
  it('are answered as one frame, each entry for itself', async () => {
    await using rig = await new RpcRig().listen();
    const raw = await rig.loggedIn();
    raw.send([
      {jsonrpc: '2.0', id: 1, method: 'add', params: {n: 2}},
      {jsonrpc: '2.0', id: 2, method: 'nothing', params: {}},
      {jsonrpc: '2.0', method: 'noticed', params: {}},
      7,
      {jsonrpc: '2.0', id: 3, method: 'read', params: {}},
    ]);
    const answers = await raw.next<readonly Answer[]>();
    const byId = new Map(answers.map((answer) => [answer.id, answer]));
    expect(byId.size).toBe(4);
    expect(byId.get(1)?.result).toBe(2);
    expect(byId.get(2)?.error?.code).toBe(RPC_CODES.methodNotFound);
    expect(byId.get(null)?.error?.code).toBe(RPC_CODES.invalidRequest);
    expect(byId.get(3)?.result).toBe(2);
  });

  it('of too many entries are refused whole', async () => {
    await using rig = await new RpcRig().listen();
    const raw = await rig.loggedIn();
    raw.send(Array(limits.batch + 1).fill({jsonrpc: '2.0', id: 1, method: 'add', params: {n: 1}}));
    expect((await raw.next()).error).toMatchObject({
      code: RPC_CODES.tooLarge,
      data: {limit: limits.batch},
    });
    expect(rig.added).toEqual([]);
  });
});

describe('floods', () => {
  it('more requests than the queue holds are told to come later, and the others are answered', async () => {
    await using rig = await new RpcRig().listen();
    const raw = await rig.loggedIn();
    for (let id = 0; id <= limits.queue; id += 1) {
      raw.send({jsonrpc: '2.0', id, method: 'wait', params: {}});
    }
    expect(await raw.next()).toMatchObject({
      id: limits.queue,
      error: {code: RPC_CODES.overloaded, data: {retryAfterMs: 250}},
    });
    rig.waiting[0]?.('over');
    expect((await raw.next()).id).toBe(0);
    expect((await raw.ask('read', {})).result).toBe(0);
    expect(rig.server.unanswered).toBe(limits.queue - 1);
    raw.close();
    const other = await rig.loggedIn('rw', 'c2');
    await other.ask('read', {});
    expect(rig.server.unanswered).toBeLessThanOrEqual(1);
  });

  it('a frame over the limit ends the connection, and only that one', async () => {
    await using rig = await new RpcRig().listen();
    const [bad, good] = [await rig.loggedIn('rw', 'c1'), await rig.loggedIn('rw', 'c2')];
    bad.send(`"${'x'.repeat(limits.frame)}"`);
    expect(await bad.closed).toBe(1009);
    expect((await good.ask('read', {})).result).toBe(0);
  });

  it('a reader that never reads is dropped before it fills the memory', async () => {
    await using rig = await new RpcRig().listen();
    const slow = await rig.loggedIn('rw', 'c1');
    const stream = (slow.socket as unknown as {_socket: {pause(): void}})._socket;
    stream.pause();
    const [connection] = rig.connections;
    const gone = new Promise<void>((resolve) => connection?.onClose(resolve));
    const text = 'x'.repeat(1024 * 1024);
    for (let sent = 0; sent <= limits.unsent + 8 * text.length; sent += text.length) {
      connection?.notify('much', {text});
    }
    await gone;
  });
});

/**
 * Requests a second, and how long the slowest hundredth of them takes, over WebSocket on a local socket: a ping, the read of a row, and a
 * durable update of one; beside a bare server of `ws`, `json-rpc-2.0` and `better-sqlite3` that runs the same statements and
 * commits each update by itself. Both servers are processes of their own; their clients share this one.
 *
 * Options: `--rounds 5` (the two servers take turns), `--ms 400` (of each round), `--warm 2000` (requests before the clock starts), `--clients
 * 1,32`, `--depths 1,8` (requests that a client has under way at a time).
 */
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {join} from 'node:path';
import {parseArgs} from 'node:util';
import {decideHomehost, makeDaemonClient} from '@megatest/rpc';
import {openWorking} from '@megatest/store';
import {JSONRPCClient} from 'json-rpc-2.0';
import {WebSocket} from 'ws';
import {BenchArea} from './bench-area.ts';
import {fillRuns} from './fill.ts';
import {median, type Row} from './report.ts';

const checkout = process.env.MEGATEST_CHECKOUT ?? process.cwd();
const tests = 1000;

type Kind = 'ping' | 'read of a row' | 'durable update';
const kinds: readonly Kind[] = ['ping', 'read of a row', 'durable update'];

/** A connection to one of the two servers. */
type Client = {ask(kind: Kind, testId: number, comment: string): Promise<unknown>; close(): void};

type Figures = {readonly perS: number; readonly p99Ms: number};

export async function rpc(options: readonly string[]): Promise<readonly Row[]> {
  const {values} = parseArgs({
    args: [...options],
    options: {
      rounds: {type: 'string', default: '5'},
      ms: {type: 'string', default: '400'},
      warm: {type: 'string', default: '2000'},
      clients: {type: 'string', default: '1,32'},
      depths: {type: 'string', default: '1,8'},
    },
  });
  using area = new BenchArea({one: '[ezsteps]\nbody true\n'});
  area.megatest('run', '-t', 'x', '-n', 'r1');
  area.findManager();
  const {dbPath} = area.daemon;
  area.stop();
  const bareFile = join(area.path, 'bare.db');
  const db = openWorking(dbPath);
  fillRuns(db, 1, tests);
  db.prepare('VACUUM INTO ?').run(bareFile);
  db.close();
  area.megatest('server', 'start');
  await using bare = await startBare(bareFile, join(area.path, 'bare.socket'));
  const rows: Row[] = [];
  for (const clients of values.clients.split(',').map(Number)) {
    for (const depth of values.depths.split(',').map(Number)) {
      for (const kind of kinds) {
        const load = {kind, clients, depth, ms: Number(values.ms), warm: Number(values.warm)};
        const rounds: {readonly ours: Figures; readonly theirs: Figures}[] = [];
        while (rounds.length < Number(values.rounds)) {
          const theirs = await measure(() => bare.client(), load);
          rounds.push({theirs, ours: await measure(() => ourClient(area.path), load)});
        }
        const ours = middleOf(rounds.map((round) => round.ours));
        const theirs = middleOf(rounds.map((round) => round.theirs));
        const what = `${kind}, ${clients} clients, depth ${depth}`;
        const target = kind === 'durable update' && clients >= 32 ? '>= 3' : '>= 0.8';
        const reference = 'bare server';
        rows.push(
          {what, ours: ours.perS, reference, referenceValue: theirs.perS, unit: '/s', target},
          {what: '  p99', ours: ours.p99Ms, reference, referenceValue: theirs.p99Ms, unit: 'ms', target: ''},
        );
      }
    }
  }
  return rows;
}

function middleOf(figures: readonly Figures[]): Figures {
  return {perS: median(figures.map(({perS}) => perS)), p99Ms: median(figures.map(({p99Ms}) => p99Ms))};
}

async function ourClient(areaPath: string): Promise<Client> {
  const client = makeDaemonClient({
    areaPath,
    homehost: decideHomehost(areaPath, undefined),
    kind: 'cli',
    giveUpS: 10,
  });
  await client.connect();
  return {
    async ask(kind, testId, comment) {
      switch (kind) {
        case 'ping':
          return await client.call('server.ping', {});
        case 'read of a row':
          return await client.call('tests.get', {test: {testId}});
        case 'durable update':
          return await client.call('tests.setState', {test: {testId}, comment});
      }
    },
    close: () => client.close(),
  };
}

async function startBare(file: string, socketPath: string) {
  const script = join(checkout, 'scripts/bench/bare-rpc-server.mjs');
  // In a session of its own, as the daemon: a busy machine shares its time among sessions.
  const server = spawn(process.execPath, [script, file, socketPath], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  });
  const ended = once(server, 'exit');
  await once(server.stdout, 'data');
  return {
    client: async () => await bareClient(socketPath),
    async [Symbol.asyncDispose]() {
      server.stdin.end();
      await ended;
    },
  };
}

async function bareClient(socketPath: string): Promise<Client> {
  const socket = new WebSocket(`ws+unix:${socketPath}:/`);
  await once(socket, 'open');
  const client = new JSONRPCClient((request) => socket.send(JSON.stringify(request)));
  socket.on('message', (data) => client.receive(JSON.parse(String(data))));
  return {
    async ask(kind, id, comment) {
      switch (kind) {
        case 'ping':
          return await client.request('ping', {});
        case 'read of a row':
          return await client.request('get', {id});
        case 'durable update':
          return await client.request('update', {id, comment});
      }
    },
    close: () => socket.close(),
  };
}

type LoadShape = {
  readonly kind: Kind;
  readonly clients: number;
  readonly depth: number;
  readonly ms: number;
  /** Asked before the clock starts, so that both sides' code is warm. */
  readonly warm: number;
};

async function measure(
  connect: () => Promise<Client>,
  {kind, clients, depth, ms, warm}: LoadShape,
): Promise<Figures> {
  const open = await Promise.all(Array.from({length: clients}, connect));
  const [first] = open;
  for (let asked = 0; asked < warm; asked += 100) {
    await Promise.all(Array.from({length: 100}, async () => await first?.ask(kind, 1, 'warm')));
  }
  const times: number[] = [];
  const start = performance.now();
  let next = 0;
  const askOn = async (client: Client) => {
    for (let asked = performance.now(); asked - start < ms; asked = performance.now()) {
      next += 1;
      await client.ask(kind, (next % tests) + 1, `comment ${next}`);
      times.push(performance.now() - asked);
    }
  };
  await Promise.all(open.flatMap((client) => Array.from({length: depth}, async () => await askOn(client))));
  const elapsedS = (performance.now() - start) / 1000;
  for (const client of open) {
    client.close();
  }
  times.sort((a, b) => a - b);
  return {perS: times.length / elapsedS, p99Ms: times[Math.floor(times.length * 0.99)] ?? Number.NaN};
}

/**
 * Fuzzes the daemon of an area over its port: strangers, viewers and an operator send what rpc-inputs.ts makes, some come with a wrong
 * key or with bytes that are no frames, while a process of its own asks an honest question all the time. Returns what went wrong as
 * sentences, and how long the honest one had to wait.
 */
import {spawn} from 'node:child_process';
import {existsSync, readFileSync} from 'node:fs';
import {connect} from 'node:net';
import Database from 'better-sqlite3';
import {Random} from '../runs/random.ts';
import type {LoneArea} from './lone-area.ts';
import {RawClient, type Reply} from './raw-client.ts';
import {type DoneWrite, type FuzzRole, makeInput} from './rpc-inputs.ts';

export type FuzzOutcome = {
  readonly inputs: number;
  /** Answers by error code; 0 counts results. */
  readonly answers: ReadonlyMap<number, number>;
  readonly latency: {
    readonly count: number;
    readonly p50: number;
    readonly p99: number;
    readonly max: number;
  };
  readonly memoryBytes: number;
  readonly problems: readonly string[];
};

/** Inputs between two looks whether the daemon has dealt with them. */
const burst = 200;
/** A connection is left for a new one after so many bursts. */
const burstsPerConnection = 50;
const doneWrites = 20;
const roles: readonly FuzzRole[] = ['stranger', 'viewer', 'operator'];
const internalError = -32603;
/** Addresses of their own, so that nobody else has to wait for their wrong answers. */
const guesserAddress = '127.0.0.2';
const strangeAddress = '127.0.0.3';

export async function fuzzRpc(lone: LoneArea, seed: number, inputs: number): Promise<FuzzOutcome> {
  const random = new Random(seed);
  const problems: string[] = [];
  const answers = new Map<number, number>();
  const onReply = ({error, method}: Reply) => {
    if (method === undefined) {
      const code = error?.code ?? 0;
      if (code === internalError && !answers.has(code)) {
        problems.push(`an input shows a bug: ${error?.message}`);
      }
      answers.set(code, (answers.get(code) ?? 0) + 1);
    }
  };
  const done = await writeSome(lone);
  const before = rowsOf(lone);
  const {pid} = lone;
  const witness = await startWitness(lone);
  const connections = new Map<FuzzRole, {readonly client: RawClient; bursts: number}>();
  let sent = 0;
  for (let round = 0; sent < inputs; round += 1) {
    const role = random.pick(roles);
    const connection = connections.get(role) ?? {client: await connectAs(lone, role, onReply), bursts: 0};
    connections.set(role, connection);
    for (let count = 0; count < burst && connection.client.isOpen; count += 1) {
      connection.client.send(makeInput(random, role, done));
      sent += 1;
    }
    await connection.client.ask(`end${round}`, 'server.ping', {});
    connection.bursts += 1;
    if (!connection.client.isOpen || connection.bursts >= burstsPerConnection) {
      connection.client.socket.terminate();
      connections.delete(role);
    }
    if (random.chance(0.05)) {
      sent += await sendNoFrames(lone, random);
      sent += await guessKey(lone, random);
    }
  }
  const latency = await witness.end();
  const status = (await lone.rpc('server.status')) as {
    readonly memoryBytes: number;
    readonly managers: readonly {readonly pid: number}[];
  };
  for (const {client} of connections.values()) {
    client.socket.terminate();
  }
  if (lone.pid !== pid || !existsSync(`/proc/${pid}`)) {
    problems.push('the daemon did not stay up');
  }
  // The daemon itself may have started one, for questions about the files of the area.
  if (!status.managers.every((manager) => isManagerOf(lone, manager.pid))) {
    problems.push('somebody is taken for a manager');
  }
  if (latency.failures > 0) {
    problems.push(`an honest question failed ${latency.failures} times: ${latency.failure}`);
  }
  const after = rowsOf(lone);
  for (const [table, text] of before) {
    if (after.get(table) !== text) {
      problems.push(`${table} has changed`);
    }
  }
  return {inputs: sent, answers, latency, memoryBytes: status.memoryBytes, problems};
}

/** Writes of an operator that are sent again later; the last word is said by another one. */
async function writeSome(lone: LoneArea): Promise<readonly DoneWrite[]> {
  await using client = await RawClient.connect(lone.path);
  await client.login('done');
  const writes = Array.from({length: doneWrites}, (_, index) => ({
    id: `done:${index + 1}`,
    method: 'runs.setStatus',
    params: {runId: 1, status: 'n/a', comment: `write ${index + 1}`},
  }));
  for (const {id, method, params} of writes) {
    await client.ask(id, method, params);
  }
  await lone.note('the last word');
  return writes;
}

async function connectAs(
  lone: LoneArea,
  role: FuzzRole,
  onReply: (reply: Reply) => void,
): Promise<RawClient> {
  const client = await RawClient.connect(lone.path, {onReply, localAddress: strangeAddress});
  if (role !== 'stranger') {
    await client.login(role === 'operator' ? 'done' : 'fuzz', role === 'operator' ? 'rw' : 'ro');
  }
  return client;
}

/** Bytes that are no WebSocket frames, or no HTTP; the daemon ends such a connection by itself. */
async function sendNoFrames(lone: LoneArea, random: Random): Promise<number> {
  const {port} = lone.area.serverRecord();
  const noise = Buffer.from(Array.from({length: 1 + random.below(200)}, () => random.below(256)));
  const upgrade = [
    'GET /rpc HTTP/1.1',
    'Host: localhost',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Protocol: megatest.v1',
    '\r\n',
  ].join('\r\n');
  await new Promise<void>((resolve) => {
    const socket = connect({port, host: '127.0.0.1', localAddress: strangeAddress});
    socket.on('error', () => {}).on('close', () => resolve());
    socket.write(random.chance(0.7) ? upgrade : '');
    socket.end(noise);
    socket.resume();
  });
  return 1;
}

/** Logs in with a key of its own making. An address that guesses is made to wait: the answer is not waited for. */
async function guessKey(lone: LoneArea, random: Random): Promise<number> {
  const client = await RawClient.connect(lone.path, {localAddress: guesserAddress});
  const key = Array.from({length: 64}, () => random.below(16).toString(16)).join('');
  const login = client.login('guess', random.pick(['rw', 'ro'] as const), key);
  await Promise.race([login, new Promise((resolve) => setTimeout(resolve, 20))]);
  client.socket.terminate();
  return 2;
}

/** Every row but the times, which a repeated word may renew. */
function rowsOf(lone: LoneArea): ReadonlyMap<string, string> {
  const db = new Database(lone.working, {readonly: true, timeout: 10_000});
  try {
    const tables = ['runs', 'tests', 'test_steps', 'test_data', 'runners', 'jobs', 'keys', 'test_meta'];
    return new Map(
      tables.map((table) => {
        const rows = db.prepare<[], Record<string, unknown>>(`SELECT * FROM ${table} ORDER BY id`).all();
        return [table, rows.map((row) => JSON.stringify({...row, last_update: 0})).join('\n')];
      }),
    );
  } finally {
    db.close();
  }
}

type Witness = {
  readonly count: number;
  readonly failures: number;
  readonly failure: string;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
};

/** A process that asks for run 1 all the time, over HTTP with a token, and measures how long the answer takes. */
async function startWitness(lone: LoneArea): Promise<{end(): Promise<Witness>}> {
  const {token} = (await lone.rpc('server.sessionToken')) as {token: string};
  const {port} = lone.area.serverRecord();
  const child = spawn(process.execPath, ['-e', witnessScript, String(port), token], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return {
    async end() {
      child.stdin.end();
      await closed;
      return JSON.parse(said) as Witness;
    },
  };
}

const witnessScript = `
  const [port, token] = process.argv.slice(1);
  const http = require('node:http');
  const agent = new http.Agent({keepAlive: true, maxSockets: 1});
  const body = JSON.stringify({jsonrpc: '2.0', id: 1, method: 'runs.get', params: {runId: 1}});
  const headers = {authorization: 'Bearer ' + token, 'content-type': 'application/json', 'content-length': body.length};
  const tookMs = [];
  let failures = 0, failure = '', isOver = false;
  const ask = () => new Promise((resolve) => {
    const startMs = performance.now();
    const request = http.request({port, host: '127.0.0.1', path: '/rpc', method: 'POST', agent, headers}, (response) => {
      let text = '';
      response.on('data', (data) => { text += data; }).on('end', () => {
        tookMs.push(performance.now() - startMs);
        if (!text.includes('the last word')) { failures += 1; failure = text; }
        resolve();
      });
    });
    request.on('error', (error) => { failures += 1; failure = error.message; resolve(); });
    request.end(body);
  });
  process.stdin.on('end', () => { isOver = true; }).resume();
  (async () => {
    do {
      await ask();
      await new Promise((resolve) => setTimeout(resolve, 5));
    } while (!isOver);
    tookMs.sort((a, b) => a - b);
    const at = (share) => tookMs[Math.min(tookMs.length - 1, Math.floor(share * tookMs.length))];
    console.log(JSON.stringify({count: tookMs.length, failures, failure, p50: at(0.5), p99: at(0.99), max: at(1)}));
    process.exit(0);
  })();
`;

function isManagerOf({path}: LoneArea, pid: number): boolean {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return words.some((word) => word.endsWith('/manager.js')) && words.some((word) => word.includes(path));
  } catch {
    return false;
  }
}

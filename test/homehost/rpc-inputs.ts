/**
 * Inputs for the fuzz of the daemon's remote methods, from a seed. None of them may change anything: who has not logged in may not
 * write, nor may a viewer, and what an operator sends here is broken, only reads, or was done before.
 */
import {daemonMethods} from '@megatest/rpc';
import type {Random} from '../runs/random.ts';

export type FuzzRole = 'stranger' | 'viewer' | 'operator';

/** The writes that the operator made before, in order: sent again they do nothing. */
export type DoneWrite = {readonly id: string; readonly method: string; readonly params: unknown};

const methodNames = Object.keys(daemonMethods) as (keyof typeof daemonMethods & string)[];
const oddNames = ['', 'constructor', '__proto__', 'toString', 'runs.', '.list', 'RUNS.LIST', 'server.hello '];
/** A frame longer than this ends a connection (spec homehost.md 8.4). */
const frameLimit = 16 * 1024 * 1024;

export function makeInput(random: Random, role: FuzzRole, done: readonly DoneWrite[]): string | Buffer {
  const kind = random.next();
  if (kind < 0.00002) {
    return 'x'.repeat(frameLimit + 1);
  }
  if (kind < 0.1) {
    return brokenText(random, role);
  }
  if (kind < 0.12) {
    return deepText(random);
  }
  if (kind < 0.15) {
    return Buffer.from(Array.from({length: random.below(64)}, () => random.below(256)));
  }
  if (kind < 0.18) {
    return JSON.stringify(batch(random, role));
  }
  if (kind < 0.28) {
    return JSON.stringify(oddMessage(random));
  }
  if (kind < 0.4 && role === 'operator' && done.length > 0) {
    const {id, method, params} = random.pick(done);
    return JSON.stringify({jsonrpc: '2.0', id, method, params});
  }
  return JSON.stringify(request(random, role));
}

/** The text of a request, cut off or with a byte that does not belong there. */
function brokenText(random: Random, role: FuzzRole): string {
  const text = JSON.stringify(request(random, role));
  const place = random.below(text.length);
  return random.chance(0.5)
    ? text.slice(0, place)
    : `${text.slice(0, place)}${String.fromCharCode(random.below(0x300))}`;
}

function deepText(random: Random): string {
  const depth = random.pick([63, 64, 65, 100, 1000, 5000]);
  return random.chance(0.5)
    ? `${'['.repeat(depth)}${']'.repeat(depth)}`
    : `{"jsonrpc":"2.0","id":1,"method":"runs.get","params":${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}}`;
}

function batch(random: Random, role: FuzzRole): readonly unknown[] {
  const size = random.pick([0, 1, 2, 5, 5, 5, 1001]);
  return size > 1000
    ? Array.from({length: size}, () => 1)
    : Array.from({length: size}, () => (random.chance(0.7) ? request(random, role) : oddMessage(random)));
}

/** What is JSON and no request: wrong version, wrong ids, answers nobody asked for, plain values. */
function oddMessage(random: Random): unknown {
  const method = random.chance(0.5) ? random.pick(oddNames) : 'server.ping';
  return random.pick([
    junk(random, 0),
    {jsonrpc: '1.0', id: 1, method, params: {}},
    {jsonrpc: '2.0', id: junk(random, 0), method: junk(random, 0), params: junk(random, 0)},
    {jsonrpc: '2.0', id: [1], method, params: {}},
    {jsonrpc: '2.0', id: 1, result: junk(random, 0)},
    {jsonrpc: '2.0', id: 'none:1', error: junk(random, 0)},
    {jsonrpc: '2.0', method, params: junk(random, 0)},
    {jsonrpc: '2.0', id: 1, method: random.pick(oddNames), params: junk(random, 0)},
    {id: 1, method},
  ]);
}

/** A request with parameters of the right names and any values; one that an operator could get right has a name too many. */
function request(random: Random, role: FuzzRole): unknown {
  const method = random.pick(methodNames);
  const {kind, needs, params} = daemonMethods[method];
  const names = Object.keys((params as unknown as {readonly shape: Record<string, unknown>}).shape);
  const values: [string, unknown][] = names
    .filter(() => random.chance(0.8))
    .map((name) => [name, random.chance(0.4) ? likely(random, name) : junk(random, 0)]);
  const mustFail = role === 'operator' && (kind === 'write' || needs !== undefined);
  return {
    jsonrpc: '2.0',
    id: random.chance(0.9) ? `fuzz:${random.below(1_000_000)}` : random.below(100),
    method,
    params: {...Object.fromEntries(values), ...(mustFail ? {noSuchName: 1} : {})},
  };
}

/** What a parameter of that name looks like when it is right. */
function likely(random: Random, name: string): unknown {
  switch (name) {
    case 'id':
    case 'offset':
    case 'runId':
    case 'testId':
    case 'driverId':
    case 'limit':
    case 'afterId':
    case 'pid':
    case 'blockId':
    case 'before':
    case 'since':
      return random.below(5);
    case 'cursor':
      return random.pick(['', '[1]', '["Z29vZA==","",1]', '1', '["x"]', 'tests:1:1', 'tests:1:1,runs:0:0']);
    case 'tables':
      return random.pick([['tests'], ['runs', 'run_stats', 'runs']]);
    case 'fields':
      return random.pick([[], ['id'], ['id', 'counts'], ['runName'], ['state', 'lastUpdate']]);
    case 'targetPatt':
      return random.pick([{OS: 'x,%'}, {OS: '['}, {os: 'x'}]);
    case 'sortBy':
      return random.pick(['testname', 'statestatus', 'rundir', 'cpuload']);
    case 'sortOrder':
      return random.pick(['asc', 'desc']);
    case 'hosts':
    case 'jobgroups':
      return ['x', 'constructor', 'a.b.c'];
    case 'queries':
      return [{testName: 'good', itemPath: random.pick(['', 'a']), waitons: ['good', 'x'], mode: 'itemwait'}];
    case 'test':
      return random.pick([{testId: 1}, {runId: 1, testName: 'good', itemPath: ''}]);
    case 'runIds':
    case 'testIds':
      return random.pick([null, [1], [1, 2, 3]]);
    case 'target':
      return 'x';
    case 'runPatt':
    case 'testPatt':
      return random.pick(['%', '*', 'r', "'; DROP TABLE runs; --", '[', '%/%']);
    case 'states':
    case 'statuses':
      return [random.pick(['COMPLETED', 'RUNNING', 'PASS'])];
    case 'manager':
      return {host: 'nowhere', user: 'nobody'};
    default:
      return random.pick(['x', 'COMPLETED', 'KILLED', '2.0', 1]);
  }
}

function junk(random: Random, depth: number): unknown {
  const plain = [null, true, false, 0, -1, 1e308, 1.5, 2 ** 53, '', 'x', '\u0000', '\ud800', "' OR 1=1", '%'];
  if (depth > 3 || random.chance(0.7)) {
    return random.chance(0.02) ? 'y'.repeat(random.below(5000)) : random.pick(plain);
  }
  const size = random.below(4);
  return random.chance(0.5)
    ? Array.from({length: size}, () => junk(random, depth + 1))
    : Object.fromEntries(
        Array.from({length: size}, () => [
          random.pick(['a', 'id', 'testId', '__proto__', 'constructor']),
          junk(random, depth + 1),
        ]),
      );
}

/** Spec homehost.md 9.2, 9.3, 9.9 and 9.11: keys, runs, drivers, variables, locks and what has changed, asked over the wire. */
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {makeDaemonClient, openResults} from '@megatest/rpc';
import Database from 'better-sqlite3';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {until} from '../rig/until.ts';
import {LoneArea} from './lone-area.ts';
import {RawClient} from './raw-client.ts';

type Params = Readonly<Record<string, unknown>>;

let lone: LoneArea;
let client: RawClient;
let asked = 0;

beforeAll(async () => {
  lone = await LoneArea.make();
  client = await RawClient.connect(lone.path);
  await client.login('tester');
});

afterAll(async () => {
  await client[Symbol.asyncDispose]();
  await lone[Symbol.asyncDispose]();
});

/** The result, or code and text of the refusal. */
async function ask(method: string, params: Params = {}, by = client): Promise<unknown> {
  asked += 1;
  const {result, error} = (await by.ask(`tester:${asked}`, method, params)) ?? {};
  return error === undefined ? result : [error.code, error.message];
}

async function register(runName: string, target = 'x'): Promise<number> {
  const run = {state: 'new', status: 'n/a', owner: 'ann', contour: ''};
  const {runId} = (await ask('runs.register', {...run, target: [target], runName})) as {runId: number};
  return runId;
}

async function post(method: string, params: Params, token: string): Promise<unknown> {
  const {port} = lone.area.serverRecord();
  const reply = await fetch(`http://127.0.0.1:${port}/rpc`, {
    method: 'POST',
    headers: {authorization: `Bearer ${token}`},
    body: JSON.stringify({jsonrpc: '2.0', id: 1, method, params}),
  });
  const {result, error} = (await reply.json()) as {result: unknown; error?: {message: string}};
  return error === undefined ? result : [reply.status, error.message];
}

function tombstones(): Readonly<Record<string, number>> {
  const db = new Database(lone.working, {readonly: true});
  try {
    const rows = db
      .prepare<[], [string, number]>('SELECT tbl, count(*) FROM sync_deletes GROUP BY tbl')
      .raw();
    return Object.fromEntries(rows.all());
  } finally {
    db.close();
  }
}

const passed = {state: 'COMPLETED', status: 'PASS', count: 1};

describe('reads', () => {
  it.each<readonly [string, Params, unknown]>([
    ['keys.list', {}, ['OS']],
    ['keys.forRun', {runId: 1}, [{key: 'OS', value: 'x'}]],
    ['keys.forRun', {runId: 99}, null],
    ['runs.target', {runId: 1}, 'x'],
    ['runs.target', {runId: 99}, null],
    ['runs.targets', {}, {columns: ['OS'], rows: [['x']]}],
    ['runs.targets', {cursor: '["x"]'}, {columns: ['OS'], rows: []}],
    ['runs.targets', {cursor: 'x'}, [-32015, 'this cursor is not the `next` of a reply']],
    ['runs.count', {runPatt: 'r'}, {count: 1}],
    ['runs.count', {runPatt: 'R'}, {count: 0}],
    ['runs.ids', {}, [1]],
    ['runs.ids', {before: 1}, []],
    ['runs.ids', {before: 99}, [-32007, 'there is no run 99']],
    ['runs.list', {runPatt: '%', fields: ['id', 'runName']}, [{id: 1, runName: 'r'}]],
    ['runs.list', {runPatt: '%', fields: ['counts']}, [{counts: [passed]}]],
    ['runs.list', {runPatt: '%', targetPatt: {OS: 'y,%'}, fields: ['target']}, [{target: ['x']}]],
    ['runs.list', {runPatt: '%', targetPatt: {OS: 'y'}}, []],
    ['runs.list', {runPatt: '%', targetPatt: {os: 'y'}}, [-32015, 'os is no key; keys are OS']],
    ['runs.list', {runPatt: '%', limit: 5001}, [-32602, expect.stringContaining('runs.list: limit')]],
    ['runs.list', {runPatt: '%', since: 1e11}, []],
    ['runs.storedStats', {runId: 1}, [passed]],
    ['runs.storedStats', {runId: 99}, []],
    [
      'runs.summary',
      {},
      {
        rows: [{runId: 1, runName: 'r', netState: 'PASS', count: 1}],
        totals: [{netState: 'PASS', count: 1}],
      },
    ],
    ['runners.list', {target: 'x', runName: 'r', state: 'done', testPatt: '%'}, [expect.anything()]],
    ['runners.list', {state: 'running'}, []],
    [
      'changes.list',
      {since: 0},
      {
        tables: {
          runs: [1],
          tests: [expect.any(Number)],
          test_steps: [expect.any(Number), expect.any(Number)],
          test_data: [],
          run_stats: [expect.any(Number)],
        },
        nowS: expect.any(Number),
      },
    ],
    ['changes.list', {since: 1e11, tables: ['runs']}, {tables: {runs: []}, nowS: expect.any(Number)}],
    ['changes.list', {since: 0, cursor: 'keys:1:1'}, [-32015, expect.any(String)]],
    ['vars.get', {name: 'nothing'}, null],
    ['vars.get', {name: 'DB_EPOCH'}, expect.any(String)],
  ])('%s %j', async (method, params, expected) => {
    expect(await ask(method, params)).toEqual(expected);
  });

  it('runs.list without counts counts nothing', async () => {
    expect(await ask('runs.list', {runPatt: '%', counts: false})).toEqual([
      expect.not.objectContaining({counts: expect.anything()}),
    ]);
  });
});

describe('runs', () => {
  it('are registered once, and revived after a deletion', async () => {
    const run = {target: ['x'], runName: 'made', state: 'new', status: 'n/a', owner: 'ann', contour: ''};
    const made = (await ask('runs.register', run)) as {readonly runId: number};
    expect(made).toMatchObject({created: true, revived: false});
    expect(await ask('runs.register', run)).toEqual({runId: made.runId, created: false, revived: false});
    expect(await ask('runs.delete', {runId: made.runId})).toEqual({tests: 0, steps: 0, data: 0});
    expect(await ask('runs.delete', {runId: made.runId})).toEqual([-32007, `there is no run ${made.runId}`]);
    expect(await ask('runs.register', run)).toEqual({runId: made.runId, created: false, revived: true});
    for (const target of [['x', 'y'], ['x/y'], []]) {
      expect(await ask('runs.register', {...run, target})).toEqual([
        -32015,
        `Invalid target, "${target.join('/')}" should be: OS`,
      ]);
    }
  });

  it('take a comment, of which too much is cut with a warning, and the time of now', async () => {
    const runId = await register('noted');
    expect(await ask('runs.setComment', {runId, comment: 'seen'})).toBeNull();
    expect(await ask('runs.get', {runId})).toMatchObject({comment: 'seen', status: 'n/a'});
    expect(await ask('runs.setStatus', {runId, status: 'ok', comment: 'é'.repeat(40_000)})).toBeNull();
    expect(await ask('runs.get', {runId})).toMatchObject({comment: 'é'.repeat(32_768), status: 'ok'});
    expect(lone.log()).toContain(
      `WARNING: the comment of run ${runId} of nobody@nowhere is too long and was cut`,
    );
    const db = new Database(lone.working, {timeout: 10_000});
    db.prepare('UPDATE runs SET event_time = 5 WHERE id = ?').run(runId);
    db.close();
    expect(await ask('runs.get', {runId})).toMatchObject({eventTime: 5});
    expect(await ask('runs.touch', {runId})).toBeNull();
    expect(await ask('runs.get', {runId})).not.toMatchObject({eventTime: 5});
    for (const method of ['runs.setComment', 'runs.touch', 'runs.refreshStats', 'runs.markIncomplete']) {
      const params = method === 'runs.setComment' ? {runId: 99, comment: ''} : {runId: 99};
      expect(await ask(method, params), method).toEqual([-32007, 'there is no run 99']);
    }
  });

  it('of which something is going on, or that are locked, are not deleted; others are, and leave tombstones', async () => {
    await lone.runOnce('doomed');
    const [{id: runId}] = (await ask('runs.list', {runPatt: 'doomed'})) as [{readonly id: number}];
    const [{id: testId}] = (await ask('tests.list', {runIds: [runId]})) as [{readonly id: number}];
    await ask('testData.add', {
      testId,
      rows: [
        {
          category: 'c',
          variable: 'v',
          value: 1,
          expected: 1,
          tol: 0,
          units: '',
          comment: '',
          status: '',
          type: '',
        },
      ],
      rollup: false,
    });

    await ask('runs.setLock', {runId, locked: true, user: 'ann'});
    expect(await ask('runs.delete', {runId})).toEqual([-32008, 'run x/doomed is locked; unlock it first']);
    await ask('runs.setLock', {runId, locked: false, user: 'ann'});

    await ask('tests.setState', {test: {testId}, state: 'RUNNING', status: 'n/a'});
    expect(await ask('runs.delete', {runId})).toEqual([
      -32008,
      '1 tests of run x/doomed are running; end them first',
    ]);
    expect(await ask('runs.markIncomplete', {runId, deadtimeS: 1e9})).toEqual({testIds: []});
    await ask('tests.setState', {test: {testId}, state: 'COMPLETED', status: 'FAIL'});

    const before = tombstones();
    expect(await ask('runs.refreshStats', {runId})).toEqual([{...passed, status: 'FAIL'}]);
    expect(await ask('runs.storedStats', {runId})).toEqual([{...passed, status: 'FAIL'}]);
    expect(await ask('runs.delete', {runId})).toEqual({tests: 1, steps: 2, data: 1});
    const after = tombstones();
    const grown = (table: string) => (after[table] ?? 0) - (before[table] ?? 0);
    expect([grown('test_steps'), grown('test_data'), grown('run_stats')]).toEqual([2, 1, 2]);
    expect(await ask('tests.get', {test: {testId}})).toMatchObject({state: 'DELETED', comment: ''});
    expect(await ask('runs.list', {runPatt: 'doomed'})).toEqual([]);
    expect(await ask('runs.storedStats', {runId})).toEqual([]);
    const audit = readFileSync(join(lone.path, 'logs/audit.jsonl'), 'utf8');
    expect(audit).toContain(`"deleted run ${runId}"`);
  });

  it('are not deleted while they are driven; their drivers are stopped by target and run name', async () => {
    const submit = async (runName: string, testPatt: string) =>
      (await ask('runs.submit', {
        uuid: `${runName} ${testPatt}`,
        action: 'run',
        target: 'x',
        runName,
        options: {testPatt},
        manager: {host: 'nowhere', user: 'nobody'},
        argv: [],
      })) as {readonly driverId: number; readonly runId: number};
    const first = await submit('driven', 'a/%');
    const second = await submit('driven', 'b');
    const other = await submit('apart', 'b');
    expect(await ask('runs.delete', {runId: first.runId})).toEqual([
      -32008,
      'run x/driven is being driven; stop it first',
    ]);
    expect(await ask('runners.list', {runName: 'driven', state: 'running'})).toMatchObject([
      {id: second.driverId},
      {id: first.driverId},
    ]);
    const either = [-32602, 'runners.stop: either a driverId, or a target and a runName'];
    for (const params of [{}, {target: 'x'}, {driverId: first.driverId, target: 'x', runName: 'driven'}]) {
      expect(await ask('runners.stop', params)).toEqual(either);
    }
    const driven = {target: 'x', runName: 'driven'};
    expect(await ask('runners.stop', {...driven, testPatt: 'c'})).toEqual({stopped: 0});
    expect(await ask('runners.stop', {...driven, testPatt: 'B'})).toEqual({stopped: 1});
    expect(await ask('runners.stop', driven)).toEqual({stopped: 1});
    expect(await ask('runners.stop', driven)).toEqual({stopped: 0});
    expect(await ask('runners.stop', {driverId: other.driverId})).toEqual({stopped: 1});
    expect(await ask('runs.delete', {runId: first.runId})).toMatchObject({tests: 0});
  });
});

it('more rows than a reply has come in pages', async () => {
  const {nowS} = (await ask('changes.list', {since: 1e11})) as {readonly nowS: number};
  const db = new Database(lone.working, {timeout: 10_000});
  db.transaction(() => {
    const run = db.prepare(
      "INSERT INTO runs (id, OS, runname, event_time, last_update) VALUES (?, ?, 'many', ?, ?)",
    );
    const test = db.prepare(
      "INSERT INTO tests (run_id, testname, state, last_update) VALUES (?, 't', 'KILLED', ?)",
    );
    for (let id = 10_001; id <= 15_001; id += 1) {
      run.run(id, `many${id}`, id + nowS, nowS + 1000);
      test.run(id, nowS + 1000);
    }
  })();
  db.close();

  const pageOf = async (method: string, params: Params) =>
    (await ask(method, params)) as {
      readonly rows: readonly unknown[];
      readonly tables: Readonly<Record<string, readonly number[]>>;
      readonly next?: string;
    };
  const since = {since: nowS + 999, tables: ['runs', 'tests', 'run_stats']};
  const changes = await pageOf('changes.list', since);
  expect(
    [changes.tables.runs, changes.tables.tests, changes.tables.run_stats].map((ids) => ids?.length),
  ).toEqual([5000, 5000, 0]);
  expect(await ask('changes.list', {...since, cursor: changes.next})).toEqual({
    tables: {runs: [15_001], tests: [expect.any(Number)], run_stats: []},
    nowS: expect.any(Number),
  });
  const uneven = await pageOf('changes.list', {...since, tables: ['runs'], limit: 2});
  expect(uneven).toMatchObject({tables: {runs: [10_001, 10_002]}, next: `runs:${nowS + 1000}:10002`});

  const targets = await pageOf('runs.targets', {});
  expect(targets.rows).toHaveLength(5000);
  expect((await pageOf('runs.targets', {cursor: targets.next})).rows).toEqual([['many15001'], ['x']]);

  const summary = await pageOf('runs.summary', {});
  expect(summary).toMatchObject({totals: [{netState: 'KILLED', count: 5000}], next: '10002'});
  const rest = await pageOf('runs.summary', {cursor: summary.next});
  expect(rest.rows[0]).toEqual({runId: 10_001, runName: 'many', netState: 'KILLED', count: 1});
  expect(rest.next).toBeUndefined();

  const listed = (await ask('runs.list', {runPatt: 'many', counts: false})) as readonly unknown[];
  expect(listed).toHaveLength(5000);
  const ids = (await ask('runs.ids')) as readonly number[];
  expect(ids).toHaveLength(5000);
  expect(await ask('runs.ids', {before: ids.at(-1)})).toContain(10_001);

  // A command on another host asks until it has them all.
  const homehost = {name: 'elsewhere', file: '.homehost', isHere: false} as const;
  const daemon = makeDaemonClient({areaPath: lone.path, homehost, kind: 'cli', giveUpS: 20});
  try {
    using results = await openResults({
      area: {path: lone.path, name: 'area'},
      homehost,
      keys: ['OS'],
      daemon: () => daemon,
      marginS: 10,
      freshness: 'exact',
    });
    const runs = await results.runs({runPatt: 'many'});
    expect(runs.map(({id}) => id)).toEqual(Array.from({length: 5001}, (_, index) => 10_001 + index));
  } finally {
    daemon.close();
  }
});

describe('variables', () => {
  it('are set, read and deleted, but not those of the database itself', async () => {
    expect(await ask('vars.set', {name: 'release', value: '1.2'})).toBeNull();
    expect(await ask('vars.set', {name: 'release', value: '1.3'})).toBeNull();
    expect(await ask('vars.get', {name: 'release'})).toBe('1.3');
    expect(await ask('vars.delete', {name: 'release'})).toEqual({deleted: true});
    expect(await ask('vars.delete', {name: 'release'})).toEqual({deleted: false});
    expect(await ask('vars.get', {name: 'release'})).toBeNull();
    for (const name of ['SYNC_STAMP', 'DB_EPOCH', 'DB_']) {
      const refused = [-32017, `${name} is kept by the daemon itself`];
      expect(await ask('vars.set', {name, value: '1'})).toEqual(refused);
      expect(await ask('vars.delete', {name})).toEqual(refused);
    }
  });
});

describe('locks', () => {
  const byTester = {owner: 'nobody@nowhere 1'};

  it('belong to one client at a time, and are free when its connection has closed', async () => {
    await using other = await RawClient.connect(lone.path);
    await other.login('other');
    expect(await ask('locks.acquire', {name: 'l'})).toEqual({ok: true, ...byTester});
    expect(await ask('locks.acquire', {name: 'l'}, other)).toEqual({ok: false, ...byTester});
    expect(await ask('locks.release', {name: 'l'}, other)).toEqual([
      -32008,
      'nobody@nowhere 1 has the lock l',
    ]);
    expect(await ask('locks.release', {name: 'l'})).toEqual({released: true});
    expect(await ask('locks.release', {name: 'l'})).toEqual({released: false});
    expect(await ask('locks.acquire', {name: 'l'}, other)).toEqual({ok: true, ...byTester});
    other.socket.close();
    await using third = await RawClient.connect(lone.path);
    await third.login('third');
    await until(async () => ((await ask('locks.acquire', {name: 'l'}, third)) as {ok: boolean}).ok);
  });

  it('of a client that posts last beyond its post', async () => {
    const {token} = (await lone.rpc('server.sessionToken')) as {readonly token: string};
    expect(await post('locks.acquire', {name: 'posted', ttlS: 600}, token)).toMatchObject({ok: true});
    expect(await ask('locks.acquire', {name: 'posted'})).toMatchObject({ok: false});
    expect(await post('locks.acquire', {name: 'posted'}, token)).toMatchObject({ok: true});
    expect(await post('locks.release', {name: 'posted'}, token)).toEqual({released: true});
    expect(await ask('locks.acquire', {name: 'posted'})).toMatchObject({ok: true});
    expect(await post('locks.release', {name: 'posted'}, token)).toEqual([
      409,
      'nobody@nowhere 1 has the lock posted',
    ]);
  });

  it('of connections are free for the next daemon, those of posts are not', async () => {
    const {token} = (await lone.rpc('server.sessionToken')) as {readonly token: string};
    expect(await ask('locks.acquire', {name: 'connected', ttlS: 600})).toMatchObject({ok: true});
    expect(await post('locks.acquire', {name: 'kept', ttlS: 600}, token)).toMatchObject({ok: true});
    await lone.kill();
    expect(await lone.rpc('locks.acquire', {name: 'connected'})).toMatchObject({ok: true});
    expect(await lone.rpc('locks.acquire', {name: 'kept'})).toMatchObject({ok: false});
  });
});

it('a viewer reads all of it and changes nothing', async () => {
  await using viewer = await RawClient.connect(lone.path);
  await viewer.login('viewer', 'ro');
  expect(await ask('runs.count', {runPatt: 'r'}, viewer)).toEqual({count: 1});
  for (const [method, params] of [
    ['runs.delete', {runId: 1}],
    ['vars.set', {name: 'a', value: 'b'}],
    ['locks.acquire', {name: 'l'}],
    ['runners.stop', {driverId: 1}],
  ] as const) {
    expect(await ask(method, params, viewer), method).toEqual([-32017, expect.any(String)]);
  }
});

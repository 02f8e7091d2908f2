/** What the pages of the dashboard read of a daemon: a test with its files and logs, its past, the area and what its files say. */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import {RPC_CODES} from '@megatest/rpc';
import Database from 'better-sqlite3';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {until} from '../rig/until.ts';
import {config, LoneArea} from './lone-area.ts';
import {RawClient} from './raw-client.ts';

let lone: LoneArea;
let client: RawClient;
let viewer: RawClient;
const told: {readonly method?: string; readonly params?: unknown}[] = [];
let asked = 0;

async function call<T>(method: string, params: unknown = {}, from = client): Promise<T> {
  asked += 1;
  const reply = await from.ask(`page:${asked}`, method, params);
  expect(reply?.error, `${method} ${JSON.stringify(params)}`).toBeUndefined();
  return reply?.result as T;
}

async function refused(method: string, params: unknown, kind: keyof typeof RPC_CODES, from = client) {
  asked += 1;
  const reply = await from.ask(`page:${asked}`, method, params);
  expect(reply?.error?.code, `${method} ${JSON.stringify(params)}`).toBe(RPC_CODES[kind]);
}

async function connect(keyName: 'rw' | 'ro'): Promise<RawClient> {
  const connected = await RawClient.connect(lone.path, {onReply: (reply) => told.push(reply)});
  await connected.login(`client-${keyName}`, keyName);
  return connected;
}

type Panel = {
  readonly test: {readonly id: number; readonly rundir: string};
  readonly files: {readonly isThere: boolean; readonly entries: readonly {readonly name: string}[]};
  readonly next: {readonly testId: number; readonly itemPath: string} | null;
  readonly [name: string]: unknown;
};

const sim = [
  '#!/bin/sh',
  'echo begin; echo "ERROR: clk"; echo done',
  'echo run,speed,5,4,2 | $MT_MEGATEST -load-test-data',
  '',
].join('\n');

const more = {
  'megatest.config': config
    .replace('[setup]', '[setup]\nwaivercommentpatt ^WW.*\napi-key abc\nmade [system touch asked; echo 1]')
    .concat('[areas]\nsister path=../sister; targtrans=none\nlost ../nowhere\n')
    .concat(
      '[graph]\ng1 sqlite3:plot.db alldat event_time var val stuff\nbad plot.db alldat\nsly plot.db alldat;x event_time var val stuff\n',
    )
    .concat('[dashboard]\nrows 20\ncols many\n'),
  'runconfigs.config': '[default]\n[x]\n[x/y]\n[%]\n',
  '.mtviews.config': [
    '[counts]\ntype table\nsql SELECT count(*) AS tests FROM tests\norder 1',
    '[wrong]\ntype table\nsql DELETE FROM tests',
    '[lasting]\ntype testdata\nvariable speed',
    '[endless]\ntype table\nsql SELECT count(*) FROM (WITH t(a) AS (SELECT 1 UNION ALL SELECT a + 1 FROM t) SELECT * FROM t)',
    '[hello]\ntype page\nfile hello.html',
    '[sly]\ntype page\nfile ../outside.html',
    '',
  ].join('\n'),
  'hello.html': '<p>Hello</p>\n',
};

const tests = {
  'logged/testconfig': [
    '[requirements]\nwaiton good\nitemmap ^x (.*)',
    '[ezsteps]\nsim ./sim.sh',
    '[logpro]\nsim (expect:error in "LogFileBody" = 0 "No errors" #/ERROR/)',
    '  (expect:required in "LogFileBody" > 0 "End" #/done/)',
    '[test_meta]\nowner qa',
    '[waivers]\nsame diff sim.log',
    '[items]\nSIDE left right',
    '',
  ].join('\n'),
  'logged/sim.sh': sim,
  'asking/testconfig': '[requirements]\nwaiton logged gone\n[items]\nN [system touch asked; echo 1 2]\n',
};

/** The test of this name in the newest run that has it. */
async function idOf(testName: string, itemPath: string): Promise<number> {
  const rows = await call<readonly {id: number; testName: string; itemPath: string}[]>('tests.list', {
    runIds: null,
  });
  return rows.findLast((row) => row.testName === testName && row.itemPath === itemPath)?.id ?? 0;
}

beforeAll(async () => {
  lone = await LoneArea.make(more);
  for (const [name, text] of Object.entries(tests)) {
    const file = join(lone.path, 'tests', name);
    mkdirSync(join(file, '..'), {recursive: true});
    writeFileSync(file, text, {mode: 0o755});
  }
  rmSync(join(lone.path, 'asked'), {force: true});
  client = await connect('rw');
  viewer = await connect('ro');
});
afterAll(async () => {
  client?.socket.terminate();
  viewer?.socket.terminate();
  await lone?.[Symbol.asyncDispose]();
});

it('what the files of the area say is read by a manager that the daemon starts, and no command in them is run', async () => {
  const summary = await call<{
    config: readonly {section: string; rows: readonly unknown[]}[];
    [name: string]: unknown;
  }>('area.summary');
  expect(summary).toMatchObject({
    columns: ['PASS'],
    totals: {PASS: 1},
    rows: [{target: ['x'], runName: 'r', runId: 1, counts: {PASS: 1}}],
    targets: ['x'],
    problem: null,
  });
  const setup = summary.config.find(({section}) => section === 'setup');
  expect(setup?.rows).toEqual(
    expect.arrayContaining([
      {key: 'linktree', raw: '#{getenv MT_RUN_AREA_HOME}/links', value: `${lone.path}/links`},
      {key: 'api-key', raw: '***', value: '***'},
      {key: 'made', raw: '[system touch asked; echo 1]', value: '1'},
    ]),
  );
  expect(await call('server.info', {}, viewer)).toMatchObject({
    mode: 'live',
    areaPath: lone.path,
    role: 'viewer',
    keys: ['OS'],
    dashboardConfig: {rows: 20, cols: 8, 'history-runs': 20, enabled: true},
  });
  expect(lone.log()).toContain('WARNING: [dashboard] cols cannot be "many"; it is 8');
  expect(await call('deps.get')).toMatchObject({
    nodes: [
      {name: 'asking', items: null, missing: false},
      {name: 'good', items: 0},
      {name: 'logged', items: 2},
      {name: 'gone', missing: true},
    ],
    edges: [
      ['logged', 'asking', 'waiton'],
      ['gone', 'asking', 'waiton'],
      ['good', 'logged', 'itemmap'],
    ],
    cycles: [],
  });
  expect(existsSync(join(lone.path, 'asked'))).toBe(false);
});

describe('a test', () => {
  let testId: number;

  beforeAll(async () => {
    const {code} = await lone.megatest(['run', '-t', 'x', '-n', 'second', '-p', 'logged']);
    expect(code).toBe(4);
    testId = await idOf('logged', 'left');
  });

  it('has its panel, by the role of who looks', async () => {
    const panel = await call<Panel>('tests.panel', {testId});
    expect(panel).toMatchObject({
      test: {testName: 'logged', itemPath: 'left', status: 'FAIL'},
      run: {runName: 'second'},
      keys: [{key: 'OS', value: 'x'}],
      meta: {owner: 'qa'},
      data: [
        {category: 'run', variable: 'speed', value: 5},
        {category: 'sim', variable: 'final', status: 'FAIL'},
      ],
      hasMoreData: false,
      previous: null,
      next: {itemPath: 'right'},
      parent: {status: 'FAIL'},
      actions: expect.arrayContaining(['rerun', 'rerun-step', 'waive']),
    });
    expect(panel.files.entries.map(({name}) => name)).toEqual(
      expect.arrayContaining(['megatest.sh', 'sim.html', 'sim.log', 'testconfig']),
    );
    expect((await call<Panel>('tests.panel', {testId}, viewer)).actions).toEqual([]);
    await refused('tests.panel', {testId: 999_999}, 'notFound');
  });

  it('has an environment, of which secrets are for operators', async () => {
    const {test} = await call<Panel>('tests.panel', {testId});
    appendFileSync(join(test.rundir, 'megatest.sh'), 'export API_TOKEN=hidden\n');
    type Environment = {
      readonly variables: readonly {readonly name: string; readonly value: string | null}[];
    };
    const token = async (from: RawClient, show: boolean) => {
      const {variables} = await call<Environment>('files.environment', {testId, show}, from);
      expect(variables).toContainEqual({name: 'MT_TEST_NAME', value: 'logged'});
      return variables.find(({name}) => name === 'API_TOKEN')?.value;
    };
    expect(await token(client, false)).toBeNull();
    expect(await token(client, true)).toBe('hidden');
    expect(await token(viewer, true)).toBeNull();
    await refused('logs.open', {testId, path: 'megatest.sh'}, 'notAllowed', viewer);
  });

  it('has its testconfig in two places, with the rules for waivers', async () => {
    expect(await call('files.testconfig', {testId})).toMatchObject({
      source: {
        path: join(lone.path, 'tests/logged/testconfig'),
        text: tests['logged/testconfig'],
        waivers: [['same', 'diff sim.log']],
        commentPattern: '^WW.*',
      },
      run: {text: tests['logged/testconfig']},
      problem: null,
    });
  });

  it('has logs that are read by lines with what logpro said of them, and followed', async () => {
    type Opened = {readonly log: number};
    const opened = await call<Opened>('logs.open', {testId, path: 'sim.log'});
    const marks = [
      {line: 1, type: 'trigger', rule: null},
      {line: 2, type: 'error', rule: 0},
      {line: 3, type: 'required', rule: 1},
    ];
    expect(opened).toMatchObject({lines: 3, kind: 'text', marks, isWhole: true});
    const {log} = opened;
    expect(await call('logs.read', {log, from: 2, count: 1})).toMatchObject({
      from: 2,
      lines: ['ERROR: clk'],
      total: 3,
      marks: marks.slice(1, 2),
    });
    await refused('logs.read', {log, from: 1, count: 1}, 'notFound', viewer);
    await call('subscribe', {topics: [`log:${log}`]});
    const {test} = await call<Panel>('tests.panel', {testId});
    appendFileSync(join(test.rundir, 'sim.log'), 'one more\n');
    const news = () => told.filter(({method}) => method === 'log.more').map(({params}) => params);
    await until(() => news().length > 0);
    expect(news()[0]).toEqual({log, size: 31, lines: 4, isReplaced: false});
    expect(await call('logs.read', {log, from: -1, count: 10})).toMatchObject({from: 4, lines: ['one more']});
    rmSync(join(test.rundir, 'sim.log'));
    await until(() => news().length > 1);
    expect(news()[1]).toMatchObject({isReplaced: true});
    await call('logs.close', {log});
    await refused('logs.read', {log, from: 1, count: 1}, 'notFound');
  });

  it('has no more logs than a connection may have open, and they are closed with it', async () => {
    const files = () => readlinks(`/proc/${lone.pid}/fd`).filter((path) => path.endsWith('/sim.html')).length;
    await using other = await connect('ro');
    for (let count = 0; count < 32; count += 1) {
      await call('logs.open', {testId, path: 'sim.html'}, other);
    }
    await refused('logs.open', {testId, path: 'sim.html'}, 'tooLarge', other);
    expect(files()).toBe(32);
    other.socket.terminate();
    await until(() => files() === 0);
  });

  it('shows files of other tests through a link, and of nobody else', async () => {
    const {test} = await call<Panel>('tests.panel', {testId});
    const other = await call<Panel>('tests.panel', {testId: 1});
    symlinkSync(realpathSync(other.test.rundir), join(test.rundir, 'beside'));
    symlinkSync(lone.path, join(test.rundir, 'area'));
    expect(await call('logs.open', {testId, path: 'beside/step.log'}, viewer)).toMatchObject({lines: 0});
    for (const path of ['area/.server.key', 'area/megatest.config', '.mt/env.json', '../right/sim.log']) {
      await refused('logs.open', {testId, path}, 'notFound', viewer);
    }
  });

  it('has a past over runs', async () => {
    const {code} = await lone.megatest(['run', '-t', 'x', '-n', 'third', '-p', 'good']);
    expect(code).toBe(0);
    type History = {readonly items: readonly {readonly outcomes: readonly {readonly runName: string}[]}[]};
    const {items} = await call<History>('tests.history', {testName: 'good', targetPatt: 'x'});
    expect(items).toMatchObject([{itemPath: '', n: 3, flips: 0, verdict: 'none'}]);
    expect(items[0]?.outcomes.map(({runName}) => runName)).toEqual(['r', 'second', 'third']);
    expect(await call('tests.history', {testName: 'logged', n: 1})).toMatchObject({
      items: [{itemPath: ''}, {itemPath: 'left'}, {itemPath: 'right'}],
    });
    expect(await call('tests.history', {testName: 'good', targetPatt: 'y'})).toEqual({
      items: [],
      isTruncated: false,
    });
    expect(await call('tests.catalogue')).toMatchObject({
      rows: [
        {testName: 'asking', items: null, past: null},
        {testName: 'good', isInArea: true, past: {n: 3, strip: [{}, {}, {status: 'PASS'}]}},
        {testName: 'logged', meta: {owner: 'qa'}, items: 2, past: {n: 1}},
      ],
      problem: null,
    });
    expect(await call('targets.latest')).toMatchObject({
      keys: ['OS'],
      rows: [{target: ['x'], runName: 'third', total: 1, pass: 1, fail: 0, other: 0}],
    });
    const {id} =
      (await call<readonly {id: number; runName: string}[]>('runs.list', {runPatt: 'second'}))[0] ?? {};
    expect(await call('deps.get', {testPatt: 'good', runId: id})).toMatchObject({
      nodes: [{name: 'good', stateCounts: [{state: 'COMPLETED', status: 'PASS', count: 1}]}],
    });
  });
});

describe('data that others have made', () => {
  it('graphs have the value before the span, and a bad line says why it is none', async () => {
    const db = new Database(join(lone.path, 'plot.db'));
    db.exec('CREATE TABLE alldat (event_time, var, val)');
    db.exec(
      "INSERT INTO alldat VALUES (90, 'stuff', 3), (105, 'stuff', 5), (120, 'stuff', 4), (110, 'other', 9)",
    );
    db.close();
    expect(await call('graphs.read', {name: 'g1', from: 100, to: 130})).toEqual({
      name: 'g1',
      series: [
        {
          name: 'stuff',
          points: [
            [100, 3],
            [105, 5],
            [120, 4],
          ],
        },
      ],
      min: 3,
      max: 5,
    });
    await refused('graphs.read', {name: 'bad', from: 0, to: 1}, 'invalidValue');
    await refused('graphs.read', {name: 'sly', from: 0, to: 1}, 'invalidValue');
    await refused('graphs.read', {name: 'none', from: 0, to: 1}, 'notFound');
  });

  it('views show what a query finds, and one that may not or does not end says so', async () => {
    const shown = async (name: string) => await call<Record<string, unknown>>('views.get', {name});
    expect(await call('views.get')).toMatchObject({
      views: [
        {name: 'counts'},
        {name: 'endless'},
        {name: 'hello'},
        {name: 'lasting'},
        {name: 'sly'},
        {name: 'wrong'},
      ],
    });
    expect(await shown('counts')).toMatchObject({data: {kind: 'rows', columns: ['tests']}});
    expect(await shown('hello')).toMatchObject({data: {kind: 'page', html: '<p>Hello</p>\n'}});
    expect(await shown('lasting')).toMatchObject({data: {rows: [expect.anything(), expect.anything()]}});
    expect(await shown('sly')).toMatchObject({
      views: [{problem: 'there is no file ../outside.html in the area'}],
    });
    expect(await shown('wrong')).toMatchObject({views: [{problem: 'the query of a view is one SELECT'}]});
    expect(await shown('endless')).toMatchObject({
      views: [{problem: expect.stringContaining('was given up')}],
    });
    await refused('views.get', {name: 'none'}, 'notFound');
  });

  it('other areas are looked at', async () => {
    expect(await call('areas.list')).toEqual([
      {
        name: 'sister',
        path: join(lone.path, '../sister'),
        params: {path: '../sister', targtrans: 'none'},
        isThere: false,
        isReadable: false,
        daemon: null,
        changedS: null,
        newestRun: null,
      },
      expect.objectContaining({name: 'lost', isThere: false}),
    ]);
  });
});

function readlinks(folder: string): readonly string[] {
  return readdirSync(folder).flatMap((name) => {
    try {
      return [readlinkSync(join(folder, name))];
    } catch {
      // Closed while we looked.
      return [];
    }
  });
}

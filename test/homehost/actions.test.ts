/** What pages have done: shown, counted, and started once as a job of who asked, whatever happens in between. */
import {execFileSync} from 'node:child_process';
import {existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {userInfo} from 'node:os';
import {join} from 'node:path';
import {RPC_CODES} from '@megatest/rpc';
import {afterAll, beforeAll, expect, it} from 'vitest';
import {until} from '../rig/until.ts';
import {config, LoneArea} from './lone-area.ts';
import {RawClient} from './raw-client.ts';

type Preview = {
  readonly preview: string;
  readonly text: string;
  readonly counts: {readonly tests: number; readonly runs: number; readonly running: number};
  readonly [name: string]: unknown;
};
type Job = {readonly id: number; readonly state: string; readonly [name: string]: unknown};

let lone: LoneArea;
/** Logged in as the user of this process, whose manager does the jobs. */
let client: RawClient;
let other: RawClient;
let viewer: RawClient;
let asked = 0;

async function ask(method: string, params: unknown, from = client) {
  asked += 1;
  return await from.ask(`page:${asked}`, method, params);
}

async function call<T>(method: string, params: unknown, from = client): Promise<T> {
  const reply = await ask(method, params, from);
  expect(reply?.error, `${method} ${JSON.stringify(params)}`).toBeUndefined();
  return reply?.result as T;
}

async function refused(
  method: string,
  params: unknown,
  kind: keyof typeof RPC_CODES,
  message: string,
  from = client,
) {
  const reply = await ask(method, params, from);
  expect(reply?.error).toMatchObject({code: RPC_CODES[kind], message: expect.stringContaining(message)});
  return reply?.error as {readonly data?: unknown} | undefined;
}

async function preview(action: string, params: Readonly<Record<string, unknown>>): Promise<Preview> {
  return await call('actions.preview', {action, params: {target: 'x', ...params}});
}

async function start(shown: Preview, typed?: string): Promise<Job> {
  const {job} = await call<{job: Job}>('actions.start', {preview: shown.preview, typed});
  return await ended(job.id);
}

async function ended(id: number): Promise<Job> {
  let now = await call<Job>('jobs.get', {id});
  await until(async () => {
    now = await call('jobs.get', {id});
    return ['done', 'failed', 'killed', 'cancelled'].includes(now.state);
  });
  return now;
}

/** A run whose tests end when they are killed. */
async function begin(runName: string, running: number): Promise<void> {
  const what = {action: 'run', target: 'x', runName, testPatt: 'slow'};
  await call('jobs.add', {...what, uuid: `begin-${runName}`, source: 'cli'});
  await until(async () => (await runningOf(runName)) === running);
}

async function runningOf(runName: string): Promise<number> {
  const {counts} = await preview('run', {runName});
  return counts.running;
}

function countOf(name: string): number {
  const file = join(lone.path, name);
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 1 : 0;
}

beforeAll(async () => {
  lone = await LoneArea.make({
    'megatest.config': config.replace('[setup]', '[setup]\nmax_concurrent_jobs 4\nwaivercommentpatt WW.*'),
    'tests/good/testconfig': '[ezsteps]\nstep echo ran >> $MT_RUN_AREA_HOME/trace; true\n',
  });
  mkdirSync(join(lone.path, 'tests/slow'));
  writeFileSync(
    join(lone.path, 'tests/slow/testconfig'),
    '[ezsteps]\nstep read -r word < $MT_RUN_AREA_HOME/gate-$N\n[items]\nN 1 2\n',
  );
  for (const item of [1, 2]) {
    execFileSync('mkfifo', [join(lone.path, `gate-${item}`)]);
  }
  const user = userInfo().username;
  client = await RawClient.connect(lone.path);
  await client.login('page', 'rw', undefined, user);
  other = await RawClient.connect(lone.path);
  await other.login('other', 'rw', undefined, 'somebody');
  viewer = await RawClient.connect(lone.path);
  await viewer.login('viewer', 'ro', undefined, user);
});
afterAll(async () => {
  for (const each of [client, other, viewer]) {
    each?.socket.terminate();
  }
  await lone?.[Symbol.asyncDispose]();
});

it('a rerun that was shown runs the test again, as a job of who asked, and is noted with its exit code', async () => {
  const before = countOf('trace');
  const shown = await preview('rerun', {runName: 'r', testPatt: 'good'});
  expect(shown).toMatchObject({
    text: "megatest -set-state-status 'NOT_STARTED,n/a' -run -target x -runname r -testpatt good -preclean -clean-cache",
    counts: {tests: 1, runs: 1, running: 0},
    sample: ['good'],
    danger: 'low',
    typed: null,
    user: userInfo().username,
  });
  const job = await start(shown);
  expect(job).toMatchObject({
    state: 'done',
    action: 'rerun-all',
    source: 'dashboard',
    owner: userInfo().username,
    params: {commandLine: shown.text},
  });
  expect(countOf('trace')).toBe(before + 1);
  const log = join(lone.path, 'logs/dashboard-actions.log');
  await until(() => existsSync(log) && readFileSync(log, 'utf8').endsWith('\n'));
  const [, ...columns] = readFileSync(log, 'utf8').trimEnd().split('\t');
  expect(columns).toEqual([userInfo().username, expect.any(String), 'operator', shown.text, '0']);
});

it('a preview starts once, for its user, and nothing is shown to who may only look', async () => {
  const shown = await preview('lock', {runName: 'r'});
  expect(shown).toMatchObject({counts: {tests: 0, runs: 1, running: 0}, sample: ['x/r']});
  const params = {preview: shown.preview};
  await refused('actions.start', params, 'conflict', 'there is no such preview of somebody', other);
  await refused('actions.start', params, 'notAllowed', 'your key only lets you look', viewer);
  const first = await client.ask('page:1000000', 'actions.start', params);
  const {job} = (first?.result ?? {}) as {job: Job};
  expect(await ended(job.id)).toMatchObject({state: 'done', message: 'locked 1 runs'});
  await refused('actions.start', params, 'conflict', 'it lasts 60 seconds and starts once');
  // A client that has lost the answer asks once more.
  const again = await client.ask('page:1000000', 'actions.start', params);
  expect(again?.result).toMatchObject({job: {id: job.id}});

  const asks = {action: 'unlock', params: {target: 'x', runName: 'r'}};
  await refused('actions.preview', asks, 'notAllowed', 'your key only lets you look', viewer);
  await refused(
    'actions.preview',
    {action: 'rerun', params: {target: 'x', runName: 'r', testPatt: 'good'}},
    'notFound',
    'there is no run x/r that is not locked',
  );
  expect(await start(await preview('unlock', {runName: 'r'}))).toMatchObject({state: 'done'});
});

it('what concerns other tests than were shown is not started; kills end what is running', async () => {
  await begin('k', 3);
  const all = await preview('kill-complete-run', {runName: 'k'});
  expect(all).toMatchObject({counts: {runs: 1, running: 3}, danger: 'medium'});
  const one = await preview('kill', {runName: 'k', testPatt: 'slow/1'});
  expect(one).toMatchObject({counts: {tests: 1, runs: 1, running: 1}, sample: ['slow/1']});
  expect(await start(one)).toMatchObject({state: 'done', action: 'set-ss'});
  await until(async () => (await preview('kill', {runName: 'k', testPatt: 'slow/1'})).counts.running === 0);
  const error = await refused('actions.start', {preview: all.preview}, 'conflict', 'has changed');
  expect(error?.data).toMatchObject({
    before: {counts: {running: 3}},
    now: {counts: {running: 2}, sample: expect.arrayContaining(['slow/2'])},
  });
  expect(await start(await preview('kill-complete-run', {runName: 'k'}))).toMatchObject({
    state: 'done',
    action: 'kill',
  });
  await until(async () => (await runningOf('k')) === 0);
});

it('a whole run is removed when its name has been typed; clean and run are two commands', async () => {
  const before = countOf('trace');
  const both = await preview('clean-run', {runName: 'r', testPatt: 'good'});
  expect(both.commands).toHaveLength(2);
  expect(await start(both)).toMatchObject({state: 'done', action: 'command', exitCode: 0});
  // The second command ends when it has launched the test.
  await until(() => countOf('trace') === before + 1);
  await until(async () => (await runningOf('r')) === 0);

  const shown = await preview('clean-complete-run', {runName: 'r'});
  expect(shown).toMatchObject({danger: 'high', typed: 'r', counts: {tests: 1}});
  const {preview: id} = shown;
  await refused('actions.start', {preview: id}, 'invalidValue', 'when the run name "r" has been typed');
  await refused('actions.start', {preview: id, typed: 'k'}, 'invalidValue', 'has been typed');
  expect(await start(shown, 'r')).toMatchObject({state: 'done', action: 'remove'});
  await refused(
    'actions.preview',
    {action: 'clean-complete-run', params: {target: 'x', runName: 'r'}},
    'notFound',
    'there is no run',
  );
});

it('what cannot be done is refused when it is to be shown', async () => {
  const params = {target: 'x', runName: 'k', testPatt: 'slow'};
  const cannot = async (action: string, more: Readonly<Record<string, unknown>>, message: string) =>
    await refused('actions.preview', {action, params: {...params, ...more}}, 'invalidValue', message);
  await cannot('archive', {}, 'this version cannot archive tests');
  await cannot('run', {target: 'x/y'}, 'Invalid target');
  await cannot('waive', {message: 'known'}, 'the comment of a waiver must match WW.*');
  const command = 'megatest -run; true';
  await cannot('command', {target: '', runName: '', testPatt: '', command}, 'no shell reads a command');
  const waived = await preview('waive', {...params, message: 'WW7 known'});
  expect(await start(waived)).toMatchObject({state: 'done'});
  const rows = await call<readonly {status: string; comment: string}[]>('tests.list', {runIds: null});
  expect(rows.filter(({status}) => status === 'WAIVED')).not.toHaveLength(0);
});

it.each([
  ['actions no', 'lock', {target: 'x', runName: 'r'}],
  ['free-command no', 'command', {command: 'megatest runs'}],
])(
  'where [dashboard] says "%s", %s is refused, and nothing of it begins',
  async (setting, action, params) => {
    await using closed = await LoneArea.make({'megatest.config': `${config}[dashboard]\n${setting}\n`});
    const {code, stderr} = await closed.area.megatest([
      ...['rpc', 'actions.preview'],
      JSON.stringify({action, params}),
    ]);
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining(`[dashboard] ${setting.split(' ')[0]} of this area is no`),
    ]);
    expect(await closed.rpc('jobs.list')).toEqual([]);
  },
);

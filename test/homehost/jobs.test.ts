/**
 * The job queue with a real daemon and its managers: each action has its effect, jobs wait for what they must, and whatever is killed,
 * what was begun ends once and its result is known.
 */
import {execFileSync} from 'node:child_process';
import {appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {hostname, userInfo} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {until} from '../rig/until.ts';
import {config, LoneArea} from './lone-area.ts';

type Job = {
  readonly id: number;
  readonly uuid: string;
  readonly state: string;
  readonly message: string;
  readonly exitCode: number | null;
  readonly attempts: number;
  readonly runId: number | null;
  readonly [name: string]: unknown;
};

const ended = ['done', 'failed', 'killed', 'cancelled'];
let lone: LoneArea;
let uuids = 0;

/** A command that says that it has begun, waits until it is let go, and says that it has ended. */
function held(name: string, exitCode = 0): string {
  return `echo begun ${name} >> trace; read -r word < gates/${name}; echo ended ${name} >> trace; exit ${exitCode}`;
}

function gate(name: string): void {
  execFileSync('mkfifo', [join(lone.path, 'gates', name)]);
}

async function letGo(name: string): Promise<void> {
  await lone.area.shell(`echo go > gates/${name}`);
}

function trace(): readonly string[] {
  const file = join(lone.path, 'trace');
  return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
}

async function untilTraced(line: string): Promise<void> {
  await until(() => trace().includes(line));
}

async function add(action: string, more: Readonly<Record<string, unknown>> = {}): Promise<Job> {
  uuids += 1;
  return (await lone.rpc('jobs.add', {uuid: `job-${uuids}`, action, source: 'cli', ...more})) as Job;
}

async function get(id: number): Promise<Job> {
  return (await lone.rpc('jobs.get', {id})) as Job;
}

async function untilState(id: number, ...states: readonly string[]): Promise<Job> {
  let job = await get(id);
  await until(async () => {
    job = await get(id);
    return states.includes(job.state);
  });
  return job;
}

/** Adds it, and waits for its end. */
async function perform(action: string, more: Readonly<Record<string, unknown>> = {}): Promise<Job> {
  return await untilState((await add(action, more)).id, ...ended);
}

async function jobs(...words: readonly string[]): Promise<string> {
  const {code, stdout, stderr} = await lone.megatest(['jobs', ...words]);
  expect(code, stderr).toBe(0);
  return stdout;
}

async function rowsOf(
  runName: string,
): Promise<readonly {readonly state: string; readonly status: string}[]> {
  const runs = (await lone.rpc('runs.list', {runPatt: runName})) as readonly {readonly id: number}[];
  return (await lone.rpc('tests.list', {runIds: runs.map(({id}) => id)})) as {
    state: string;
    status: string;
  }[];
}

function managers(): readonly number[] {
  return lone.area
    .processes()
    .filter(({command}) => command.includes('dist/manager.js'))
    .map(({pid}) => pid);
}

function killManagers(): void {
  for (const pid of managers()) {
    process.kill(pid, 'SIGKILL');
  }
}

const r = {target: 'x', runName: 'r'};

beforeAll(async () => {
  lone = await LoneArea.make({
    'megatest.config': config
      .replace('[setup]', '[setup]\nheld #{shell test -z "$MEGATEST_JOB" || ./hold}')
      .concat('[jobs]\nmax-actions 1\n'),
    // What a command of a job reads first.
    hold: '#!/bin/sh\necho read >> reads; test ! -e held || read -r word < held\n',
  });
  mkdirSync(join(lone.path, 'gates'));
  mkdirSync(join(lone.path, 'tests/slow'));
  writeFileSync(
    join(lone.path, 'tests/slow/testconfig'),
    '[ezsteps]\nstep cd $MT_RUN_AREA_HOME; echo begun slow >> trace; read -r word < gates/slow\n',
  );
});
afterAll(async () => {
  await lone?.[Symbol.asyncDispose]();
});

describe('a job', () => {
  it('is in megatest.db when its addition is answered, and is the same job when it is added again', async () => {
    const notBefore = Math.floor(Date.now() / 1000) + 86_400;
    const job = await add('command', {params: {command: 'true'}, notBefore, priority: 3});
    const [row] = lone.area.query(
      `SELECT uuid, action, priority, owner, host FROM jobs WHERE id = ${job.id}`,
    );
    const owner = userInfo().username;
    expect(row).toEqual({uuid: job.uuid, action: 'command', priority: 3, owner, host: hostname()});
    const {uuid} = job;
    const again = (await lone.rpc('jobs.add', {
      uuid,
      action: 'command',
      params: {command: 'true'},
      source: 'cli',
    })) as Job;
    expect(again.id).toBe(job.id);
    const waiting = await untilState(job.id, 'waiting');
    expect(waiting.message).toBe(`waits until ${new Date(notBefore * 1000).toISOString()}`);
    expect(await jobs('cancel', String(job.id))).toBe(`job ${job.id}: cancelled, priority 3\n`);
  });

  it('begins when its time has come', async () => {
    const notBefore = Math.ceil(Date.now() / 1000) + 1;
    const job = await perform('set-run-status', {...r, params: {new: 'timed'}, notBefore});
    expect(job.state).toBe('done');
    expect(job.startTime).toBeGreaterThanOrEqual(notBefore);
  });

  it('that cannot be done is refused when it is added', async () => {
    await expect(add('command')).rejects.toThrow('a job "command" needs the text of the command');
    await expect(add('run', {target: 'x/y', runName: 'r'})).rejects.toThrow('Invalid target');
    await expect(add('launch-test')).rejects.toThrow('Invalid option');
  });
});

describe('what the daemon does itself', () => {
  it.each<[string, Readonly<Record<string, unknown>>, string, string]>([
    [
      'set-ss',
      {params: {new: 'COMPLETED/FAIL', message: 'by a job'}},
      'set 1 tests to COMPLETED/FAIL',
      'FAIL',
    ],
    ['set-ss', {params: {new: '/PASS', status: 'FAIL'}}, 'set 1 tests to /PASS', 'PASS'],
    ['set-ss', {params: {new: '/ABORT', status: 'FAIL'}}, 'set 0 tests to /ABORT', 'PASS'],
    ['mark-incomplete', {}, 'marked 0 tests', 'PASS'],
  ])('%s %j', async (action, more, message, status) => {
    const job = await perform(action, {...r, testPatt: 'good', ...more});
    expect(job).toMatchObject({state: 'done', exitCode: 0, message, attempts: 1});
    expect(await rowsOf('r')).toMatchObject([{status}]);
  });

  it('lock, unlock and set-run-status', async () => {
    const run = async () => (await lone.rpc('runs.get', {runId: 1})) as {state: string; status: string};
    expect(await perform('lock', r)).toMatchObject({state: 'done', message: 'locked 1 runs'});
    expect((await run()).state).toBe('locked');
    const refused = await perform('rerun-all', r);
    expect(refused).toMatchObject({state: 'failed', message: 'run x/r is locked; unlock it first'});
    expect(await perform('unlock', {target: '%', runName: '%'})).toMatchObject({state: 'done'});
    expect((await run()).state).toBe('unlocked');
    expect(await perform('set-run-status', {...r, params: {new: 'CHECKED'}})).toMatchObject({state: 'done'});
    expect((await run()).status).toBe('CHECKED');
    // What failed because the run was locked is done when it is retried.
    await lone.rpc('jobs.retry', {id: refused.id});
    expect(await untilState(refused.id, ...ended)).toMatchObject({state: 'done', attempts: 2});
  });
});

describe('a job that is a run', () => {
  it('ends with its tests, and what it said is its log', async () => {
    const words = ['add', 'run', '-t', 'x', '-n', 'byjob', '-p', 'good', '--json'];
    const job = JSON.parse(await jobs(...words)) as Job;
    const done = await untilState(job.id, ...ended);
    expect(done).toMatchObject({state: 'done', exitCode: 0, logPath: `logs/job-${job.id}.log`});
    expect(done.runId).toBeGreaterThan(1);
    expect(await rowsOf('byjob')).toMatchObject([{state: 'COMPLETED', status: 'PASS'}]);
    expect(await jobs('logs', String(job.id))).toContain('byjob/good');
    const last = await lone.rpc('jobs.last', {target: 'x', runName: 'byjob'});
    expect(last).toMatchObject({
      action: 'run',
      testPatt: 'good',
      jobId: job.id,
      driverId: expect.any(Number),
    });
  });

  it('is killed by its cancellation, and its tests by a job that kills', async () => {
    gate('slow');
    const job = await add('run', {target: 'x', runName: 'slow', testPatt: 'slow'});
    await untilTraced('begun slow');
    await jobs('cancel', String(job.id));
    expect(await untilState(job.id, ...ended)).toMatchObject({state: 'killed', exitCode: 130});
    const kill = await perform('kill', {target: 'x', runName: 'slow'});
    expect(kill).toMatchObject({state: 'done', message: 'stopped 0 runs, asked 1 tests to end'});
    await until(async () => (await rowsOf('slow'))[0]?.state === 'KILLED');
  });
});

describe('a command', () => {
  it('is run in the area without the variables of a test, and its words and its end are recorded', async () => {
    const command = 'pwd; echo "$MEGATEST_JOB"; env | grep -c ^MT_; echo oops >&2; exit 3';
    const job = await perform('command', {params: {command}});
    expect(job).toMatchObject({state: 'failed', exitCode: 3, message: 'exit code 3: oops'});
    expect(await jobs('logs', '-f', String(job.id))).toBe(`${lone.path}\n${job.uuid}\n0\noops\n`);
    const log = await lone.rpc('jobs.log', {id: job.id, offset: 0});
    expect(await lone.rpc('jobs.log', {id: job.id, offset: (log as {next: number}).next})).toMatchObject({
      text: '',
    });
  });

  it('of the old style is one too; what this version does not have fails with its message', async () => {
    await perform('run', {target: 'x', runName: 'gone', testPatt: 'good'});
    expect(await perform('remove', {target: 'x', runName: 'gone'})).toMatchObject({
      state: 'done',
      exitCode: 0,
    });
    expect(await rowsOf('gone')).toEqual([]);
    for (const [action, more] of [
      ['archive', r],
      ['html', {}],
      ['update-meta', {}],
      ['sync', {params: {syncTo: 'central'}}],
    ] as const) {
      const job = await perform(action, more);
      expect([action, job.state === 'done' || /not supported by this version/.test(job.message)]).toEqual([
        action,
        true,
      ]);
    }
  });
});

describe('jobs wait', () => {
  it('for one another when no more may be at work: the one of the highest priority is next', async () => {
    for (const name of ['one', 'two', 'three', 'four']) {
      gate(name);
    }
    const [one, two, three, four] = [
      await add('command', {params: {command: held('one')}}),
      await add('command', {params: {command: held('two')}}),
      await add('command', {params: {command: held('three')}}),
      await add('command', {params: {command: held('four')}}),
    ];
    await untilTraced('begun one');
    expect((await get(two.id)).state).toBe('queued');
    await jobs('priority', String(four.id), '5');
    await jobs('cancel', String(two.id));
    await letGo('one');
    expect(await untilState(one.id, ...ended)).toMatchObject({state: 'done'});
    await untilTraced('begun four');
    expect((await get(three.id)).state).toBe('queued');
    const listed = await jobs('list', '--state', 'queued');
    expect(listed).toMatch(new RegExp(`^${three.id} +queued +command `, 'm'));
    await letGo('four');
    await untilTraced('begun three');
    // One that is at work is ended, and may be done again.
    await jobs('cancel', String(three.id));
    const killed = await untilState(three.id, ...ended);
    expect(killed).toMatchObject({state: 'killed', message: `ended by ${userInfo().username}`});
    await jobs('retry', String(three.id));
    await until(() => trace().filter((line) => line === 'begun three').length === 2);
    await jobs('retry', String(two.id));
    await letGo('three');
    await untilState(three.id, 'done');
    await letGo('two');
    await untilState(two.id, 'done');
    expect(trace().filter((line) => /three|two/.test(line))).toEqual([
      'begun three',
      'begun three',
      'ended three',
      'begun two',
      'ended two',
    ]);
  });

  it('for what is done with the same run: archiving for everything, a run for a removal', async () => {
    const driver = await add('run', {target: 'x', runName: 'busy', testPatt: 'slow'});
    await until(() => trace().filter((line) => line === 'begun slow').length === 2);
    const archive = await add('archive', {target: 'x', runName: 'bu%'});
    expect(await untilState(archive.id, 'waiting')).toMatchObject({
      message: `waits for job ${driver.id} (run)`,
    });
    // A change of rows and a removal do not wait.
    expect(
      await perform('set-run-status', {target: 'x', runName: 'busy', params: {new: 'odd'}}),
    ).toMatchObject({
      state: 'done',
    });
    execFileSync('mkfifo', [join(lone.path, 'held')]);
    const remove = await add('remove', {target: 'x', runName: 'busy'});
    await untilState(remove.id, 'running');
    expect(await untilState(driver.id, ...ended)).toMatchObject({state: 'killed'});
    const next = await add('run', {target: 'x', runName: 'busy', testPatt: 'good'});
    expect(await untilState(next.id, 'waiting')).toMatchObject({
      message: `waits for job ${remove.id} (remove)`,
    });
    await jobs('cancel', String(archive.id));
    await lone.area.shell('echo go > held; rm held');
    expect(await untilState(remove.id, ...ended)).toMatchObject({state: 'done'});
    expect(await untilState(next.id, ...ended)).toMatchObject({state: 'done'});
    expect(await rowsOf('busy')).toMatchObject([{state: 'COMPLETED', status: 'PASS'}]);
  });
});

describe('when processes are killed', () => {
  it.each(['the daemon', 'the manager', 'both'])(
    '%s: a command goes on, ends once, and its end is known',
    async (who) => {
      const name = who.replace(' ', '-');
      gate(name);
      const job = await add('command', {params: {command: held(name, 4)}});
      await untilTraced(`begun ${name}`);
      await untilState(job.id, 'running');
      if (who !== 'the manager') {
        await lone.kill();
      }
      if (who !== 'the daemon') {
        killManagers();
      }
      await letGo(name);
      // Whoever asks brings back a daemon; the manager that is missed is started by it.
      expect(await untilState(job.id, ...ended)).toMatchObject({state: 'failed', exitCode: 4, attempts: 1});
      expect(trace().filter((line) => line.endsWith(` ${name}`))).toEqual([`begun ${name}`, `ended ${name}`]);
    },
  );

  it('what may be done twice is done again when its process is lost with its manager, and else fails', async () => {
    await perform('run', {target: 'x', runName: 'lost', testPatt: 'good'});
    execFileSync('mkfifo', [join(lone.path, 'held')]);
    const lose = async (job: Job, isBegun: () => boolean) => {
      await until(isBegun);
      await untilState(job.id, 'running');
      killManagers();
      for (const {pid} of lone.area
        .processes()
        .filter(({command}) => /job-|hold|remove-runs|lost-/.test(command))) {
        process.kill(pid, 'SIGKILL');
      }
    };
    const reads = readFileSync(join(lone.path, 'reads'), 'utf8');
    const remove = await add('remove', {target: 'x', runName: 'lost'});
    await lose(remove, () => readFileSync(join(lone.path, 'reads'), 'utf8') !== reads);
    await until(async () => (await get(remove.id)).attempts === 2);
    await lone.area.shell('echo go > held; rm held');
    expect(await untilState(remove.id, ...ended)).toMatchObject({state: 'done', attempts: 2});
    expect(await rowsOf('lost')).toEqual([]);

    gate('lost-command');
    const command = await add('command', {params: {command: held('lost-command')}});
    await lose(command, () => trace().includes('begun lost-command'));
    expect(await untilState(command.id, ...ended)).toMatchObject({
      state: 'failed',
      message: 'process lost',
      exitCode: null,
      attempts: 1,
    });
  });

  it('what waits is there for the next daemon, and a job that is a run goes on', async () => {
    const driver = await add('run', {target: 'x', runName: 'goes-on', testPatt: 'slow'});
    await until(() => trace().filter((line) => line === 'begun slow').length === 3);
    await untilState(driver.id, 'running');
    const notBefore = Math.floor(Date.now() / 1000) + 86_400;
    const waiting = await add('html', {notBefore});
    await lone.kill();
    expect(await untilState(waiting.id, 'waiting')).toMatchObject({notBefore});
    await letGo('slow');
    expect(await untilState(driver.id, ...ended)).toMatchObject({state: 'done', exitCode: 0});
    await jobs('cancel', String(waiting.id));
  });
});

it('who subscribes is told of every job', async () => {
  const follower = lone.area.start(['megatest', 'rpc', 'subscribe', '{"topics": ["jobs"]}', '--follow']);
  await until(() => follower.stdout().includes('rev'));
  const job = await add('lock', {target: 'x', runName: 'none'});
  await until(() =>
    follower
      .stdout()
      .split('\n')
      .some(
        (line) => line.includes('jobs.changed') && line.includes(`"id":${job.id}`) && line.includes('"done"'),
      ),
  );
  follower.child.kill('SIGTERM');
  await follower.ended;
});

it('jobs of users that the area does not name are refused', async () => {
  await jobs('list');
  await lone.megatest(['server', 'stop']);
  appendFileSync(join(lone.path, 'megatest.config'), 'users somebody else\n');
  await expect(add('html')).rejects.toThrow(`jobs of ${userInfo().username} are not accepted here`);
});

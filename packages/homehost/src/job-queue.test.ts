import {mkdtempSync, rmSync} from 'node:fs';
import {hostname, tmpdir, userInfo} from 'node:os';
import {join} from 'node:path';
import type {Connected} from '@megatest/rpc';
import {type Connection, ensureSchema, type JobRow, type NewJob, openWorking} from '@megatest/store';
import {afterEach, beforeEach, expect, it} from 'vitest';
import {Homehost} from './homehost.ts';
import {jobSettings} from './settings.ts';

/** A manager that answers every order, or none. */
class FakeManager {
  readonly asked: (readonly [method: string, params: unknown])[] = [];
  readonly #closers: (() => void)[] = [];
  readonly manager;
  isLost = false;

  constructor(host: string, user: string) {
    const connection: Connected = {
      client: {clientId: 'c', host, pid: 1, user, kind: 'manager'},
      role: 'operator',
      address: 'local',
      isLasting: true,
      request: async (method, params) => {
        this.asked.push([method, params]);
        if (this.isLost) {
          throw new Error('connection closed');
        }
        return null;
      },
      notify: () => {},
      onClose: (listener) => this.#closers.push(listener),
      close: () => {},
    };
    this.manager = {id: `${user}@${host}`, host, user, pid: 1, cpus: 1, connection};
  }

  register(jobs: readonly {readonly id: number; readonly claimToken: string}[] = []): readonly number[] {
    homehost.managerRegistered(this.manager, []);
    return homehost.jobs.managerRegistered(this.manager, jobs);
  }

  close(): void {
    for (const closer of this.#closers.splice(0)) {
      closer();
    }
  }

  /** Ids of the jobs that were ordered. */
  get orders(): readonly number[] {
    return this.asked
      .filter(([method]) => method === 'manager.job')
      .map(([, params]) => (params as {readonly job: {readonly id: number}}).job.id);
  }
}

let directory: string;
let db: Connection;
let homehost: Homehost;
let nowS = 1000;
let started = 0;
const own = {host: hostname(), user: userInfo().username};

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'job-queue-'));
  db = openWorking(join(directory, 'megatest.db'));
  ensureSchema(db, [{name: 'OS', type: 'TEXT'}], 'M');
  nowS = 1000;
  started = 0;
  homehost = makeHomehost();
});
afterEach(() => {
  db.close();
  rmSync(directory, {recursive: true});
});

function makeHomehost(): Homehost {
  return new Homehost({
    db,
    log: () => {},
    nowS: () => nowS,
    jobs: {
      settings: jobSettings.parse({maxActions: 2, leaseS: 0.001}),
      areaPath: directory,
    },
    startManager: () => {
      started += 1;
    },
  });
}

let uuids = 0;

async function add(action: string, more: Partial<NewJob> = {}): Promise<number> {
  uuids += 1;
  const job: NewJob = {
    uuid: `u${uuids}`,
    parentUuid: '',
    action,
    owner: 'joe',
    source: 'cli',
    host: 'far',
    target: 'x',
    runName: 'r',
    testPatt: '',
    params: '{"command": "true"}',
    priority: 0,
    notBefore: 0,
    maxAttempts: action === 'command' ? 1 : 3,
    ...more,
  };
  const id = await homehost.write(() => homehost.store.jobs.add(job, nowS));
  homehost.jobs.added(id);
  await settled();
  return id;
}

/** What follows from a change is done in later turns of the event loop. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    await homehost.jobs.logs.written();
    await homehost.write(() => {});
  }
}

function job(id: number): JobRow {
  const row = homehost.store.jobs.get(id);
  if (row === undefined) {
    throw new Error(`no job ${id}`);
  }
  return row;
}

it('a job goes to the manager of its owner on the host from which it was added, else to another of that owner', async () => {
  const managers = ['near', 'far', 'third'].map((host) => new FakeManager(host, 'joe'));
  const [near, far, third] = managers as [FakeManager, FakeManager, FakeManager];
  new FakeManager('far', 'ann').register();
  near.register();
  far.register();
  third.register();
  const first = await add('command');
  expect(far.orders).toEqual([first]);
  expect(job(first)).toMatchObject({state: 'claimed', claimedBy: 'joe@far', attempts: 1});
  far.close();
  const second = await add('command');
  expect(near.orders).toEqual([second]);
});

it('a job waits for a manager of its owner, for whom the daemon does not stay and starts none', async () => {
  new FakeManager('far', 'ann').register();
  const id = await add('command');
  expect(job(id)).toMatchObject({state: 'waiting', message: 'waits for a manager of joe'});
  expect(homehost.jobs.isIdle).toBe(true);
  expect(started).toBe(0);
  const joe = new FakeManager('anywhere', 'joe');
  joe.register();
  await settled();
  expect(joe.orders).toEqual([id]);
  expect(homehost.jobs.isIdle).toBe(false);
});

it('the daemon stays for its own user, and for what has its time', async () => {
  await add('command', {owner: own.user});
  expect(homehost.jobs.isIdle).toBe(false);
  new FakeManager(own.host, own.user).register();
  const id = await add('lock', {notBefore: 2000});
  expect(job(id).state).toBe('waiting');
  nowS = 2000;
  homehost.jobs.poke();
  await settled();
  expect(job(id)).toMatchObject({state: 'done', message: 'locked 0 runs'});
});

it('a manager asks for jobs by their actions, and whoever has the token ends one', async () => {
  const joe = new FakeManager('far', 'joe');
  joe.register();
  const running = [await add('command'), await add('command')];
  const third = await add('html');
  expect(joe.orders).toEqual(running);
  expect(await homehost.jobs.claimFor(joe.manager, ['html'], 5)).toEqual([]);
  const {claimToken} = job(running[0] ?? 0);
  const finish = (token: string) =>
    homehost.write(() => homehost.jobs.finish(running[0] ?? 0, token, 0, 'well'));
  await expect(finish('guessed')).rejects.toThrow('is not claimed with this token');
  await finish(claimToken);
  expect(job(running[0] ?? 0)).toMatchObject({state: 'done', message: 'well', claimToken: ''});
  await expect(finish('')).rejects.toThrow('is not claimed with this token');
  await settled();
  expect(joe.orders).toEqual([...running, third]);
});

it('a manager that comes back keeps what it has, gets what it never got, and forgets what is not its own', async () => {
  const joe = new FakeManager('far', 'joe');
  joe.isLost = true;
  joe.register();
  const [one, two] = [await add('command'), await add('command')];
  joe.close();
  const next = new FakeManager('far', 'joe');
  const has = [
    {id: one, claimToken: job(one).claimToken},
    {id: 99, claimToken: 'old'},
  ];
  expect(next.register(has)).toEqual([99]);
  await settled();
  expect(next.orders).toEqual([two]);
  expect(job(two).attempts).toBe(1);
});

it('what a manager had begun and does not know any more is lost: done again if that does no harm', async () => {
  const joe = new FakeManager('far', 'joe');
  joe.register();
  const [command, html] = [await add('command'), await add('html')];
  await homehost.write(() => {
    for (const id of [command, html]) {
      homehost.jobs.reported({type: 'jobStarted', id, claimToken: job(id).claimToken});
    }
  });
  expect(job(html).state).toBe('running');
  const {claimToken} = job(html);
  joe.close();
  const next = new FakeManager('far', 'joe');
  next.register();
  await settled();
  expect(job(command)).toMatchObject({state: 'failed', message: 'manager lost', exitCode: null});
  expect(next.orders).toEqual([html]);
  expect(job(html)).toMatchObject({state: 'claimed', attempts: 2});
  // A late word about the claim that is over changes nothing.
  await homehost.write(() =>
    homehost.jobs.reported({type: 'jobEnded', id: html, claimToken, exitCode: 0, message: ''}),
  );
  expect(job(html).state).toBe('claimed');
});

it('a lease that ends is given up, and whoever still has the job is told to end it', async () => {
  const joe = new FakeManager('far', 'joe');
  joe.register();
  const id = await add('command');
  while (job(id).state === 'claimed') {
    homehost.jobs.lookAround();
    await settled();
  }
  expect(job(id)).toMatchObject({state: 'failed', message: 'manager lost'});
  expect(joe.asked.at(-1)).toEqual(['manager.endJob', {id, reason: 'its lease has ended'}]);
});

it('the next daemon goes on: commands stay with their manager, what was not committed is begun again', async () => {
  const joe = new FakeManager('far', 'joe');
  joe.register();
  const [command, run, lock] = [await add('command'), await add('run', {owner: 'ann'}), await add('lock')];
  await homehost.write(() => {
    homehost.store.jobs.update(run, {state: 'claimed', claimedBy: 'ann@far', attempts: 1});
    homehost.store.jobs.update(lock, {state: 'running', claimedBy: 'daemon', attempts: 1});
  });
  homehost = makeHomehost();
  homehost.restore();
  await settled();
  expect(job(command)).toMatchObject({state: 'claimed', claimedBy: 'joe@far', attempts: 1});
  expect(job(run)).toMatchObject({state: 'waiting', message: 'waits for a manager of ann', attempts: 0});
  expect(job(lock)).toMatchObject({state: 'done', attempts: 1});
});

it('old jobs are forgotten, those that failed later than those that did not', async () => {
  const [done, failed] = [await add('lock'), await add('lock', {target: 'x/y'})];
  expect([job(done).state, job(failed).state]).toEqual(['done', 'failed']);
  homehost.jobs.lookAround();
  await settled();
  nowS += 2 * 86_400;
  homehost = makeHomehost();
  homehost.jobs.lookAround();
  await settled();
  expect(homehost.store.jobs.get(done)).toBeUndefined();
  expect(job(failed).message).toContain('Invalid target');
});

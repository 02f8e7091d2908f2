/**
 * The main job on three hosts: the daemon on alpha, a run submitted on beta, tests on beta and, by the ssh launcher, on gamma. Then
 * the same with each kind of process killed in the middle.
 */
import {readdirSync, readlinkSync} from 'node:fs';
import Database from 'better-sqlite3';
import {expect, it} from 'vitest';
import {type Running, steerScript, TestArea} from './rig/area.ts';
import {type Body, Conductor} from './rig/conductor.ts';
import {type Host, Hosts} from './rig/hosts.ts';
import {describeWith} from './rig/needs.ts';
import {until} from './rig/until.ts';

const seconds = 1000;

/** Three hosts, an area whose tests are steered, and everything closed at the end. */
class Setting implements AsyncDisposable {
  readonly area: TestArea;
  readonly hosts: Hosts;
  readonly conductor: Conductor;

  private constructor(area: TestArea, hosts: Hosts, conductor: Conductor) {
    this.area = area;
    this.hosts = hosts;
    this.conductor = conductor;
  }

  static async make(): Promise<Setting> {
    const area = TestArea.make({
      'runconfigs.config': '[default]\nSTEER_DIR #{getenv MT_RUN_AREA_HOME}/../steer\n',
      'tests/near/testconfig': `[items]\nN 1 2\n[ezsteps]\nbody ${steerScript}\n`,
      'tests/far/testconfig': `[items]\nN 1 2\n[ezsteps]\nbody ${steerScript}\n`,
      'tests/after/testconfig': `[requirements]\nwaiton near far\n[ezsteps]\nbody ${steerScript}\n`,
      'megatest.config': [
        '[fields]\nPLATFORM TEXT',
        '[setup]\nlinktree #{getenv MT_RUN_AREA_HOME}/links\nmax_concurrent_jobs 10\nminspace 1\ndbdir-space-required 1',
        '[disks]\ndisk0 #{getenv MT_RUN_AREA_HOME}/runs',
        '[jobtools]\nflexi-launcher yes',
        '[launchers]\nfar remote',
        '[host-types]\nremote ssh gamma\n',
      ].join('\n'),
    });
    const hosts = await Hosts.make(['alpha', 'beta', 'gamma'], area.beside('.'));
    await hosts.startSsh(area.beside('.'));
    const conductor = new Conductor(area.beside('steer'));
    const started = await area.megatest(['server', 'start'], {host: hosts.host('alpha')});
    expect(started.stderr).toBe('');
    return new Setting(area, hosts, conductor);
  }

  host(name: string): Host {
    return this.hosts.host(name);
  }

  async json(host: string, words: readonly string[]): Promise<unknown> {
    const {stdout, stderr} = await this.area.megatest([...words, '--json'], {host: this.host(host)});
    expect(stderr).toBe('');
    return JSON.parse(stdout);
  }

  /** The four bodies that run side by side; a run that ends without them is told as it ended. */
  async bodies(run: Running): Promise<readonly Body[]> {
    const early = run.ended.then(({code, stdout, stderr}) => {
      throw new Error(`the run ended with ${code} too early:\n${stdout}\n${stderr}`);
    });
    return await Promise.race([Promise.all(bodies.map((id) => this.conductor.body(id))), early]);
  }

  /** Rows of M, read on the homehost's own disk. */
  working(): readonly Record<string, unknown>[] {
    const path = this.area.serverRecord().dbPath.replace(/^\/tmp/, this.host('alpha').tmp);
    const db = new Database(path, {readonly: true});
    try {
      return db.prepare<[], Record<string, unknown>>(rowsSql).all();
    } finally {
      db.close();
    }
  }

  /** One process of a kind on a host, as a user would find it. */
  pid(kind: 'manager' | 'server', host: string): number {
    const wanted = kind === 'manager' ? 'dist/manager.js' : 'dist/megatest.js -server';
    const found = this.area
      .processes()
      .find(
        ({pid, command}) =>
          command.includes(wanted) && hasThreads(pid) && hostOf(pid) === hostOf(this.holderPid(host)),
      );
    if (found === undefined) {
      throw new Error(`no ${kind} on ${host}: ${JSON.stringify(this.area.processes())}`);
    }
    return found.pid;
  }

  holderPid(host: string): number {
    return Number(this.host(host).enter[2]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.area.end();
    this.conductor[Symbol.dispose]();
    await this.hosts[Symbol.asyncDispose]();
    await this.area[Symbol.asyncDispose]();
  }
}

const rowsSql = `SELECT testname || CASE item_path WHEN '' THEN '' ELSE '/' || item_path END AS name, state, status FROM tests ORDER BY name`;

/** The network namespace tells the hosts apart: they share their processes. */
function hostOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    // It ended while we looked.
    return '';
  }
}

/** A process of its own, and not a child that is about to become something else and still looks like its parent. */
function hasThreads(pid: number): boolean {
  try {
    return readdirSync(`/proc/${pid}/task`).length > 1;
  } catch {
    return false;
  }
}

const everyResult = ['after', 'far', 'far/1', 'far/2', 'near', 'near/1', 'near/2'].map((name) => ({
  name,
  state: 'COMPLETED',
  status: 'PASS',
}));

const bodies = ['near/1', 'near/2', 'far/1', 'far/2'];
const runWords = ['megatest', '-run', '-target', 'x', '-runname', 'r', '-testpatt', '%', '-run-wait'];

describeWith(['root', 'ip', 'unshare', 'sshd', 'ssh'], 'a run over three hosts', () => {
  it('is submitted on one, recorded on another, runs on two, and everybody sees the same', async () => {
    await using setting = await Setting.make();
    const {area, conductor} = setting;
    const run = area.start(runWords, {host: setting.host('beta')});
    const running = await setting.bodies(run);
    expect(running.map(({host}) => host)).toEqual(['beta', 'beta', 'gamma', 'gamma']);

    const inWorking = () => {
      const items = setting.working().filter(({name}) => String(name).includes('/'));
      return items.map(({state}) => state);
    };
    await until(() => inWorking().every((state) => state === 'RUNNING'));
    for (const host of ['beta', 'gamma']) {
      const status = (await setting.json(host, ['status'])) as {
        source: string;
        homehost: string;
        runs: readonly {tests: {running: number; waiting: number; total: number}}[];
      };
      expect(status.source).toBe('daemon');
      expect(status.homehost).toBe(setting.host('alpha').address);
      expect(status.runs[0]?.tests).toMatchObject({total: 5, running: 4, waiting: 1});
    }

    for (const body of running) {
      body.exit(0);
    }
    (await conductor.body('after')).exit(0);
    const outcome = await run.ended;
    expect(outcome.stdout).toMatch(/^COMPLETED {3}PASS .*lt\/x\/r\/far\/1 *$/m);
    expect(outcome.code).toBe(0);
    expect(setting.working()).toEqual(everyResult);

    const calls = async () =>
      ((await setting.json('beta', ['server', 'status'])) as {calls: Record<string, number>}).calls;
    const before = await calls();
    const listed = await area.megatest(['-list-runs', '%', '-dumpmode', 'json'], {
      host: setting.host('gamma'),
    });
    const after = await calls();
    const document = JSON.parse(listed.stdout) as {x: {r: {data: Record<string, {state: string}>}}};
    expect(Object.values(document.x.r.data).map(({state}) => state)).toEqual(Array(7).fill('COMPLETED'));
    // Besides the barrier nothing was asked: the rows came from gamma's own cache. (Managers ask for tests too, for their pages.)
    const asked = (name: string) => (after[name] ?? 0) - (before[name] ?? 0);
    expect(asked('sync.flush')).toBe(1);
    expect(asked('runs.list')).toBe(0);
    expect(asked('steps.list')).toBe(0);

    // The promise of the file is a time: five seconds.
    await new Promise((resolve) => setTimeout(resolve, 5 * seconds));
    expect(area.query(rowsSql)).toEqual(everyResult);
  });

  it('ends right, each body run once, when the daemon is killed in the middle', async () => {
    await using setting = await Setting.make();
    const run = setting.area.start(runWords, {host: setting.host('beta')});
    const running = await setting.bodies(run);
    process.kill(setting.pid('server', 'alpha'), 'SIGKILL');
    await endRun(setting, running);
    expect((await run.ended).code).toBe(0);
    await expectAllRight(setting);
  });

  it('ends right, each body run once, when the managers are killed in the middle', async () => {
    await using setting = await Setting.make();
    const run = setting.area.start(runWords, {host: setting.host('beta')});
    const running = await setting.bodies(run);
    process.kill(setting.pid('manager', 'beta'), 'SIGKILL');
    process.kill(setting.pid('manager', 'gamma'), 'SIGKILL');
    await endRun(setting, running);
    expect((await run.ended).code).toBe(0);
    await expectAllRight(setting);
  });

  it('ends right, each body run once, when the submitting command is killed in the middle', async () => {
    await using setting = await Setting.make();
    const {area} = setting;
    const run = area.start(runWords, {host: setting.host('beta')});
    const running = await setting.bodies(run);
    for (const {pid, command} of area.processes()) {
      if (command.includes('dist/megatest.js -run')) {
        process.kill(pid, 'SIGKILL');
      }
    }
    await run.ended;
    await endRun(setting, running);
    await expectAllRight(setting);
  });
});

async function endRun(
  setting: Setting,
  running: readonly {readonly exit: (code: number) => void}[],
): Promise<void> {
  for (const body of running) {
    body.exit(0);
  }
  (await setting.conductor.body('after')).exit(0);
}

async function expectAllRight(setting: Setting): Promise<void> {
  const waited = await setting.area.megatest(['wait', '-t', 'x', '-n', 'r'], {host: setting.host('beta')});
  expect(waited.stderr).toBe('');
  await until(() => setting.working().every(({state}) => state === 'COMPLETED'));
  expect(setting.working()).toEqual(everyResult);
  expect(Object.fromEntries(setting.conductor.starts)).toEqual({
    'near/1': 1,
    'near/2': 1,
    'far/1': 1,
    'far/2': 1,
    after: 1,
  });
  // The end of the file's own promise, without waiting for the clock: a flush, then every row is there.
  const flushed = await setting.area.megatest(['rpc', 'sync.flush'], {host: setting.host('alpha')});
  expect(flushed.code).toBe(0);
  expect(setting.area.query(rowsSql)).toEqual(everyResult);
}

/** Worked examples of homehost.md 15 that no smaller test holds; worked-examples.md says where each of them is. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import {hostname, tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {daemonSettings} from '@megatest/homehost';
import {askPlanner} from '@megatest/manager';
import {decideHomehost, ownAddress} from '@megatest/rpc';
import {
  cachePaths,
  ensureSchema,
  managerDirectory,
  openWorking,
  Store,
  workingDirectory,
} from '@megatest/store';
import Database from 'better-sqlite3';
import {describe, expect, it} from 'vitest';
import {listServers, printServers} from '../../packages/cli/src/actions/servers.ts';
import {loadArea} from '../../packages/config/src/area.ts';
import {isDead} from '../../packages/homehost/src/scheduler/dead-tests.ts';
import {type RunOptions, steerScript, TestArea} from '../rig/area.ts';
import {type Body, Conductor} from '../rig/conductor.ts';
import {Hosts} from '../rig/hosts.ts';
import {describeWith} from '../rig/needs.ts';
import {until} from '../rig/until.ts';
import {config, LoneArea} from './lone-area.ts';
import {RawClient} from './raw-client.ts';

const planner = join(import.meta.dirname, '../../packages/cli/dist/planner.js');

const nobodysHome = {env: {HOME: '/nonexistent'}};

function asNobody(command: string): string {
  return `setpriv --reuid=65534 --regid=65534 --clear-groups ${command}`;
}

/** What this user's commands left in /tmp of this host. */
function forgetNobody({path}: TestArea): void {
  const area = {path, name: 'area'};
  rmSync(cachePaths(area, 'nobody')[0] ?? '', {force: true});
  for (const folder of [workingDirectory(area, 'nobody'), managerDirectory(area, 'nobody')]) {
    rmSync(folder, {recursive: true, force: true});
  }
}

/** What is recorded is listed without a word, a run is refused, and nothing in the area is made or taken away. */
async function expectReadOnly(area: TestArea, where: RunOptions): Promise<void> {
  const before = await area.shell('find . | sort');
  const listed = await area.shell(asNobody('megatest -list-runs %'), where);
  expect(listed).toMatchObject({code: 0, stderr: ''});
  expect(listed.stdout).toContain('good');
  const run = await area.shell(asNobody('megatest -run -target x -runname other -testpatt %'), where);
  expect(run.code).toBe(1);
  expect(run.stderr).toContain(`${area.path} is read-only for you: a run is refused`);
  expect(await area.shell('find . | sort')).toEqual(before);
}

class Folder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'megatest-example-'));

  write(name: string, text: string): string {
    const file = join(this.path, name);
    writeFileSync(file, text);
    return file;
  }

  [Symbol.dispose](): void {
    rmSync(this.path, {recursive: true});
  }
}

function openStore(folder: Folder): Store {
  const db = openWorking(join(folder.path, 'm.db'));
  ensureSchema(db, [{name: 'OS', type: 'TEXT'}], 'M');
  return new Store(db);
}

describe('homehost 15.1 paths', () => {
  it.each([
    ['ana', '/proj/chip/qa', 'qa', '/tmp/ana/megatest_localdb/qa/.proj.chip.qa'],
    ['ana', '/proj/chip/qa.v2', 'qa', '/tmp/ana/megatest_localdb/qa/.proj.chip.qa.v2'],
    ['bob', '/proj/chip/qa', 'nightly', '/tmp/bob/megatest_localdb/nightly/.proj.chip.qa'],
    ['bob', '/proj/chip/qa', 'regr', '/tmp/bob/megatest_localdb/regr/.proj.chip.qa'],
  ])('%s %s %s', (user, path, name, expected) => {
    expect(workingDirectory({path, name}, user)).toBe(expected);
  });

  it('the cache', () => {
    const file = 'qa/536063e0cae5ddcd0b47d698a48b88f6.db';
    expect(cachePaths({path: '/proj/chip/qa', name: 'qa'}, 'ana').slice(0, 2)).toEqual([
      `/tmp/ana/megatest_cache/${file}`,
      `/tmp/ana-megatest_cache/${file}`,
    ]);
  });

  it.each([
    ['area-name nightly', {}, 'nightly'],
    ['testsuite regr', {MT_TESTSUITE_NAME: 'x'}, 'regr'],
    ['', {MT_TESTSUITE_NAME: 'x'}, 'x'],
  ])('the suite of "%s"', (setup, env, name) => {
    using folder = new Folder();
    folder.write('megatest.config', `[fields]\nOS TEXT\n[setup]\nlinktree lt\n${setup}\n`);
    expect(loadArea(folder.path, {env: {...env}, cwd: folder.path}).name).toBe(name);
  });
});

describe('homehost 15.2 homehost', () => {
  const foreign = '192.0.2.6';
  it.each([
    [undefined, ownAddress(), true],
    [undefined, foreign, false],
    [hostname(), foreign, true],
    [`${hostname()}.site.org`, undefined, true],
  ])('[server] homehost %s, .homehost %s: on it %s', (configured, file, isHere) => {
    using folder = new Folder();
    if (file !== undefined) {
      folder.write('.homehost', `${file}\n`);
    }
    expect(decideHomehost(folder.path, configured).isHere).toBe(isHere);
  });

  it('no file: it is made with the own address', () => {
    using folder = new Folder();
    expect(decideHomehost(folder.path, undefined).isHere).toBe(true);
    expect(readFileSync(join(folder.path, '.homehost'), 'utf8')).toBe(`${ownAddress()}\n`);
  });

  it('an empty file is an error', () => {
    using folder = new Folder();
    folder.write('.homehost', '');
    expect(() => decideHomehost(folder.path, undefined)).toThrow(/is empty/);
  });
});

describeWith(['root', 'unshare'], 'homehost 15.2 homehost that nobody decided', () => {
  it('and an area that may not be written: no host is it, what is recorded is read, a run is refused', async () => {
    await using lone = await LoneArea.make();
    const {area} = lone;
    await area.megatest(['server', 'stop']);
    rmSync(join(area.path, '.homehost'));
    chmodSync(dirname(area.path), 0o755);
    await area.shell('chmod -R a-w .');
    await expectReadOnly(area, nobodysHome);
    forgetNobody(area);
  });
});

describe('homehost 15.3 idle timeout', () => {
  it.each([
    ['timeout 0.01', 36],
    ['timeout 0.025', 90],
    ['timeout 1', 3600],
    ['timeout soon', 300],
    ['', 300],
  ])('%s', async (line, expected) => {
    using folder = new Folder();
    folder.write('megatest.config', `[fields]\nOS TEXT\n[setup]\nlinktree lt\n[server]\n${line}\n`);
    const reply = await askPlanner(planner, {
      kind: 'settings',
      areaPath: folder.path,
      env: {PATH: process.env.PATH ?? ''},
      cwd: folder.path,
      target: '',
      runName: '',
      options: {},
      argv: [],
    });
    expect(daemonSettings.parse(reply.settings).idleTimeoutS).toBe(expected);
  });
});

describe('homehost 15.4 a log as discovery record', () => {
  it.each([
    [4, '4s', 'alive'],
    [12, '12s', 'dead'],
    [20, '20s', 'dead'],
  ])('%s seconds old', (ageS, lastMod, state) => {
    using area = new Folder();
    const nowS = 1_700_003_725;
    mkdirSync(join(area.path, 'logs'));
    const log = area.write('logs/server-4711-nova.log', 'x\nSERVER STARTED: 10.0.0.5:40123 AT 1700000000\n');
    utimesSync(log, nowS - ageS, nowS - ageS);
    const [head, , row] = printServers(listServers(area.path, nowS)).split('\n');
    expect(head).toBe(
      `pid${' '.repeat(5)}Interface:port${' '.repeat(8)}age (hms)${' '.repeat(11)}Last mod${' '.repeat(12)}State   `,
    );
    expect(row?.trimEnd().split(/ {2,}/)).toEqual(['4711', '10.0.0.5:40123', '1hr 2m 5s', lastMod, state]);
  });
});

describe('homehost 15.10 roll-up', () => {
  it.each([
    ['COMPLETED/FAIL', ['COMPLETED/PASS'], 'COMPLETED/FAIL'],
    ['RUNNING/n/a', ['NOT_STARTED/n/a'], 'RUNNING/n/a'],
    ['COMPLETED/PASS', ['NOT_STARTED/n/a'], 'NOT_STARTED/CHECK'],
    ['COMPLETED/PASS', ['NOT_STARTED/PREQ_FAIL'], 'COMPLETED/CHECK'],
    ['COMPLETED/PASS', ['RUNNING/n/a'], 'RUNNING/PASS'],
    ['KILLED/KILLED', ['COMPLETED/PASS'], 'KILLED/KILLED'],
    ['COMPLETED/SKIP', ['COMPLETED/WARN', 'COMPLETED/PASS'], 'COMPLETED/WARN'],
    ['LAUNCHED/n/a', ['COMPLETED/ABORT'], 'LAUNCHED/ABORT'],
  ])('%s beside %s: %s', (own, others, expected) => {
    using folder = new Folder();
    const store = openStore(folder);
    const run = {target: ['a'], runName: 'r', state: 'new', status: 'n/a', owner: 'ana', contour: ''};
    const {runId} = store.runs.register(run, 1);
    const items = ['', 'own', ...others.map((_, index) => `other${index}`)];
    const rows = store.tests.register(
      runId,
      items.map((itemPath) => ({testName: 't', itemPath})),
      1,
    );
    const set = (index: number, label: string) => {
      const [state = '', ...status] = label.split('/');
      store.tests.setState(rows[index]?.testId ?? 0, {state, status: status.join('/')}, 2);
    };
    others.forEach((label, index) => {
      set(index + 2, label);
    });
    set(1, own);
    const top = store.tests.find(runId, 't', '');
    expect(`${top?.state}/${top?.status}`).toBe(expected);
    store.db.close();
  });
});

describe('homehost 15.13 incomplete tests', () => {
  it.each([
    ['RUNNING', 90_000, 2700, true],
    ['RUNNING', 90_000, 2800, false],
    ['LAUNCHED', 13_000, 0, true],
    ['LAUNCHED', 14_000, 0, false],
  ])('%s since %s, duration %s: %s', (state, eventTimeS, runDurationS, expected) => {
    const facts = {nowS: 100_000, deadtimeS: 7200, managerHeardS: undefined};
    expect(isDead({state, eventTimeS, runDurationS}, facts)).toBe(expected);
  });
});

describe('homehost 15.14 patterns', () => {
  it('of runs', () => {
    using folder = new Folder();
    const store = openStore(folder);
    for (const runName of ['ww12', 'WW12']) {
      store.runs.register(
        {target: ['a'], runName, state: 'new', status: 'n/a', owner: 'ana', contour: ''},
        1,
      );
    }
    const found = (runPatt: string) => store.runs.find({runPatt}).map(({runName}) => runName);
    expect(found('ww%')).toEqual(['ww12', 'WW12']);
    expect(found('ww*')).toEqual(['ww12']);
    store.db.close();
  });

  it.each([
    ['t1/a%,t2', ['t1/a1', 't1/A2', 't2', 't2/x']],
    ['t1/', ['t1']],
    ['%', ['t1', 't1/a1', 't1/A2', 't1/b', 't2', 't2/x', 't22']],
  ])('of tests: %s', (testPatt, expected) => {
    using folder = new Folder();
    const store = openStore(folder);
    const run = {target: ['a'], runName: 'r', state: 'new', status: 'n/a', owner: 'ana', contour: ''};
    const {runId} = store.runs.register(run, 1);
    const names = ['t1', 't1/a1', 't1/A2', 't1/b', 't2', 't2/x', 't22'];
    store.tests.register(
      runId,
      names.map((name) => {
        const [testName = '', itemPath = ''] = name.split('/');
        return {testName, itemPath};
      }),
      1,
    );
    const found = store.tests.list({runIds: [runId], testPatt}).map(({testName, itemPath}) => {
      return itemPath === '' ? testName : `${testName}/${itemPath}`;
    });
    expect(found.sort()).toEqual([...expected].sort());
    store.db.close();
  });
});

describe('homehost 15.15 JSON', () => {
  it('a state is set once, however often it is sent, and a state that is not expected is refused', async () => {
    await using lone = await LoneArea.make();
    await using client = await RawClient.connect(lone.path);
    expect(await client.login('c81f')).toMatchObject({id: 'c81f:s2', result: {role: 'operator'}});
    const set = {test: {testId: 1}, state: 'COMPLETED', status: 'FAIL'};
    const answer = await client.ask('c81f:2', 'tests.setState', set);
    expect(answer).toMatchObject({
      jsonrpc: '2.0',
      id: 'c81f:2',
      result: {test: {state: 'COMPLETED', status: 'FAIL'}},
    });
    expect(
      await client.ask('c81f:3', 'tests.setState', {
        test: {testId: 1},
        state: 'KILLREQ',
        expect: {states: ['RUNNING', 'REMOTEHOSTSTART']},
      }),
    ).toEqual({
      jsonrpc: '2.0',
      id: 'c81f:3',
      error: {
        code: -32008,
        message: 'test 1 is COMPLETED, expected RUNNING or REMOTEHOSTSTART',
        data: {current: {state: 'COMPLETED', status: 'FAIL'}},
      },
    });
    await client.ask('c81f:4', 'tests.setState', {...set, status: 'PASS'});
    await using again = await RawClient.connect(lone.path);
    await again.login('c81f');
    expect(await again.ask('c81f:2', 'tests.setState', set)).toEqual(answer);
    expect(await again.ask('c81f:5', 'tests.get', {test: {testId: 1}})).toMatchObject({
      result: {status: 'PASS'},
    });
  });
});

describeWith(['root', 'ip', 'unshare', 'sshd', 'ssh'], 'homehost 15.16 access path', () => {
  it('another host starts the daemon, sees the same, may remove runs, and may not clean up the database', async () => {
    await using area = TestArea.make({
      'megatest.config': config,
      'runconfigs.config': '[default]\n',
      'tests/good/testconfig': '[ezsteps]\nstep true\n',
    });
    await using hosts = await Hosts.make(['alpha', 'beta'], area.beside('.'));
    await hosts.startSsh(area.beside('.'));
    const [alpha, beta] = [hosts.host('alpha'), hosts.host('beta')];
    expect((await area.megatest(['run', '-t', 'x', '-n', 'r'], {host: alpha})).code).toBe(0);
    await area.megatest(['managers', 'stop'], {host: alpha});
    await area.megatest(['server', 'stop'], {host: alpha});
    const there = await area.megatest(['-list-runs', '%'], {host: beta});
    expect(there).toMatchObject({code: 0, stderr: ''});
    expect(area.serverRecord().host).toBe('alpha');
    expect(there.stdout).toBe((await area.megatest(['-list-runs', '%'], {host: alpha})).stdout);
    expect(there.stdout).toContain('good');

    const cleaned = await area.megatest(['-cleanup-db'], {host: beta});
    expect(cleaned.code).toBe(1);
    expect(cleaned.stderr).toContain(alpha.address);
    const removed = await area.megatest(['-remove-runs', '-target', 'x', '-runname', 'r', '-testpatt', '%'], {
      host: beta,
    });
    expect(removed.code).toBe(0);
    expect((await area.megatest(['-list-runs', '%'], {host: beta})).stdout).not.toContain('good');
    await area.end();
  });
});

/** An area with one steered test. */
function steeredArea(): TestArea {
  return TestArea.make({
    'megatest.config': config,
    'runconfigs.config': '[default]\nSTEER_DIR #{getenv MT_RUN_AREA_HOME}/../steer\n',
    'tests/good/testconfig': `[ezsteps]\nbody ${steerScript}\n`,
  });
}

const stepQuery = "SELECT status FROM test_steps WHERE stepname = 'extra'";

/** The daemon is killed, and then the test tells of a step. */
async function expectStepWithoutDaemon(area: TestArea, body: Body): Promise<void> {
  const {pid} = area.serverRecord();
  process.kill(pid, 'SIGKILL');
  await until(() => !existsSync(`/proc/${pid}`));
  body.run(
    'cd $MT_RUN_AREA_HOME; $MT_MEGATEST -step extra :state end :status 0; echo $? > returned.new; mv returned.new returned',
  );
  await until(() => existsSync(join(area.path, 'returned')));
  expect(readFileSync(join(area.path, 'returned'), 'utf8')).toBe('0\n');
}

function rowsOf(file: string): unknown[] {
  const db = new Database(file, {readonly: true});
  try {
    return db.prepare(stepQuery).all();
  } finally {
    db.close();
  }
}

describe('homehost 15.16 access path on the homehost', () => {
  it.each([
    ['single-user', 0o755],
    ['shared', 0o775],
  ])(
    'owner, %s area, no daemon: -step starts one, its row is in M when it returns, and in T soon after',
    async (_, mode) => {
      await using area = steeredArea();
      chmodSync(area.path, mode);
      using conductor = new Conductor(area.beside('steer'));
      const run = area.start(['megatest', 'run', '-t', 'x', '-n', 'r']);
      const body = await conductor.body();
      const {dbPath} = area.serverRecord();
      await expectStepWithoutDaemon(area, body);
      expect(rowsOf(dbPath)).toEqual([{status: '0'}]);
      await until(() => rowsOf(join(area.path, 'megatest.db')).length === 1);
      body.exit(0);
      expect((await run.ended).code).toBe(0);
    },
  );
});

describeWith(['root', 'unshare'], 'homehost 15.16 access path of another user on the homehost', () => {
  it('-step without a daemon starts one as that user, and waits for it', async () => {
    await using area = steeredArea();
    using conductor = new Conductor(area.beside('steer'));
    chmodSync(area.beside('steer'), 0o777);
    chmodSync(dirname(area.path), 0o755);
    expect((await area.megatest(['server', 'start'])).code).toBe(0);
    expect((await area.megatest(['server', 'stop'])).code).toBe(0);
    await area.shell('chmod -R a+rwX .');
    const run = area.start(['sh', '-c', asNobody('megatest run -t x -n r')], nobodysHome);
    const body = await conductor.body();
    const {pid} = area.serverRecord();
    await expectStepWithoutDaemon(area, body);
    expect(area.serverRecord()).toMatchObject({uid: 65_534, user: 'nobody'});
    expect(area.serverRecord().pid).not.toBe(pid);
    body.exit(0);
    expect((await run.ended).code).toBe(0);
    await until(() => rowsOf(join(area.path, 'megatest.db')).length === 1);
    await area.end();
    forgetNobody(area);
  });
});

describeWith(
  ['root', 'ip', 'unshare'],
  'homehost 15.16 access path of a user who may only read, on another host',
  () => {
    it('without a daemon the runs are listed from a copy, a run is refused, and nothing is written', async () => {
      await using area = TestArea.make({
        'megatest.config': config,
        'runconfigs.config': '[default]\n',
        'tests/good/testconfig': '[ezsteps]\nstep true\n',
      });
      await using hosts = await Hosts.make(['alpha', 'beta'], area.beside('.'));
      const [alpha, beta] = [hosts.host('alpha'), hosts.host('beta')];
      expect((await area.megatest(['run', '-t', 'x', '-n', 'r'], {host: alpha})).code).toBe(0);
      await area.megatest(['managers', 'stop'], {host: alpha});
      expect((await area.megatest(['server', 'stop'], {host: alpha})).code).toBe(0);
      chmodSync(dirname(area.path), 0o755);
      await expectReadOnly(area, {...nobodysHome, host: beta});
      await area.end();
    });
  },
);

describeWith(['root', 'unshare'], 'homehost 15.17 QA flow', () => {
  it('a read-only area is listed for somebody who may not write it, without a word of trouble', async () => {
    await using area = TestArea.make({
      'megatest.config': config.replace('OS TEXT', 'OS TEXT\nREL TEXT'),
      'runconfigs.config': '[default]\n',
      'tests/good/testconfig': '[items]\nN 1 2\n[ezsteps]\nstep true\n',
    });
    const select = ['-target', 'x/y', '-runname', 'r', '-testpatt', '%'];
    await area.megatest(['-remove-runs', ...select]);
    expect((await area.megatest(['-run', ...select, '-run-wait'])).code).toBe(0);
    const listed = await area.megatest(['-list-runs', '%', '-target', '%/%']);
    expect(listed.stdout.match(/COMPLETED/g)?.length).toBe(3);

    chmodSync(dirname(area.path), 0o755);
    await area.shell('chmod -R a-w .');
    const outcome = await area.shell(asNobody('megatest -list-runs % -target %/%'), nobodysHome);
    expect(outcome.code).toBe(0);
    const said = (outcome.stdout + outcome.stderr).replaceAll(dirname(area.path), '');
    expect(said).toContain('good(1)');
    expect(said).not.toMatch(/err|warn/i);
    await area.end();
    forgetNobody(area);
  });
});

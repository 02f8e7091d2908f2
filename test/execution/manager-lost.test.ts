/**
 * A manager is killed with SIGKILL at chosen moments while the daemon stands still, so that nothing has been heard of a test yet:
 * the next manager says all of it, in order, and starts nothing twice.
 */
import {existsSync, readFileSync} from 'node:fs';
import {userInfo} from 'node:os';
import {join} from 'node:path';
import {expect, it, vi} from 'vitest';
import {type Running, steerScript, TestArea} from '../rig/area.ts';
import {type Body, Conductor} from '../rig/conductor.ts';
import {until} from '../rig/until.ts';
import {runWords, smallArea} from './area-files.ts';

// Whole runs, one after the other: on a busy machine each takes many times as long.
vi.setConfig({testTimeout: 180_000});

/** The copy of the test's files is steered too: at that moment the launch is ordered, and nothing is said of it. */
const config = smallArea.replace(
  '[setup]\n',
  `[setup]\ntestcopycmd cp -R TEST_SRC_PATH/. TEST_TARG_PATH && MT_TEST_NAME=copy ${steerScript}\n`,
);

class SteeredRun implements AsyncDisposable {
  readonly area: TestArea;
  readonly conductor: Conductor;
  readonly run: Running;

  constructor(testconfig = `[ezsteps]\nbody ${steerScript}\n`, more: Readonly<Record<string, string>> = {}) {
    this.area = TestArea.make({'megatest.config': config, 'tests/one/testconfig': testconfig, ...more});
    this.conductor = new Conductor(this.area.beside('steer'));
    this.run = this.area.start(['megatest', ...runWords], {env: {STEER_DIR: this.conductor.directory}});
  }

  /** The body of the test, begun behind the back of the daemon, which stands still from before on. */
  async bodyUnheard(): Promise<Body> {
    const copy = await this.conductor.body('copy');
    process.kill(this.area.serverRecord().pid, 'SIGSTOP');
    copy.exit(0);
    return await this.conductor.body('one');
  }

  daemonGoesOn(): void {
    process.kill(this.area.serverRecord().pid, 'SIGCONT');
  }

  /** Ends the manager, and before that the command that would start another. */
  loseForGood(): void {
    this.run.child.kill('SIGKILL');
    this.loseManager();
  }

  loseManager(): void {
    const [pid = ''] = this.ofManager('calls/manager').split(' ');
    process.kill(Number(pid), 'SIGKILL');
  }

  hasManager(): boolean {
    const [pid = ''] = this.ofManager('calls/manager').split(' ');
    return this.area.processes().some((process) => process.pid === Number(pid));
  }

  ofManager(file: string): string {
    const folder = join('/tmp', userInfo().username, 'megatest_manager/area');
    return readFileSync(join(folder, this.area.path.replaceAll('/', '.'), file), 'utf8');
  }

  ofTest(file: string): string {
    const path = join(this.area.path, 'links/x/r/one', file);
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  }

  async row(): Promise<Record<string, unknown> | undefined> {
    await this.area.megatest(['rpc', 'sync.flush']);
    return this.area.query("SELECT state, status FROM tests WHERE testname = 'one'")[0];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.conductor[Symbol.dispose]();
    await this.area[Symbol.asyncDispose]();
  }
}

const call = (step: string) =>
  `$MT_MEGATEST -step ${step} :state end :status 0; echo "${step} $?" >> $MT_TEST_RUN_DIR/calls`;

it('a helper call that finds no manager starts one, and what the manager before had to say comes first', async () => {
  await using steered = new SteeredRun();
  const body = await steered.bodyUnheard();
  steered.loseForGood();
  body.run(`${call('extra')} &`);
  await until(() => steered.hasManager());
  steered.daemonGoesOn();
  await until(() => steered.ofTest('calls') !== '');
  expect(steered.ofTest('calls')).toBe('extra 0\n');
  body.exit(0);
  await until(async () => (await steered.row())?.state === 'COMPLETED');
  expect(await steered.row()).toEqual({state: 'COMPLETED', status: 'PASS'});
  const steps = steered.area.query("SELECT stepname FROM test_steps WHERE state = 'end' ORDER BY stepname");
  expect(steps).toEqual([{stepname: 'body'}, {stepname: 'extra'}]);
  expect(steered.conductor.starts.get('one')).toBe(1);
});

it('a helper call that a manager took and did not answer is made again', async () => {
  await using steered = new SteeredRun();
  const body = await steered.bodyUnheard();
  body.run(`${call('extra')} &`);
  await until(() => steered.ofManager('journal.jsonl').includes('"extra"'));
  steered.loseManager();
  steered.daemonGoesOn();
  await until(() => steered.ofTest('calls') !== '');
  expect(steered.ofTest('calls')).toBe('extra 0\n');
  body.exit(0);
  expect((await steered.run.ended).code).toBe(0);
  expect(await steered.row()).toEqual({state: 'COMPLETED', status: 'PASS'});
  const steps = steered.area.query("SELECT stepname FROM test_steps WHERE state = 'end' ORDER BY stepname");
  expect(steps).toEqual([{stepname: 'body'}, {stepname: 'extra'}]);
});

it('a test whose end the daemon has not heard of is not started again', async () => {
  // The body itself ends the manager: what that has to say of the test is a moment old and not yet sent.
  const step = `(read -r pid rest < $MT_HELPER_CALLS/manager; kill -9 $pid; exec ${steerScript})`;
  await using steered = new SteeredRun(`[ezsteps]\nbody ${step}\n`);
  const body = await steered.bodyUnheard();
  body.exit(1);
  await until(() => steered.ofManager('launches.jsonl').includes('"ended"'));
  steered.daemonGoesOn();
  expect((await steered.run.ended).stderr).not.toContain('ERROR');
  expect(await steered.row()).toEqual({state: 'COMPLETED', status: 'FAIL'});
  expect(steered.conductor.starts).toEqual(
    new Map([
      ['copy', 1],
      ['one', 1],
    ]),
  );
});

it('a test that was being killed when its manager was lost is killed, not failed', async () => {
  // It notes the signal and stays; the run goes on because of the other test.
  const step = `(trap 'echo >> told' TERM; ${steerScript} & while :; do wait; sleep 0.1; done)`;
  await using steered = new SteeredRun(`[ezsteps]\nbody ${step}\n`, {
    'tests/two/testconfig': `[ezsteps]\nbody ${steerScript}\n`,
  });
  steered.conductor.always((body) => body.id === 'copy' && body.exit(0));
  await until(() => steered.conductor.starts.has('one') && steered.conductor.starts.has('two'));
  await until(async () => (await steered.row())?.state === 'RUNNING');
  const asked = await steered.area.megatest([
    '-set-state-status',
    'KILLREQ,n/a',
    '-target',
    'x',
    '-runname',
    'r',
    '-testpatt',
    'one',
    '-state',
    'RUNNING',
  ]);
  expect(asked.stderr).not.toContain('ERROR');
  await until(() => steered.ofTest('told') !== '');
  steered.loseManager();
  await until(async () => (await steered.row())?.state !== 'KILLREQ');
  expect(await steered.row()).toEqual({state: 'KILLED', status: 'KILLED'});
});

/** A test that is asked to end, has heard of it, and takes the seconds that it is given. */
async function lingering(): Promise<SteeredRun> {
  const step = `(trap 'echo >> told' TERM; ${steerScript} & while :; do wait; sleep 0.1; done)`;
  const steered = new SteeredRun(`[ezsteps]\nbody ${step}\n`);
  steered.conductor.always((body) => body.id === 'copy' && body.exit(0));
  await until(async () => (await steered.row())?.state === 'RUNNING');
  await until(() => steered.conductor.starts.has('one'));
  await steered.area.shell(
    'megatest -set-state-status KILLREQ,n/a -target x -runname r -testpatt one -state RUNNING',
  );
  await until(() => steered.ofTest('told') !== '');
  return steered;
}

it('a run and a wait end once a test that is to be killed has ended', async () => {
  await using steered = await lingering();
  await steered.run.ended;
  expect(await steered.row()).toEqual({state: 'KILLED', status: 'KILLED'});
});

it('a run and a wait end once the manager is lost that was to kill a test', async () => {
  await using steered = await lingering();
  const waiting = steered.area.start(['megatest', 'wait', '-t', 'x', '-n', 'r']);
  steered.loseForGood();
  expect((await waiting.ended).code).toBe(0);
  expect(await steered.row()).toEqual({state: 'KILLREQ', status: 'n/a'});
  await until(async () => {
    const {stdout} = await steered.area.megatest(['rpc', 'runners.list']);
    return !stdout.includes('"state": "running"') && !stdout.includes('"state":"running"');
  });
});

it('a launcher that outlives its manager and never starts the test is run again, and the test once', async () => {
  await using run = new SteeredRun('[ezsteps]\nbody echo ran >> $MT_RUN_AREA_HOME/bodies; true\n', {
    'megatest.config': `${smallArea}[jobtools]\nlauncher #{getenv MT_RUN_AREA_HOME}/launcher\n`,
    launcher: `#!/bin/sh\nMT_TEST_NAME=launcher ${steerScript} && exec "$@"\n`,
  });
  const {area, conductor} = run;
  const first = await conductor.body('launcher');
  run.loseManager();
  first.exit(1);
  (await conductor.body('launcher')).exit(0);
  const {code, stdout, stderr} = await run.run.ended;
  expect(code, stdout + stderr).toBe(0);
  expect(readFileSync(join(area.path, 'bodies'), 'utf8')).toBe('ran\n');
  await until(() => area.query('SELECT status FROM tests')[0]?.status === 'PASS');
});

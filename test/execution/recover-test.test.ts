/** `-recover-test` (spec execution.md 22.2): a test whose manager is gone gets its end. */
import {readFileSync, rmSync} from 'node:fs';
import {userInfo} from 'node:os';
import {join} from 'node:path';
import {expect, it, vi} from 'vitest';
import {type Running, steerScript, TestArea} from '../rig/area.ts';
import {type Body, Conductor} from '../rig/conductor.ts';
import {until} from '../rig/until.ts';
import {areaWith, runWords} from './area-files.ts';

// Whole runs, one after the other: on a busy machine each takes many times as long.
vi.setConfig({testTimeout: 180_000});

class StuckTest implements AsyncDisposable {
  readonly area = TestArea.make(areaWith({one: `[ezsteps]\nbody ${steerScript}\n`}));
  readonly conductor = new Conductor(this.area.beside('steer'));
  #run: Running | undefined;

  /** The body of a test that is seen running; then everything that drives it is killed. */
  async lose(): Promise<Body> {
    this.#run = this.area.start(['megatest', ...runWords], {env: {STEER_DIR: this.conductor.directory}});
    const body = await this.conductor.body('one');
    await until(async () => (await this.row()).state === 'RUNNING' && (await this.row()).attemptnum !== 0);
    this.#run.child.kill('SIGKILL');
    await this.#run.ended;
    const [pid = ''] = readFileSync(join(this.#managerFolder, 'calls/manager'), 'utf8').split(' ');
    process.kill(Number(pid), 'SIGKILL');
    await until(() => this.area.processes().every((process) => process.pid !== Number(pid)));
    return body;
  }

  /** What a manager would know the test from. */
  forget(): void {
    rmSync(this.#managerFolder, {recursive: true});
  }

  recover(): Running {
    return this.area.start(['megatest', '-recover-test', '1,1']);
  }

  async row(): Promise<Record<string, unknown>> {
    const {stdout} = await this.area.megatest(['tests', 'r', '--json']);
    return (JSON.parse(stdout) as Record<string, unknown>[])[0] ?? {};
  }

  summary(): string {
    return readFileSync(join(this.area.path, 'links/x/r/one/test-summary.html'), 'utf8');
  }

  get #managerFolder(): string {
    const folder = join('/tmp', userInfo().username, 'megatest_manager/area');
    return join(folder, this.area.path.replaceAll('/', '.'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.conductor[Symbol.dispose]();
    await this.area[Symbol.asyncDispose]();
  }
}

it('a test that the next manager knows goes on as if nothing had happened', async () => {
  await using stuck = new StuckTest();
  const body = await stuck.lose();
  const recovery = stuck.recover();
  await until(() => recovery.stdout().includes('has test 1 in hand'));
  body.exit(0);
  const {code, stdout} = await recovery.ended;
  expect(stdout).toContain('test 1 is COMPLETED/PASS');
  expect(code).toBe(0);
  expect(stuck.conductor.starts.get('one')).toBe(1);
  const again = await stuck.recover().ended;
  expect(again.stdout).toContain('test 1 is COMPLETED/PASS, there is nothing to recover');
});

it('the process of a test that no manager knows is waited for; how it ended nobody knows', async () => {
  await using stuck = new StuckTest();
  const body = await stuck.lose();
  stuck.forget();
  const recovery = stuck.recover();
  const {attemptnum} = await stuck.row();
  await until(() => recovery.stdout().includes(`waiting for process ${attemptnum} of test 1`));
  body.exit(0);
  expect((await recovery.ended).stdout).toContain('test 1 is COMPLETED/FAIL');
  expect(await stuck.row()).toMatchObject({
    state: 'COMPLETED',
    status: 'FAIL',
    comment: 'Its manager was lost, so the exit code of the test is unknown',
  });
  expect(stuck.summary()).toContain('<th>state</th><td>COMPLETED</td>');
});

it('a test of which nothing is left is dead at once', async () => {
  await using stuck = new StuckTest();
  await stuck.lose();
  stuck.forget();
  const {attemptnum} = await stuck.row();
  process.kill(-Number(attemptnum), 'SIGKILL');
  await until(() => stuck.area.processes().every(({pid}) => pid !== attemptnum));
  const {code, stdout} = await stuck.recover().ended;
  expect(stdout).toContain('test 1 is COMPLETED/DEAD');
  expect(code).toBe(0);
  expect(await stuck.row()).toMatchObject({
    comment: 'Test failed to complete: its manager and its processes are gone',
  });
  expect(stuck.summary()).toContain('DEAD');
});

it('a mistake in the ids is one sentence and exit code 1', async () => {
  await using area = TestArea.make(areaWith({one: '[ezsteps]\nbody true\n'}));
  await area.megatest(runWords);
  const cases = [
    ['one', '-recover-test takes RUN_ID,TEST_ID, two whole numbers, not one'],
    ['1', '-recover-test takes RUN_ID,TEST_ID, two whole numbers, not 1'],
    ['2,1', 'there is no test 1 in run 2'],
    ['1,99', 'there is no test 99 in run 1'],
  ] as const;
  for (const [words, sentence] of cases) {
    const {code, stderr} = await area.megatest(['-recover-test', words]);
    expect(stderr.trim().split('\n'), words).toEqual([expect.stringContaining(sentence)]);
    expect(code, words).toBe(1);
  }
});

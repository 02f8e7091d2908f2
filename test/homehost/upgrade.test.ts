/** Spec homehost.md 6.8: versions that do not understand each other meet in one area; the newer one takes over, and runs go on. */
import {chmodSync, existsSync} from 'node:fs';
import {dirname} from 'node:path';
import {PROTOCOL} from '@megatest/rpc';
import {expect, it} from 'vitest';
import {type Outcome, steerScript, TestArea} from '../rig/area.ts';
import {Conductor} from '../rig/conductor.ts';
import {Installation} from '../rig/installation.ts';
import {describeWith} from '../rig/needs.ts';
import {until} from '../rig/until.ts';
import {config} from './lone-area.ts';

const next = PROTOCOL + 1;
const timeoutMs = 120_000;

/** Two steered tests, one after the other. */
function steeredArea(more = ''): TestArea {
  return TestArea.make({
    'megatest.config': `${config.replace('[setup]', '[setup]\nmax_concurrent_jobs 1')}${more}`,
    'runconfigs.config': '[default]\nSTEER_DIR #{getenv MT_RUN_AREA_HOME}/../steer\n',
    'tests/one/testconfig': `[ezsteps]\nbody ${steerScript}\n`,
    'tests/two/testconfig': `[requirements]\nwaiton one\n[ezsteps]\nbody ${steerScript}\n`,
  });
}

function using(installation: Installation): {readonly env: Readonly<Record<string, string>>} {
  return {env: {PATH: `${installation.binaries}:${process.env.PATH}`}};
}

function protocolOf(area: TestArea): number {
  return (area.serverRecord() as unknown as {protocol: number}).protocol;
}

function expectOneSentence({code, stderr}: Outcome, sentence: string): void {
  expect(code).toBe(1);
  expect(stderr).toContain(sentence);
  expect(stderr.trimEnd().split('\n').length).toBeLessThanOrEqual(2);
}

describeWith([], 'a newer version in the place of an older one', () => {
  it.each([
    ['by the manager', ''],
    ['by a launcher', '[jobtools]\nlauncher nbfake\n'],
  ])(
    'takes over daemon and manager: what runs %s and what waits is run once, and passes',
    async (_, launcher) => {
      await using area = steeredArea(launcher);
      using conductor = new Conductor(area.beside('steer'));
      const program = await Installation.make(area.beside('program'), PROTOCOL);
      const run = area.start(['megatest', 'run', '-t', 'x', '-n', 'r'], using(program));
      const one = await conductor.body('one');
      const {pid} = area.serverRecord();
      await program.replace(next);
      const status = await area.megatest(['rpc', 'server.status'], using(program));
      expect(status.code).toBe(0);
      expect(protocolOf(area)).toBe(next);
      expect(existsSync(`/proc/${pid}`)).toBe(false);
      // Who watched with the older program is told, and that the run goes on does not depend on it.
      expectOneSentence(await run.ended, `of a newer version: it speaks protocol ${next}`);
      one.exit(0);
      (await conductor.body('two')).exit(0);
      const waited = await area.megatest(['wait', '-t', 'x', '-n', 'r'], using(program));
      expect(waited.code).toBe(0);
      expect((await area.megatest(['rpc', 'sync.flush'], using(program))).code).toBe(0);
      expect(area.query('SELECT testname, state, status FROM tests ORDER BY testname')).toEqual([
        {testname: 'one', state: 'COMPLETED', status: 'PASS'},
        {testname: 'two', state: 'COMPLETED', status: 'PASS'},
      ]);
      expect(Object.fromEntries(conductor.starts)).toEqual({one: 1, two: 1});
      // Nothing of the older version is left: what a launcher started ends with its test.
      await until(() => area.processes().every(({command}) => !command.includes('-execute')));
    },
    timeoutMs,
  );
});

describeWith([], 'a newer version beside an older one', () => {
  it('takes over the test of the older manager when it is first used on that host', async () => {
    await using area = steeredArea();
    using conductor = new Conductor(area.beside('steer'));
    const newer = await Installation.make(area.beside('newer'), next);
    expect((await area.megatest(['run', '-t', 'x', '-n', 'r', '--detach'])).code).toBe(0);
    const one = await conductor.body('one');
    expect((await area.megatest(['server', 'start'], using(newer))).code).toBe(0);
    expect(protocolOf(area)).toBe(next);
    expectOneSentence(
      await area.megatest(['rpc', 'server.status']),
      `the daemon of ${area.path} is of a newer version: it speaks protocol ${next}, this program ${PROTOCOL}`,
    );
    const other = area.start(['megatest', 'run', '-t', 'x', '-n', 'other', '-p', 'one'], using(newer));
    one.exit(0);
    conductor.always((body) => body.exit(0));
    expect((await other.ended).code).toBe(0);
    expect((await area.megatest(['wait', '-t', 'x', '-n', 'r'], using(newer))).code).toBe(0);
    expect((await area.megatest(['rpc', 'sync.flush'], using(newer))).code).toBe(0);
    expect(area.query("SELECT count(*) AS n FROM tests WHERE status = 'PASS'")).toEqual([{n: 3}]);
    expect(Object.fromEntries(conductor.starts)).toEqual({one: 2, two: 1});
  }, 120_000);

  it('ends an older daemon when that is what is asked for', async () => {
    await using area = steeredArea();
    const newer = await Installation.make(area.beside('newer'), next);
    expect((await area.megatest(['server', 'start'])).code).toBe(0);
    const {pid} = area.serverRecord();
    expect((await area.megatest(['server', 'stop'], using(newer))).code).toBe(0);
    expect(existsSync(`/proc/${pid}`)).toBe(false);
  });
});

describeWith(['root'], 'somebody who may only look', () => {
  it('with a newer version is told so, and the older daemon stays', async () => {
    await using area = steeredArea();
    const newer = await Installation.make(area.beside('newer'), next);
    expect((await area.megatest(['server', 'start'])).code).toBe(0);
    const {pid} = area.serverRecord();
    chmodSync(dirname(area.path), 0o755);
    const nobody = 'setpriv --reuid=65534 --regid=65534 --clear-groups';
    const outcome = await area.shell(`${nobody} megatest rpc server.status`, using(newer));
    expectOneSentence(
      outcome,
      `the daemon of ${area.path} is of an older version: it speaks protocol ${PROTOCOL}, this program ${next}`,
    );
    expect(area.serverRecord().pid).toBe(pid);
  });
});

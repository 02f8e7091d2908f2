/** What a user can get wrong: each gets one sentence with its place, the right exit code, and leaves nothing half done. */
import {writeFileSync} from 'node:fs';
import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {TestArea} from './rig/area.ts';

const config = [
  '[fields]',
  'PLATFORM TEXT',
  'RELEASE TEXT',
  '[setup]',
  'linktree #{getenv MT_RUN_AREA_HOME}/links',
  'minspace 1',
  'dbdir-space-required 1',
  'max_concurrent_jobs 4',
  '[disks]',
  'disk0 #{getenv MT_RUN_AREA_HOME}/runs',
  '',
].join('\n');

function makeArea(files: Readonly<Record<string, string>> = {}): TestArea {
  return TestArea.make({
    'megatest.config': config,
    'runconfigs.config': '[linux/v1]\nX 1\n',
    'tests/good/testconfig': '[ezsteps]\nstep true\n',
    ...files,
  });
}

const run = (target: string, pattern = '%') =>
  `-run -target ${target} -runname r -testpatt ${pattern} -run-wait`.split(' ');

describe('a mistake', () => {
  it('outside an area is told with where it looked', async () => {
    await using area = makeArea();
    const legacy = await area.megatest(['-list-runs', '%'], {cwd: '/var/tmp'});
    expect(legacy.code).toBe(2);
    expect(legacy.stderr).toContain('No megatest.config file found. Giving up.');
    const modern = await area.megatest(['status'], {cwd: '/var/tmp'});
    expect(modern.code).toBe(6);
    expect(modern.stderr).not.toContain('    at ');
  });

  it('in the shape of the target names the keys', async () => {
    await using area = makeArea();
    const outcome = await area.megatest(run('linux'));
    expect(outcome.code).toBe(3);
    expect(outcome.stderr).toContain('Invalid target, "linux" should be: PLATFORM/RELEASE');
    const modern = await area.megatest(['run', '-t', 'linux', '-n', 'r']);
    expect(modern.code).toBe(2);
    expect(modern.stderr).toContain('PLATFORM/RELEASE');
  });

  it('in a state or a status that is not given changes nothing', async () => {
    await using area = makeArea();
    await area.megatest(run('linux/v1'));
    const selection = ['-t', 'linux/v1', '-n', 'r', '-p', 'good'];
    const modern = await area.megatest(['set', 'test', ',FAIL', ...selection]);
    expect([modern.code, modern.stderr]).toEqual([2, expect.stringContaining('set test needs STATE,STATUS')]);
    const words = '-set-state-status COMPLETED, -target linux/v1 -runname r -testpatt good'.split(' ');
    const legacy = await area.megatest(words);
    expect([legacy.code, legacy.stderr]).toEqual([1, expect.stringContaining('comma delimited string')]);
    const {stdout} = await area.megatest(['tests', 'r', '--json']);
    expect(JSON.parse(stdout)).toMatchObject([{state: 'COMPLETED', status: 'PASS'}]);
  });

  it('in a helper that runs a command is told once, with its place', async () => {
    await using area = makeArea({'megatest.config': `${config}[x]\nbroken #{shell exit 3}\n`});
    const outcome = await area.megatest(run('linux/v1'));
    expect(outcome.code).toBe(0);
    const told = outcome.stderr.split('\n').filter((line) => line.includes('bad exit code'));
    expect(told).toEqual([
      `ERROR: exit 3 returned bad exit code 3 (${area.path}/megatest.config:${config.split('\n').length + 1}:8)`,
    ]);
  });

  it('in the target of -reqtarg names the nearest section', async () => {
    await using area = makeArea();
    const outcome = await area.megatest('-run -reqtarg linux/v2 -runname r -testpatt % -run-wait'.split(' '));
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain('[linux/v2] not found in');
  });

  it('in a command or an option suggests the right one, exit code 2', async () => {
    await using area = makeArea();
    const command = await area.megatest(['statsu']);
    expect(command.code).toBe(2);
    expect(command.stderr).toContain('did you mean status?');
    const option = await area.megatest(['run', '--traget', 'x']);
    expect(option.code).toBe(2);
    expect(option.stderr).not.toContain('    at ');
  });

  it('in a waiton drops the waiton, names the test, and runs the rest', async () => {
    await using area = makeArea({
      'tests/late/testconfig': '[requirements]\nwaiton gooood\n[ezsteps]\nstep true\n',
    });
    const outcome = await area.megatest(run('linux/v1'));
    expect(outcome.stderr).toContain('ERROR: test late has unrecognised waiton testname gooood');
    expect(outcome.stdout).toMatch(/^COMPLETED {3}PASS .*\/good *$/m);
    expect(outcome.code).toBe(0);
  });

  it('that makes tests wait for each other names the cycle, and runs the rest', async () => {
    await using area = makeArea({
      'tests/a/testconfig': '[requirements]\nwaiton b\n[ezsteps]\nstep true\n',
      'tests/b/testconfig': '[requirements]\nwaiton a\n[ezsteps]\nstep true\n',
    });
    const outcome = await area.megatest(run('linux/v1'));
    expect(outcome.stderr).toMatch(/cycle: (a -> b -> a|b -> a -> b)/);
    expect(outcome.stdout).toMatch(/^COMPLETED {3}PASS .*\/good *$/m);
  });

  it('in a step command fails that test with 127 and the line of its log, and nothing else', async () => {
    await using area = makeArea({'tests/bad/testconfig': '[ezsteps]\nstep no_such_program --x\n'});
    const outcome = await area.megatest(['run', '-t', 'linux/v1', '-n', 'r']);
    expect(outcome.code).toBe(4);
    expect(outcome.stdout).toContain('step step ended with 127');
    expect(outcome.stdout).toMatch(/^1 of 2 failed/m);
  });

  it('in a disk ends the run with the disk and its path, the row goes back', async () => {
    await using area = makeArea({
      'megatest.config': config.replace('MT_RUN_AREA_HOME}/runs', 'MT_RUN_AREA_HOME}/nowhere'),
    });
    const outcome = await area.megatest(run('linux/v1'));
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain('No valid disks found in [disks]');
    expect(outcome.stderr).toContain('nowhere');
    await area.megatest(['rpc', 'sync.flush']);
    expect(area.query('SELECT state, status FROM tests')).toEqual([{state: 'NOT_STARTED', status: 'n/a'}]);
  });

  it('in a launcher that does not exist ends the run with its name, exit code 1', async () => {
    await using area = makeArea({'megatest.config': `${config}[jobtools]\nlauncher no_such_launcher\n`});
    const outcome = await area.megatest(run('linux/v1'));
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain('no_such_launcher');
    await area.megatest(['rpc', 'sync.flush']);
    expect(area.query('SELECT state, status FROM tests')).toEqual([{state: 'NOT_STARTED', status: 'n/a'}]);
  });

  it('in a pattern that matches nothing is told in both styles', async () => {
    await using area = makeArea();
    const legacy = await area.megatest(run('linux/v1', 'goood'));
    expect(legacy.stderr).toContain('No tests to run');
    expect(legacy.code).toBe(0);
    const modern = await area.megatest(['run', '-t', 'linux/v1', '-n', 'r2', '-p', 'goood']);
    expect(modern.code).toBe(3);
    expect(modern.stderr).toContain('no test matches goood');
  });

  it('of the key, or a stranger on the port, is refused in one sentence', async () => {
    await using area = makeArea();
    expect((await area.megatest(['server', 'start'])).code).toBe(0);
    const {pid} = area.serverRecord();
    writeFileSync(join(area.path, '.server.key'), `${'0'.repeat(64)}\n`);
    const wrongKey = await area.megatest(['rpc', 'server.status'], {env: {MT_RPC_GIVEUP: '5'}});
    expect(wrongKey.code).not.toBe(0);
    expect(wrongKey.stderr).toContain('the key is not the one of');
    expect(wrongKey.stderr).not.toContain('    at ');
    process.kill(pid, 'SIGKILL');
  });

  it('of a record that points to the daemon of another area is told with both areas', async () => {
    await using area = makeArea();
    await using other = makeArea();
    for (const one of [area, other]) {
      expect((await one.megatest(['server', 'start'])).code).toBe(0);
    }
    const [own, foreign] = [area.serverRecord(), other.serverRecord()];
    // As seen from another host, where only the address counts.
    const record = {...own, host: 'elsewhere', port: foreign.port};
    writeFileSync(join(area.path, '.server'), JSON.stringify(record));
    const outcome = await area.megatest(['rpc', 'server.status'], {env: {MT_RPC_GIVEUP: '3'}});
    expect(outcome.code).not.toBe(0);
    expect(outcome.stderr).toContain(other.path);
    expect(outcome.stderr).toContain(area.path);
    process.kill(own.pid, 'SIGTERM');
  });

  it('of a server that is no megatest at all ends in one sentence after the time limit', async () => {
    await using area = makeArea();
    const server = createServer((_, response) => response.writeHead(404).end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const {port} = server.address() as AddressInfo;
    expect((await area.megatest(['server', 'start'])).code).toBe(0);
    const record = {...area.serverRecord(), host: 'elsewhere', ip: '127.0.0.1', port};
    const {pid} = record;
    writeFileSync(join(area.path, '.server'), JSON.stringify(record));
    const outcome = await area.megatest(['rpc', 'server.status'], {env: {MT_RPC_GIVEUP: '2'}});
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain('no daemon could be reached');
    expect(outcome.stderr).toContain('.server names elsewhere');
    server.close();
    process.kill(pid, 'SIGTERM');
  });
});

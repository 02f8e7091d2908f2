import {execFileSync, spawn} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterEach, expect, it} from 'vitest';
import {Conductor} from './conductor.ts';
import {Hosts} from './hosts.ts';
import {describeWith} from './needs.ts';

const steer = join(import.meta.dirname, 'steer.sh');
const directories: string[] = [];

function makeDirectory(): string {
  const directory = mkdtempSync('/var/tmp/megatest-rig-');
  directories.push(directory);
  return directory;
}

afterEach(() => {
  for (const directory of directories.splice(0)) {
    rmSync(directory, {recursive: true});
  }
});

describeWith([], 'the conductor', () => {
  it('hands out each started body, prints through it and decides its exit code', async () => {
    using conductor = new Conductor(join(makeDirectory(), 'steer'));
    const child = spawn('sh', [steer], {
      env: {...process.env, MT_TEST_NAME: 'build', MT_ITEMPATH: 'fast/gcc', STEER_DIR: conductor.directory},
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    let output = '';
    child.stdout.on('data', (data) => {
      output += data;
    });
    const body = await conductor.body('build/fast/gcc');
    body.print('hello there');
    body.exit(3);
    expect(await ended).toBe(3);
    expect(output).toBe('hello there\n');
    expect(conductor.starts.get('build/fast/gcc')).toBe(1);
  });
});

describeWith(['root', 'ip', 'unshare', 'sshd', 'ssh'], 'hosts made of namespaces', () => {
  it('have their own name, address and /tmp, share other files, and their links can be cut', async () => {
    const directory = makeDirectory();
    await using hosts = await Hosts.make(['alpha', 'beta'], directory);
    const on = (name: string, script: string) => {
      const [program = '', ...words] = hosts.host(name).enter;
      return execFileSync(program, [...words, 'sh', '-c', script], {encoding: 'utf8'}).trim();
    };
    writeFileSync(join(directory, 'shared'), 'seen by all');
    expect(on('alpha', 'hostname')).toBe('alpha');
    expect(on('beta', `cat ${directory}/shared`)).toBe('seen by all');
    on('alpha', 'echo private > /tmp/file');
    expect(on('beta', 'ls /tmp')).toBe('');
    const reach = (patienceS: number) =>
      `timeout ${patienceS} bash -c "exec 3<>/dev/tcp/alpha/1" 2>&1 | grep -q refused && echo there || echo gone`;
    expect(on('beta', reach(30))).toBe('there');
    hosts.host('alpha').cutLink();
    expect(on('beta', reach(1))).toBe('gone');
    hosts.host('alpha').healLink();
    expect(on('beta', reach(30))).toBe('there');
  });

  it('reach each other through a real sshd', async () => {
    const directory = makeDirectory();
    await using hosts = await Hosts.make(['alpha', 'beta'], directory);
    await hosts.startSsh(directory);
    const [program = '', ...words] = hosts.host('beta').enter;
    expect(execFileSync(program, [...words, 'ssh', 'alpha', 'hostname'], {encoding: 'utf8'})).toBe('alpha\n');
  });
});

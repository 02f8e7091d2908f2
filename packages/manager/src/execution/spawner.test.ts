import {existsSync, mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {processStart} from '@megatest/rpc';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {makeGroup, removeGroup} from './control-group.ts';
import {isAlive, killTree, processesOf} from './process-tree.ts';
import {directSpawner, SmallSpawner, type Spawned, type Spawner, type SpawnRequest} from './spawner.ts';

const program = join(import.meta.dirname, 'spawner.pl');
let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'spawner-'));
});
afterEach(() => rmSync(directory, {recursive: true}));

function request(script: string, change: Partial<SpawnRequest> = {}): SpawnRequest {
  return {
    words: ['/bin/bash', '-c', script],
    cwd: directory,
    env: {},
    umask: 0o027,
    output: join(directory, 'output'),
    group: null,
    ...change,
  };
}

async function outputOf(spawner: Spawner, script: string, change: Partial<SpawnRequest> = {}) {
  const {ended} = await spawner.start(request(script, change));
  expect(await ended).toEqual({kind: 'exited', code: 0, signal: null});
  const text = readFileSync(join(directory, 'output'), 'utf8');
  rmSync(join(directory, 'output'));
  return text;
}

/** The small process itself. */
async function smallPid(spawner: SmallSpawner): Promise<number> {
  return Number(await outputOf(spawner, 'echo $PPID'));
}

/** The end of what a test leaves running is waited for: its directory goes with it. */
async function end({pid, pidStart}: Spawned): Promise<void> {
  process.kill(pid, 'SIGKILL');
  while (processStart(pid) === pidStart && !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const probe = makeGroup('probe');
const canGroup = probe !== null;
if (canGroup) {
  removeGroup(probe);
}

const spawners = [
  ['this process', () => directSpawner],
  ['the small one', () => new SmallSpawner([program])],
] as const;

describe.each(spawners)('what %s starts', (_, make) => {
  it('has the words, the environment, the directory, the mask and the output that were asked for', async () => {
    const spawner = make();
    const env = {A: 'a=b\nc', 'BASH_FUNC_f%%': '() { :; }', EMPTY: '', UMLAUT: 'ü', _: '/bin/env'};
    const words = ['/usr/bin/env', '-0'] as const;
    const found = await outputOf(spawner, '', {words, env});
    expect(found.split('\0').filter(Boolean).sort()).toEqual(
      Object.entries(env)
        .map(([name, value]) => `${name}=${value}`)
        .sort(),
    );
    expect(await outputOf(spawner, '', {words: ['/usr/bin/printf', '[%s]', '', 'a b', 'ü\n', '%']})).toBe(
      '[][a b][ü\n][%]',
    );
    expect(await outputOf(spawner, 'pwd; umask; echo error >&2; exec ls -l /proc/self/fd/0')).toMatch(
      new RegExp(`^${directory}\n0027\nerror\n.* -> /dev/null\n$`),
    );
  });

  it('leads a session, with no descriptor of ours and no signal blocked or ignored', async () => {
    const spawner = make();
    const {pid, pidStart, ended} = await spawner.start(
      request('cut -d" " -f1,6 /proc/self/stat; exec grep -E "^Sig(Blk|Ign)" /proc/self/status'),
    );
    await ended;
    expect(pidStart).toMatch(/^\d+$/);
    const found = readFileSync(join(directory, 'output'), 'utf8').replaceAll('\t', ' ');
    const none = '0000000000000000';
    expect(found).toMatch(new RegExp(`^\\d+ ${pid}\nSigBlk: ${none}\nSigIgn: ${none}\n$`));
    rmSync(join(directory, 'output'));
    // This process may itself have been started with some.
    const descriptors = 'exec ls /proc/self/fd';
    expect(await outputOf(spawner, descriptors)).toBe(await outputOf(directSpawner, descriptors));
  });

  it.skipIf(!canGroup)('is in its control group', async () => {
    const spawner = make();
    const group = makeGroup(`spawner-${process.pid}`);
    const script = 'read -r inside < "$GROUP/cgroup.procs"; echo "$inside" "$$"';
    const found = await outputOf(spawner, script, {env: {GROUP: group ?? ''}, group});
    expect(found).toMatch(/^(\d+) \1\n$/);
    removeGroup(group ?? '');
    expect(await outputOf(spawner, 'echo "in none"', {group})).toBe('in none\n');
  });

  it('adds to what is in the output', async () => {
    const spawner = make();
    await (await spawner.start(request('echo one'))).ended;
    expect(await outputOf(spawner, 'echo two')).toBe('one\ntwo\n');
  });

  it('is known by how it ended', async () => {
    const spawner = make();
    expect(await (await spawner.start(request('exit 7'))).ended).toMatchObject({code: 7, signal: null});
    expect(await (await spawner.start(request('kill -9 $$'))).ended).toMatchObject({
      code: null,
      signal: expect.stringMatching(/^(SIGKILL|signal 9)$/),
    });
  });

  it('fails when it cannot become the program', async () => {
    const spawner = make();
    const cases = [{cwd: join(directory, 'gone')}, {env: {LONG: 'x'.repeat(1024 * 1024)}}];
    for (const change of cases) {
      await expect(spawner.start(request('true', change)).then(({ended}) => ended)).rejects.toThrow();
    }
  });
});

it('many at once are kept apart', async () => {
  const spawner = new SmallSpawner([program]);
  const codes = Array.from({length: 200}, (_, index) => index);
  const ends = await Promise.all(
    codes.map(async (code) => await (await spawner.start(request(`exit ${code}`))).ended),
  );
  expect(ends).toEqual(codes.map((code) => ({kind: 'exited', code, signal: null})));
});

it('nothing that a step starts gets away: a second fork, a session of its own and an empty environment do not help', async () => {
  const spawner = new SmallSpawner([program]);
  const leaves = 'env -i PATH=/usr/bin:/bin setsid sh -c \'sh -c "echo \\$\\$ > stray; exec sleep 1000" &\'';
  const {pid, pidStart} = await spawner.start(request(`${leaves}; wait; exec sleep 1000`));
  const file = join(directory, 'stray');
  while (!existsSync(file) || readFileSync(file, 'utf8') === '') {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const stray = Number(readFileSync(file, 'utf8'));
  const family = {root: {pid, pidStart}, launchId: 'none', group: null};
  expect(processesOf(family).map((found) => found.pid)).toContain(stray);
  expect(await killTree(family)).toBe(true);
  expect(isAlive({pid: stray, start: processStart(stray)})).toBe(false);
});

it('what runs when the small one dies goes on, its end is unseen, and another small one comes', async () => {
  const spawner = new SmallSpawner([program]);
  const small = await smallPid(spawner);
  const running = await spawner.start(request('exec sleep 1000'));
  process.kill(small, 'SIGKILL');
  expect(await running.ended).toEqual({kind: 'unseen'});
  expect(processStart(running.pid)).toBe(running.pidStart);
  expect(await smallPid(spawner)).not.toBe(small);
  await end(running);
});

it('what the small one was asked for when it died is started all the same', async () => {
  const spawner = new SmallSpawner([program]);
  const small = await smallPid(spawner);
  process.kill(small, 'SIGSTOP');
  const starting = spawner.start(request('exit 3'));
  process.kill(small, 'SIGKILL');
  expect(await (await starting).ended).toEqual({kind: 'exited', code: 3, signal: null});
});

it('where the small one cannot run everything is started by this process', async () => {
  const spawner = new SmallSpawner([join(directory, 'nothing.pl')]);
  for (let count = 0; count < 20; count += 1) {
    expect(Number(await outputOf(spawner, 'echo $PPID'))).toBe(process.pid);
  }
});

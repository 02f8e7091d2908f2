/** Every way to a file that must not be shown (spec dashboard.md B10, E26). */
import {execFileSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {RpcError} from '@megatest/rpc';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {partsOf, RunFiles} from './run-files.ts';

let disk: string;
let files: RunFiles;
let test: {
  readonly id: number;
  readonly rundir: string;
  readonly shortdir: string;
  readonly archived: number;
};

function put(path: string): void {
  const file = join(disk, path);
  mkdirSync(dirname(file), {recursive: true});
  writeFileSync(file, `${path}\n`);
}

beforeAll(() => {
  disk = realpathSync(mkdtempSync(join(tmpdir(), 'disk-')));
  for (const path of [
    'a/log/x.log',
    'a/.testconfig',
    'a/.mt/exec.json',
    'a/.ssh/id',
    'b/x',
    'other/y',
    'b/.mt/z',
  ]) {
    put(path);
  }
  put('a/.ezsteps/env.sh');
  for (const [link, target] of [
    ['a/out', 'b'],
    ['a/data', 'other'],
    ['a/inner', 'a/log'],
    ['a/sly', 'a/.mt/exec.json'],
    ['a/slyer', 'b/.mt'],
    ['a/up', ''],
    ['moved', 'other'],
    ['links', 'a'],
  ] as const) {
    symlinkSync(join(disk, target), join(disk, link));
  }
  symlinkSync('/etc', join(disk, 'a/etc'));
  execFileSync('mkfifo', [join(disk, 'a/pipe')]);
  const recorded = [join(disk, 'a'), join(disk, 'b')];
  files = new RunFiles(async (directories) => recorded.filter((path) => directories.includes(path)));
  test = {id: 1, rundir: join(disk, 'links'), shortdir: join(disk, 'a'), archived: 0};
});
afterAll(() => rmSync(disk, {recursive: true}));

async function read(path: string, of = test): Promise<string> {
  try {
    const {handle} = await files.open(of, path);
    const text = await handle.readFile('utf8');
    await handle.close();
    return text.trim();
  } catch (error) {
    return error instanceof RpcError ? error.kind : String(error);
  }
}

describe('a file', () => {
  it.each([
    ['log/x.log', 'a/log/x.log'],
    ['./log//x.log', 'a/log/x.log'],
    ['log/../log/x.log', 'a/log/x.log'],
    ['inner/x.log', 'a/log/x.log'],
    ['.testconfig', 'a/.testconfig'],
    ['.ezsteps/env.sh', 'a/.ezsteps/env.sh'],
    ['out/x', 'b/x'],
  ])('%s is shown', async (path, text) => {
    expect(await read(path)).toBe(text);
  });

  it.each([
    '../b/x',
    'log/../../b/x',
    '/etc/passwd',
    'etc/passwd',
    'data/y',
    'up/other/y',
    '.ssh/id',
    '.mt/exec.json',
    'sly',
    'slyer/z',
    'log/x.log\0.txt',
    'log',
    'pipe',
    'nowhere',
    '.',
    '',
  ])('%s is not, whatever the reason', async (path) => {
    expect(await read(path)).toBe('notFound');
  });

  it('nor anything of a test whose directory a link has taken the place of, or that has none', async () => {
    expect(await read('y', {...test, shortdir: join(disk, 'moved'), rundir: join(disk, 'moved')})).toBe(
      'notFound',
    );
    expect(await read('etc/passwd', {...test, shortdir: '/', rundir: '/tmp/badname'})).toBe('notFound');
  });
});

it('a folder is listed without what is hidden, and with where its links lead', async () => {
  const {entries, isThere} = await files.list(test, '');
  expect(isThere).toBe(true);
  expect(entries.map(({name}) => name)).toEqual([
    '.ezsteps',
    '.testconfig',
    'data',
    'etc',
    'inner',
    'log',
    'out',
    'pipe',
    'sly',
    'slyer',
    'up',
  ]);
  expect(entries.find(({name}) => name === 'etc')).toMatchObject({kind: 'link', target: '/etc'});
  expect((await files.list(test, 'log')).entries).toMatchObject([{name: 'x.log', kind: 'file', size: 12}]);
  await expect(files.list(test, 'etc')).rejects.toThrow('no file "etc"');
  expect(await files.list({...test, shortdir: '/gone', rundir: '/gone'}, '')).toMatchObject({isThere: false});
});

it('a path is taken apart without looking at a disk', () => {
  expect(partsOf('a/./b/../c')).toEqual(['a', 'c']);
  expect(['a/../..', '/a', '', 'a/.b', '.testconfig/x'].map((path) => partsOf(path))).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

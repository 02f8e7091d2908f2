import {existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, it} from 'vitest';
import type {PlanningRequest} from './planner.ts';
import {ReadyPlanner} from './ready-planner.ts';

const program = join(import.meta.dirname, '../../../cli/dist/planner.js');
const marked = 'READY_PLANNER_TEST';
let areaPath: string;
let planner: ReadyPlanner;

beforeEach(() => {
  areaPath = mkdtempSync(join(tmpdir(), 'ready-planner-'));
  planner = new ReadyPlanner(program);
});
afterEach(() => {
  planner.close();
  delete process.env[marked];
  rmSync(areaPath, {recursive: true, force: true});
});

/** What a shell command prints when a config file is read for this request. */
async function printed(command: string, request: Partial<PlanningRequest> = {}): Promise<string> {
  writeFileSync(
    join(areaPath, 'megatest.config'),
    `[fields]\nOS TEXT\n[setup]\nlinktree lt\n[server]\nhostname #{shell ${command}}\n`,
  );
  const {settings, error} = await planner.ask({
    kind: 'settings',
    areaPath,
    env: ownLocale(),
    cwd: areaPath,
    target: '',
    runName: '',
    options: {},
    argv: [],
    ...request,
  });
  return String(settings?.hostname ?? error);
}

/** What a child must have in common with its parent to be of use. */
function ownLocale(): Record<string, string> {
  const taken = Object.entries(process.env).filter(([name]) =>
    /^(LC_|LANG|NODE_|LD_|ICU_|UV_|OPENSSL_|SSL_|PATH$)/.test(name),
  );
  return Object.fromEntries(taken) as Record<string, string>;
}

/** Children of this process that wait for a request, serve one or are about to end; the youngest last. */
function children(): readonly number[] {
  return readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8')
    .split(' ')
    .filter((pid) => pid !== '' && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(program))
    .map(Number);
}

it('the child that was ready answers, and answers once', async () => {
  planner.prepare();
  const ready = children().at(-1);
  expect(await printed('echo $PPID')).toBe(String(ready));
  expect(await printed('echo $PPID')).not.toBe(String(ready));
});

it('environment, directory and umask are those of the request, not of the start', async () => {
  process.env[marked] = 'of the start';
  planner.prepare();
  const env = {...ownLocale(), OF_REQUEST: 'here'};
  const state = `echo $OF_REQUEST/$(grep -zc ${marked} /proc/$PPID/environ)/$(printenv ${marked})/$(umask)`;
  expect(await printed(state, {env, umask: 0o027})).toBe('here/1//0027');
});

it('the directory of the request is where files are looked for', async () => {
  mkdirSync(join(areaPath, 'elsewhere'));
  planner.prepare();
  expect(await printed('readlink /proc/$PPID/cwd', {cwd: join(areaPath, 'elsewhere')})).toBe(
    join(areaPath, 'elsewhere'),
  );
});

it('a directory that is gone is told in one sentence', async () => {
  planner.prepare();
  expect(await printed('echo', {cwd: join(areaPath, 'gone')})).toMatch(
    /^the directory that this was started from cannot be entered: .*gone'$/,
  );
});

it('a request of another language has a child of its own', async () => {
  planner.prepare();
  const ready = children().at(-1);
  expect(await printed('echo $PPID', {env: {...ownLocale(), LC_ALL: 'de_DE.UTF-8'}})).not.toBe(String(ready));
  expect(await printed('echo $PPID')).toBe(String(ready));
});

it('a child that dies while it waits is not missed', async () => {
  planner.prepare();
  const ready = children().at(-1) ?? 0;
  process.kill(ready, 'SIGKILL');
  while (existsSync(`/proc/${ready}`)) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  await new Promise((resolve) => setImmediate(resolve));
  expect(await printed('echo $PPID')).not.toBe(String(ready));
});

it('it is busy while it is asked, and not while a child only waits', async () => {
  planner.prepare();
  expect(planner.isAsking).toBe(false);
  const asked = printed('echo');
  expect(planner.isAsking).toBe(true);
  await asked;
  expect(planner.isAsking).toBe(false);
});

it('when nothing runs, the child that is due after a request is started at once, and only that one', async () => {
  // Those of other tests may be about to end.
  const others = new Set(children());
  planner.onIdle();
  expect(children().filter((pid) => !others.has(pid))).toEqual([]);
  await printed('echo');
  planner.onIdle();
  const ready = children().at(-1);
  planner.onIdle();
  expect(children().at(-1)).toBe(ready);
  expect(await printed('echo $PPID')).toBe(String(ready));
});

/** What users, disks and log rules do to a running test: it gets the result that the spec says, and the other tests never notice. */
import {existsSync, readFileSync, rmSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {expect, it, vi} from 'vitest';
import {steerScript, TestArea} from '../rig/area.ts';
import {Conductor} from '../rig/conductor.ts';
import {until} from '../rig/until.ts';
import {areaWith, runWords} from './area-files.ts';

// Whole runs, one after the other: on a busy machine each takes many times as long.
vi.setConfig({testTimeout: 180_000});

async function rows(area: TestArea) {
  await area.megatest(['rpc', 'sync.flush']);
  return area.query('SELECT testname, state, status, comment FROM tests ORDER BY testname');
}

it('a test whose run directory vanishes fails and says so', async () => {
  await using area = TestArea.make(
    areaWith({
      vanishing: `[ezsteps]\nbody ${steerScript}\nnever true\n`,
      other: `[ezsteps]\nbody ${steerScript}\n`,
    }),
  );
  using conductor = new Conductor(area.beside('steer'));
  const run = area.start(['megatest', ...runWords], {env: {STEER_DIR: conductor.directory}});
  const body = await conductor.body('vanishing');
  const other = await conductor.body('other');
  rmSync(join(area.path, 'runs/x/r/vanishing'), {recursive: true});
  body.exit(0);
  await until(async () => (await rows(area)).some(({state}) => state === 'COMPLETED'));
  other.exit(0);
  const outcome = await run.ended;
  expect(outcome.stderr).not.toContain('    at ');
  expect(await rows(area)).toEqual([
    {testname: 'other', state: 'COMPLETED', status: 'PASS', comment: ''},
    {
      testname: 'vanishing',
      state: 'COMPLETED',
      status: 'FAIL',
      comment: `The run directory ${area.path}/links/x/r/vanishing is gone`,
    },
  ]);
});

it('broken log rules fail their step, with place and caret in the output of the test', async () => {
  await using area = TestArea.make(
    areaWith(
      {
        broken:
          '[ezsteps]\nfirst echo fine\nsecond true\n[logpro]\nfirst (expect:error in "LogFileBody" = 0 "none" #/(/)\n',
        own: '[ezsteps]\nfirst echo fine\n',
        other: '[ezsteps]\nfirst echo fine\n',
      },
      {
        'tests/own/first.logpro':
          '(expect:required in "LogFileBody" > 0 "fine" #/fine/)\n(expect:eror in "LogFileBody"\n',
      },
    ),
  );
  await area.megatest(runWords);
  expect(await rows(area)).toEqual([
    {testname: 'broken', state: 'COMPLETED', status: 'FAIL', comment: 'Failed at step first'},
    {testname: 'other', state: 'COMPLETED', status: 'PASS', comment: ''},
    {testname: 'own', state: 'COMPLETED', status: 'FAIL', comment: 'Failed at step first'},
  ]);
  const said = (name: string) => readFileSync(join(area.path, 'links/x/r', name, 'mt_launch.log'), 'utf8');
  expect(said('own')).toContain('this list is never closed\n     at first.logpro:2:1\n');
  expect(said('broken')).toMatch(/first\.logpro:3: the pattern .*\n {5}at first\.logpro:3:\d+\n.*\n +\^/);
  expect(existsSync(join(area.path, 'links/x/r/broken/second.log'))).toBe(false);
});

it('a step with a log of 300 MB, judged by rules, leaves the memory of the manager as it was', async () => {
  // Bounded here so that the test is quick; nothing holds more of a log than a block and a line, so 2 GB take no more.
  const size = 300 * 1024 * 1024;
  await using area = TestArea.make(
    areaWith({
      big: [
        '[ezsteps]',
        `fill (yes "a line like many others, with nothing in it" | head -c ${size}; echo; echo the end)`,
        `hold ${steerScript}`,
        '[logpro]',
        'fill (expect:required in "LogFileBody" = 1 "end" #/^the end/)',
        '',
      ].join('\n'),
    }),
  );
  using conductor = new Conductor(area.beside('steer'));
  const run = area.start(['megatest', ...runWords], {env: {STEER_DIR: conductor.directory}});
  const body = await conductor.body('big');
  expect(statSync(join(area.path, 'links/x/r/big/fill.log')).size).toBeGreaterThan(size);
  const [manager] = area.processes().filter(({command}) => command.includes('dist/manager.js'));
  const peakKiB = Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${manager?.pid}/status`, 'utf8'))?.[1]);
  expect(peakKiB).toBeLessThan(150 * 1024);
  body.exit(0);
  await run.ended;
  expect(await rows(area)).toEqual([{testname: 'big', state: 'COMPLETED', status: 'PASS', comment: ''}]);
});

it('a kill ends what left its parent, its session and its environment, and nothing else', async () => {
  const stray = (name: string) => `sh -c 'echo $$ > ${name}; exec sleep 1000' &`;
  await using area = TestArea.make(
    areaWith(
      {astray: '[ezsteps]\nbody ./go.sh\n', other: `[ezsteps]\nbody ${steerScript}\n`},
      {
        'tests/astray/go.sh': [
          '#!/bin/sh',
          `cat > session.sh <<'END'\n${stray('session')}\nEND`,
          `cat > bare.sh <<'END'\n${stray('bare')}\nEND`,
          'setsid sh session.sh &',
          'env -i PATH="$PATH" sh bare.sh &',
          `exec ${steerScript}`,
          '',
        ].join('\n'),
      },
    ),
  );
  using conductor = new Conductor(area.beside('steer'));
  const run = area.start(['megatest', ...runWords], {env: {STEER_DIR: conductor.directory}});
  await conductor.body('astray');
  const other = await conductor.body('other');
  const files = ['session', 'bare'].map((name) => join(area.path, 'links/x/r/astray', name));
  await until(() => files.every((file) => existsSync(file) && readFileSync(file, 'utf8').endsWith('\n')));
  await until(async () => (await rows(area))[0]?.state === 'RUNNING');
  const select = ['-target', 'x', '-runname', 'r', '-testpatt', 'astray', '-state', 'RUNNING'];
  await area.megatest(['-set-state-status', 'KILLREQ,n/a', ...select]);
  await until(async () => (await rows(area))[0]?.state === 'KILLED');
  for (const file of files) {
    expect(isAlive(readFileSync(file, 'utf8').trim())).toBe(false);
  }
  other.exit(0);
  await run.ended;
  expect((await rows(area)).map(({state, status}) => `${state}/${status}`)).toEqual([
    'KILLED/KILLED',
    'COMPLETED/PASS',
  ]);
});

/** A process that has ended and that its parent has not yet asked for is dead. */
function isAlive(pid: string): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

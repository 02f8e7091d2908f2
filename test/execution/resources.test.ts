/** `megatest tests --resources`: what the processes of a test used, from their end to the command line. */
import {expect, it, vi} from 'vitest';
import {steerScript, TestArea} from '../rig/area.ts';
import {Conductor} from '../rig/conductor.ts';
import {until} from '../rig/until.ts';
import {areaWith, runWords} from './area-files.ts';

// Whole runs, one after the other: on a busy machine each takes many times as long.
vi.setConfig({testTimeout: 180_000});

type Row = {
  readonly testName: string;
  readonly runDuration: number;
  readonly resources: Readonly<Record<string, number | null>> | null;
};

async function rowsOf(area: TestArea): Promise<ReadonlyMap<string, Row>> {
  const {stdout} = await area.megatest(['tests', 'r', '--resources', '--json']);
  return new Map((JSON.parse(stdout) as Row[]).map((row) => [row.testName, row]));
}

/** CPU time that nobody can overlook: the loop counts clock ticks of its own shell, so that it is the same on every machine. */
const burn = [
  '#!/bin/bash',
  'used() { read -ra s < /proc/$BASHPID/stat; echo $((s[13] + s[14])) > "$1"; read -r ticks < "$1"; }',
  'ticks=0; while [ "$ticks" -lt 40 ]; do for ((i = 0; i < 2000; i++)); do :; done; used ticks.$$; done',
  '',
].join('\n');

it('adds CPU time and disk traffic of all steps, also of their children; an idle test used next to nothing', async () => {
  await using area = TestArea.make(
    areaWith(
      {
        busy: '[ezsteps]\none ./burn\ntwo ./burn; exit 0\n',
        idle: '[ezsteps]\none true\n',
        broken: '[ezsteps]\none ./burn; exit 3\n',
        many: '[items]\nN 1\n[ezsteps]\none true\n',
      },
      {'tests/busy/burn': burn, 'tests/broken/burn': burn},
    ),
  );
  await area.megatest(runWords);
  const rows = await rowsOf(area);
  const cpuOf = (name: string) => {
    const {cpuUserS = null, cpuSystemS = null} = rows.get(name)?.resources ?? {};
    return cpuUserS === null || cpuSystemS === null ? Number.NaN : cpuUserS + cpuSystemS;
  };
  // 40 ticks are 0.4 s each time; what is counted differs by a tick here and there.
  expect(cpuOf('busy')).toBeGreaterThan(0.7);
  expect(cpuOf('broken')).toBeGreaterThan(0.35);
  expect(cpuOf('idle')).toBeLessThan(cpuOf('broken'));
  expect(rows.get('busy')?.resources).toMatchObject({
    readBytes: expect.any(Number),
    writtenBytes: expect.any(Number),
  });
  const text = await area.megatest(['tests', 'r', '--resources', '-p', 'busy,many']);
  expect(text.stdout).toMatch(/^ID +TEST +RESULT +TIME +CPU +USER +SYSTEM +MEMORY +READ +WRITTEN$/m);
  expect(text.stdout).toMatch(/^\d+ +busy +PASS +\d+s +[\d.]+s +[\d.]+s +[\d.]+s /m);
  expect(text.stdout).toMatch(/^\d+ +many +PASS +\d+s +- +- +- +- +- +-$/m);
});

it('of a test that runs again only the last execution counts, and none while it runs', async () => {
  await using area = TestArea.make(areaWith({one: `[ezsteps]\nbody ${steerScript}\n`}));
  using conductor = new Conductor(area.beside('steer'));
  const env = {STEER_DIR: conductor.directory};
  const first = area.start(['megatest', ...runWords], {env});
  const body = await conductor.body('one');
  // The manager has looked at the memory once it has said how long the test runs.
  await until(async () => ((await rowsOf(area)).get('one')?.runDuration ?? 0) > 0);
  expect((await rowsOf(area)).get('one')?.resources).toBeNull();
  body.exit(0);
  await first.ended;
  const {resources} = (await rowsOf(area)).get('one') ?? {};
  expect(resources?.memoryPeakBytes).toBeGreaterThan(1024 * 1024);
  const again = area.start(['megatest', 'rerun', 'all', '-t', 'x', '-n', 'r'], {env});
  const second = await conductor.body('one');
  expect((await rowsOf(area)).get('one')?.resources).toBeNull();
  second.exit(0);
  await again.ended;
  expect((await rowsOf(area)).get('one')?.resources).not.toBeNull();
});

it('a format that has no place for them is a mistake in one sentence', async () => {
  await using area = TestArea.make(areaWith({one: '[ezsteps]\nbody true\n'}));
  const outcome = await area.megatest(['tests', '--resources', '--format', 'legacy']);
  expect(outcome.code).toBe(2);
  expect(outcome.stderr).toContain('--resources goes with the formats text and json, without --fields');
  expect(outcome.stderr.trim().split('\n')).toHaveLength(1);
});

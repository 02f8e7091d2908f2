/**
 * The same tests through each launcher: equal results, and nothing is left. A few tests here; `npm run soak -- launchers` runs 200
 * (`MEGATEST_LAUNCHER_TESTS`).
 */
import {existsSync, readdirSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, expect, it} from 'vitest';
import {type RunOptions, TestArea} from '../rig/area.ts';
import {type GridEngine, startGridEngine} from '../rig/grid-engine.ts';
import {Hosts} from '../rig/hosts.ts';
import {describeWith} from '../rig/needs.ts';
import {type Slurm, startSlurm} from '../rig/slurm.ts';
import {until} from '../rig/until.ts';
import {runWords} from './area-files.ts';

const tests = Number(process.env.MEGATEST_LAUNCHER_TESTS ?? '12');
/** Besides the items. */
const plainTests = 4;
const limitMs = 120_000 + tests * 2000;
const slots = 8;

const items = Array.from({length: tests - plainTests}, (_, index) => index + 1);
const body = '#!/bin/sh\necho "item $MT_ITEMPATH in $(basename "$PWD")"\n[ $((MT_ITEMPATH % 5)) -ne 0 ]\n';
const files = {
  'body.sh': body,
  'tests/many/testconfig': `[items]\nN ${items.join(' ')}\n[ezsteps]\none $MT_RUN_AREA_HOME/body.sh\n`,
  'tests/fails/testconfig': '[ezsteps]\none true\ntwo false\nthree true\n',
  'tests/passes/testconfig': '[ezsteps]\none echo $MT_TEST_NAME $SEEN\n[pre-launch-env-vars]\nSEEN yes\n',
  'tests/warns/testconfig':
    '[ezsteps]\none echo careful: warning\n[logpro]\none (expect:warning in "LogFileBody" = 0 "No warnings" #/warning/)\n',
  'tests/after/testconfig': '[requirements]\nwaiton passes\n[ezsteps]\none true\n',
};

function configWith(launcher: string): string {
  return [
    '[fields]\nPLATFORM TEXT',
    `[setup]\nlinktree #{getenv MT_RUN_AREA_HOME}/links\nmax_concurrent_jobs ${tests}\nminspace 1\ndbdir-space-required 1`,
    '[disks]\ndisk0 #{getenv MT_RUN_AREA_HOME}/runs',
    `[jobtools]\npilot-slots 4\n${launcher === '' ? '' : `launcher ${launcher}\n`}`,
  ].join('\n');
}

type Row = {readonly name: string; readonly result: string; readonly job: string};

const wanted = [
  'after COMPLETED/PASS ',
  'fails COMPLETED/FAIL Failed at step two',
  `many ${items.length < 5 ? 'COMPLETED/PASS' : 'COMPLETED/FAIL'} `,
  ...items.map((item) =>
    item % 5 === 0 ? `many/${item} COMPLETED/FAIL Failed at step one` : `many/${item} COMPLETED/PASS `,
  ),
  'passes COMPLETED/PASS ',
  'warns COMPLETED/WARN Logpro warning found',
].sort();

/** Steps that a test has begun and ended, with their results. */
const wantedSteps = [
  'after one 0',
  'fails one 0',
  'fails two 1',
  ...items.map((item) => `many/${item} one ${item % 5 === 0 ? 1 : 0}`),
  'passes one 0',
  'warns one 2',
].sort();

/** Runs the tests with a launcher and expects the results; `job` is what the record of each test says of its job. */
async function expectResults(
  launcher: string,
  job: RegExp,
  options: RunOptions,
  queue: (area: TestArea) => Promise<string>,
): Promise<void> {
  await using area = TestArea.make({...files, 'megatest.config': configWith(launcher)});
  const run = await area.megatest(runWords, options);
  expect(run.stderr).not.toContain('ERROR');
  await area.megatest(['rpc', 'sync.flush'], options);
  const name = "testname || CASE item_path WHEN '' THEN '' ELSE '/' || item_path END";
  const rows = area.query(
    `SELECT ${name} AS name, state || '/' || status || ' ' || comment AS result, job FROM tests`,
  ) as readonly Row[];
  expect(rows.map((row) => `${row.name} ${row.result}`).sort()).toEqual(wanted);
  const steps = area.query(
    `SELECT ${name} || ' ' || stepname || ' ' || s.status AS text FROM test_steps s JOIN tests t ON t.id = s.test_id WHERE s.state = 'end'`,
  );
  expect(steps.map(({text}) => text).sort()).toEqual(wantedSteps);
  expect(rows.filter((row) => row.name !== 'many' && !job.test(row.job))).toEqual([]);
  await expectNothingLeft(area, options, queue);
}

async function expectNothingLeft(
  area: TestArea,
  options: RunOptions,
  queue: (area: TestArea) => Promise<string>,
): Promise<void> {
  await until(async () => (await queue(area)) === '');
  // Whoever still has something to tell starts a daemon again.
  await until(async () => {
    await area.megatest(['server', 'stop'], options);
    return area.processes().length === 0;
  });
  for (const item of ['many/1', 'passes']) {
    const rundir = join(area.path, 'links/x/r', item);
    expect(readdirSync(rundir).filter((file) => /tmp|sh-|slurm|\.o\d|\.e\d/.test(file))).toEqual([]);
    expect(existsSync(join(rundir, '.mt/launch.json'))).toBe(false);
  }
}

const noQueue = async () => '';

it('tests run here when there is no launcher', {timeout: limitMs}, async () => {
  await expectResults('', /^$/, {}, noQueue);
});

describeWith(['root', 'ip', 'unshare', 'sshd', 'ssh'], 'by ssh', () => {
  it('tests run on another host', {timeout: limitMs}, async () => {
    await using area = TestArea.make({});
    const directory = area.beside('hosts');
    await using hosts = await Hosts.make(['alpha', 'beta'], directory);
    await hosts.startSsh(directory);
    await expectResults('ssh beta', /^ssh beta:\d+$/, {host: hosts.host('alpha')}, noQueue);
  });
});

describeWith(['root', 'sbatch'], 'by Slurm', () => {
  let slurm: Slurm;
  beforeAll(() => {
    slurm = startSlurm(slots);
  });
  afterAll(() => slurm[Symbol.dispose]());

  const queue = async (area: TestArea) => (await area.shell('squeue --noheader', {env: slurm.env})).stdout;

  it.each([
    ['jobs', 'slurm --time=60', /^slurm \d+$/],
    ['items as arrays of jobs', 'slurm-array --time=60', /^slurm-array \d+_\d+$/],
    ['tests of one job', 'slurm-pilot --time=60 --cpus-per-task=4', /^slurm-pilot \d+$/],
  ])('tests run as %s', {timeout: limitMs}, async (_, launcher, job) => {
    await expectResults(launcher, job, {env: slurm.env}, queue);
  });
});

describeWith(['root', 'qsub', 'sge_qmaster', 'sge_execd', 'ip', 'unshare'], 'by Grid Engine', () => {
  let engine: GridEngine;
  beforeAll(async () => {
    engine = await startGridEngine(slots);
  });
  afterAll(async () => {
    await engine[Symbol.asyncDispose]();
  });

  const queue = async (area: TestArea) => (await area.shell("qstat -u '*'", engine)).stdout;

  it.each([
    ['jobs', 'gridengine', /^gridengine \d+$/],
    ['tests of one job', 'gridengine-pilot', /^gridengine-pilot \d+$/],
  ])('tests run as %s', {timeout: limitMs}, async (_, launcher, job) => {
    await expectResults(launcher, job, engine, queue);
  });
});

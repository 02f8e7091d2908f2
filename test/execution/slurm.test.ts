/** Tests as jobs of a real Slurm, and what becomes of them when Slurm takes a job, a node or itself away. */
import {execFileSync} from 'node:child_process';
import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, expect, it} from 'vitest';
import {binaries, TestArea} from '../rig/area.ts';
import {describeWith} from '../rig/needs.ts';
import {type Slurm, startSlurm} from '../rig/slurm.ts';
import {until} from '../rig/until.ts';
import {areaWith, runWords, smallArea} from './area-files.ts';
import {expectOneJob, moments} from './lost-submission.ts';

const limitMs = 150_000;

describeWith(['root', 'sbatch'], 'tests as jobs of Slurm', () => {
  let slurm: Slurm;
  let env: Readonly<Record<string, string>> = {};

  beforeAll(() => {
    slurm = startSlurm(4);
    env = slurm.env;
  });
  afterAll(() => slurm[Symbol.dispose]());

  /** `waits` and its first two items wait for the file `go`, and every body leaves a line for each time it runs. */
  const body = [
    '#!/bin/sh',
    'echo $$ >> started',
    'waits=no',
    'case $MT_TEST_NAME/$MT_ITEMPATH in waits/ | waits/1 | waits/2) waits=yes ;; esac',
    'while [ $waits = yes ] && [ ! -e "$MT_RUN_AREA_HOME/go" ]; do sleep 0.1; done',
    '[ "$MT_TEST_NAME/$MT_ITEMPATH" != jobs/3 ]',
    '',
  ].join('\n');
  const steps = '[ezsteps]\none $MT_RUN_AREA_HOME/body.sh\n';

  function areaOf(tests: Readonly<Record<string, string>>, launcher: string): TestArea {
    return TestArea.make({
      ...areaWith(tests, {'body.sh': body}),
      'megatest.config': `${smallArea}[jobtools]\npilot-slots 2\nlauncher ${launcher}\n`,
    });
  }

  async function rows(area: TestArea): Promise<readonly string[]> {
    await area.megatest(['rpc', 'sync.flush']);
    return area
      .query(
        "SELECT testname || ' ' || item_path || ' ' || state || '/' || status || ' ' || comment AS text FROM tests ORDER BY id",
      )
      .map(({text}) => String(text).trim());
  }

  /** Of the area alone: a slurmctld that was killed may bring back jobs of the tests before. */
  async function jobs(area: TestArea): Promise<readonly string[]> {
    const {stdout} = await area.shell("squeue --noheader --array --format='%i %Z'", {env});
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' '));
    return lines.flatMap(([id = '', directory = '']) => (directory.startsWith(area.path) ? [id] : []));
  }

  const bodies = (area: TestArea) => area.processes().filter(({command}) => command.includes('body.sh'));
  const started = (area: TestArea, test: string) => existsSync(join(area.path, 'links/x/r', test, 'started'));

  it('run there, with their results, and their job in the record and in the log', async () => {
    await using area = areaOf({jobs: `[items]\nN 1 2 3\n${steps}`}, 'slurm --time=5');
    const run = await area.megatest(runWords, {env});
    expect(run.stderr).not.toContain('ERROR');
    expect(await rows(area)).toEqual([
      'jobs  COMPLETED/FAIL',
      'jobs 1 COMPLETED/PASS',
      'jobs 2 COMPLETED/PASS',
      'jobs 3 COMPLETED/FAIL Failed at step one',
    ]);
    const log = readFileSync(join(area.path, 'links/x/r/jobs/1/mt_launch.log'), 'utf8');
    const [, id] = /^LAUNCHCMD: sbatch --parsable [\s\S]*\n(\d+)\n/.exec(log) ?? [];
    expect(area.query("SELECT job FROM tests WHERE item_path = '1'")).toEqual([{job: `slurm ${id}`}]);
    const why = await area.megatest(['why', 'jobs/1', '-t', 'x', '-n', 'r'], {env});
    expect(why.stdout).toContain(`slurm ${id}`);
  });

  it('that scancel ends are ended and marked, and nothing of them is left', {timeout: limitMs}, async () => {
    await using area = areaOf({waits: steps}, 'slurm --time=5');
    const run = area.start(['megatest', ...runWords], {env});
    await until(() => started(area, 'waits'));
    await area.shell(`scancel ${(await jobs(area))[0]}`, {env});
    await run.ended;
    await until(async () =>
      /^waits {2}(INCOMPLETE|KILLED)\/KILLED .*Slurm: cancelled/.test((await rows(area))[0] ?? ''),
    );
    expect(await jobs(area)).toEqual([]);
    expect(bodies(area)).toEqual([]);
  });

  it('that a pilot was lost with are tried again, and what it had not come to runs in the next', {
    timeout: limitMs,
  }, async () => {
    await using area = areaOf({waits: `[items]\nN 1 2 3 4\n${steps}`}, 'slurm-pilot --time=5');
    const run = area.start(['megatest', ...runWords], {env});
    await until(() => started(area, 'waits/1') && started(area, 'waits/2'));
    const [pilot = ''] = await jobs(area);
    // To the pilot itself too, which ends its tests and says so.
    await area.shell(`scancel --full ${pilot}`, {env});
    const jobOf = async (item: string) => {
      const {stdout} = await area.megatest(['tests', '-t', 'x', '-n', 'r', '--json']);
      const found = JSON.parse(stdout) as readonly {readonly itemPath: string; readonly job: string}[];
      return found.find(({itemPath}) => itemPath === item)?.job ?? '';
    };
    const isOther = (job: string) => job.startsWith('slurm-pilot ') && job !== `slurm-pilot ${pilot}`;
    await until(async () => isOther(await jobOf('1')) && isOther(await jobOf('2')));
    writeFileSync(join(area.path, 'go'), '');
    await run.ended;
    expect(await rows(area)).toEqual([
      'waits  COMPLETED/PASS',
      ...['1', '2', '3', '4'].map((item) => `waits ${item} COMPLETED/PASS`),
    ]);
    expect(isOther(await jobOf('3')) && isOther(await jobOf('4'))).toBe(true);
    await until(async () => (await jobs(area)).length === 0);
    expect(bodies(area)).toEqual([]);
  });

  it('that were refused end the run with the words of Slurm', async () => {
    await using area = areaOf({jobs: steps}, 'slurm --partition=nowhere');
    const run = await area.megatest(runWords, {env});
    expect(run.code).toBe(1);
    expect(run.stderr).toContain('Slurm did not take the job');
    expect(run.stderr).toContain('nowhere');
  });

  it('that Slurm starts a second time run once', {timeout: limitMs}, async () => {
    await using area = areaOf({waits: steps}, 'slurm --time=5');
    const run = area.start(['megatest', ...runWords], {env});
    await until(() => started(area, 'waits'));
    const log = readFileSync(join(area.path, 'links/x/r/waits/mt_launch.log'), 'utf8');
    const [command = ''] = /^\S+ -m \S+ -execute \S+$/m.exec(log) ?? [];
    const second = area.start(['sh', '-c', command], {env});
    writeFileSync(join(area.path, 'go'), '');
    await run.ended;
    // It came while the first was there, and ended with it.
    expect((await second.ended).code).toBe(0);
    const third = await area.shell(command, {env});
    expect(third.code).toBe(0);
    expect(await rows(area)).toEqual(['waits  COMPLETED/PASS']);
    expect(readFileSync(join(area.path, 'links/x/r/waits/started'), 'utf8').trim().split('\n')).toHaveLength(
      1,
    );
  });

  it.each(
    ['slurm', 'slurm-array', 'slurm-pilot'].flatMap((key) => moments.map((moment) => [key, moment] as const)),
  )(
    'of %s are found again when the manager is killed %s Slurm has taken them',
    {
      timeout: limitMs,
    },
    async (key, moment) => {
      const path = `${binaries}:${process.env.PATH}`;
      await expectOneJob(
        {
          launcher: `${key} --time=5 --hold`,
          command: 'sbatch',
          path,
          options: {env},
          jobs,
          release: (id) => `scontrol release ${id}`,
        },
        moment,
      );
    },
  );

  it('run once, with their results, when slurmctld is killed and comes back', {
    timeout: limitMs,
  }, async () => {
    await using area = areaOf({waits: steps}, 'slurm --time=5');
    const run = area.start(['megatest', ...runWords], {env});
    await until(() => started(area, 'waits'));
    const pid = slurm.pid('slurmctld');
    process.kill(pid, 'SIGKILL');
    await until(() => !existsSync(`/proc/${pid}`));
    execFileSync('slurmctld', ['-i'], {env: {...process.env, ...env}});
    await until(async () => (await area.shell('squeue', {env})).code === 0);
    writeFileSync(join(area.path, 'go'), '');
    expect((await run.ended).code).toBe(0);
    await until(async () => (await jobs(area)).length === 0);
    expect(await rows(area)).toEqual(['waits  COMPLETED/PASS']);
    expect(readFileSync(join(area.path, 'links/x/r/waits/started'), 'utf8').trim().split('\n')).toHaveLength(
      1,
    );
  });

  // Last: the node is down afterwards.
  it('whose node has failed are ended and marked with that', {timeout: limitMs}, async () => {
    // A slurmctld that was killed doubts its node for some time: this one begins with another.
    slurm[Symbol.dispose]();
    slurm = startSlurm(4);
    env = slurm.env;
    await using area = areaOf({waits: steps}, 'slurm --time=5');
    const run = area.start(['megatest', ...runWords], {env});
    await until(() => started(area, 'waits'));
    await area.shell('scontrol update NodeName=localhost State=DOWN Reason=test', {env});
    await run.ended;
    await until(async () => /^waits {2}KILLED\/KILLED Slurm: node failure/.test((await rows(area))[0] ?? ''));
    expect(bodies(area)).toEqual([]);
  });
});

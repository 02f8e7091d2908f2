/** Tests as jobs of a real Slurm. */
import {execFileSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, expect, it} from 'vitest';
import {TestArea} from '../rig/area.ts';
import {describeWith} from '../rig/needs.ts';
import {until} from '../rig/until.ts';
import {areaWith, runWords, smallArea} from './area-files.ts';

const script = join(import.meta.dirname, '../engines/slurm.sh');

describeWith(['root', 'sbatch'], 'tests as jobs of Slurm', () => {
  let directory = '';
  let env: Readonly<Record<string, string>> = {};

  beforeAll(() => {
    directory = mkdtempSync('/var/tmp/slurm-');
    const output = execFileSync(script, ['start', directory, '2'], {encoding: 'utf8'});
    env = {SLURM_CONF: output.trim()};
  });
  afterAll(() => {
    execFileSync(script, ['stop', directory]);
    rmSync(directory, {recursive: true, force: true});
  });

  const config = `${smallArea}[jobtools]\nlauncher slurm --time=5\n`;
  const body =
    '#!/bin/sh\necho $$ > started\n[ "$MT_TEST_NAME" != waits ] || sleep 300\n[ "$MT_ITEMPATH" != 3 ]\n';
  const steps = '[ezsteps]\none $MT_RUN_AREA_HOME/body.sh\n';

  async function statuses(area: TestArea): Promise<unknown> {
    await area.megatest(['rpc', 'sync.flush']);
    return area
      .query(
        "SELECT testname || ' ' || item_path || ' ' || state || '/' || status AS text FROM tests ORDER BY id",
      )
      .map(({text}) => text);
  }

  it('run there, with their results and their job in the log', async () => {
    await using area = TestArea.make({
      ...areaWith({jobs: `[items]\nN 1 2 3\n${steps}`}, {'body.sh': body}),
      'megatest.config': config,
    });
    const run = await area.megatest(runWords, {env});
    expect(run.stderr).not.toContain('ERROR');
    expect(await statuses(area)).toEqual([
      'jobs  COMPLETED/FAIL',
      'jobs 1 COMPLETED/PASS',
      'jobs 2 COMPLETED/PASS',
      'jobs 3 COMPLETED/FAIL',
    ]);
    const log = readFileSync(join(area.path, 'links/x/r/jobs/1/mt_launch.log'), 'utf8');
    expect(log).toMatch(/^LAUNCHCMD: sbatch --parsable [\s\S]*\n\d+\n/);
  });

  it('that scancel ends are ended and marked, and nothing of them is left', {timeout: 150_000}, async () => {
    await using area = TestArea.make({
      ...areaWith({waits: steps}, {'body.sh': body}),
      'megatest.config': config,
    });
    const run = area.start(['megatest', ...runWords], {env});
    const jobs = async () =>
      (await area.shell('squeue --noheader --format=%i', {env})).stdout.trim().split('\n').filter(Boolean);
    await until(async () => (await jobs()).length === 1);
    await until(async () => (await area.shell('cat links/x/r/waits/started', {env})).code === 0);
    await area.shell(`scancel ${(await jobs())[0]}`, {env});
    await run.ended;
    const [text] = (await statuses(area)) as string[];
    expect(text).toMatch(/^waits {2}(INCOMPLETE|KILLED)\/KILLED$/);
    expect(await jobs()).toEqual([]);
    expect(area.processes().filter(({command}) => command.includes('sleep'))).toEqual([]);
  });

  it('that were refused end the run with the words of Slurm', async () => {
    await using area = TestArea.make({
      ...areaWith({jobs: steps}, {'body.sh': body}),
      'megatest.config': `${smallArea}[jobtools]\nlauncher slurm --partition=nowhere\n`,
    });
    const run = await area.megatest(runWords, {env});
    expect(run.code).toBe(1);
    expect(run.stderr).toContain('Slurm did not take the job');
    expect(run.stderr).toContain('nowhere');
  });
});

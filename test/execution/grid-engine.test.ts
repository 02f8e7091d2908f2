/** Tests as jobs of a real Grid Engine. */
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, expect, it} from 'vitest';
import {binaries, TestArea} from '../rig/area.ts';
import {type GridEngine, startGridEngine} from '../rig/grid-engine.ts';
import {describeWith} from '../rig/needs.ts';
import {until} from '../rig/until.ts';
import {areaWith, runWords, smallArea} from './area-files.ts';
import {expectOneJob, moments} from './lost-submission.ts';

describeWith(
  ['root', 'qsub', 'sge_qmaster', 'sge_execd', 'ip', 'unshare'],
  'tests as jobs of Grid Engine',
  () => {
    let engine: GridEngine;

    beforeAll(async () => {
      engine = await startGridEngine(2);
    });
    afterAll(async () => {
      await engine[Symbol.asyncDispose]();
    });

    const config = `${smallArea}[jobtools]\nlauncher gridengine -q all.q\n`;
    const body =
      '#!/bin/sh\necho $$ > started\n[ "$MT_TEST_NAME" != waits ] || sleep 300\n[ "$MT_ITEMPATH" != 3 ]\n';
    const steps = '[ezsteps]\none $MT_RUN_AREA_HOME/body.sh\n';

    async function rows(area: TestArea): Promise<readonly string[]> {
      await area.megatest(['rpc', 'sync.flush'], engine);
      return area
        .query(
          "SELECT testname || ' ' || item_path || ' ' || state || '/' || status || ' ' || comment AS text FROM tests ORDER BY id",
        )
        .map(({text}) => String(text).trim());
    }

    async function jobs(area: TestArea): Promise<readonly string[]> {
      const {stdout} = await area.shell("qstat -u '*'", engine);
      return [...stdout.matchAll(/^ *(\d+) /gm)].map(([, id = '']) => id);
    }

    it('run there, with their results and their job in the log', async () => {
      await using area = TestArea.make({
        ...areaWith({jobs: `[items]\nN 1 2 3\n${steps}`}, {'body.sh': body}),
        'megatest.config': config,
      });
      const run = await area.megatest(runWords, engine);
      expect(run.stderr).not.toContain('ERROR');
      expect(await rows(area)).toEqual([
        'jobs  COMPLETED/FAIL',
        'jobs 1 COMPLETED/PASS',
        'jobs 2 COMPLETED/PASS',
        'jobs 3 COMPLETED/FAIL Failed at step one',
      ]);
      const log = readFileSync(join(area.path, 'links/x/r/jobs/1/mt_launch.log'), 'utf8');
      expect(log).toMatch(/^LAUNCHCMD: qsub -terse [\s\S]*\n\d+\n/);
    });

    it('that qdel ends are ended and marked with its reason, and nothing of them is left', {
      timeout: 150_000,
    }, async () => {
      await using area = TestArea.make({
        ...areaWith({waits: steps}, {'body.sh': body}),
        'megatest.config': config,
      });
      const run = area.start(['megatest', ...runWords], engine);
      await until(async () => (await area.shell('cat links/x/r/waits/started')).code === 0);
      // Jobs of the test before may be listed for some seconds after they have told how they ended.
      await until(async () => (await jobs(area)).length === 1);
      const [job = ''] = await jobs(area);
      await area.shell(`qdel ${job}`, engine);
      await run.ended;
      await until(async () =>
        /^waits {2}KILLED\/KILLED Grid Engine: .*exit status 137/.test((await rows(area))[0] ?? ''),
      );
      expect(await jobs(area)).toEqual([]);
      expect(area.processes().filter(({command}) => command.includes('sleep'))).toEqual([]);
    });

    it('that are killed while they wait leave the queue', {timeout: 150_000}, async () => {
      await using area = TestArea.make({
        ...areaWith({waits: steps}, {'body.sh': body}),
        'megatest.config': `${smallArea}[jobtools]\nlauncher gridengine -h\n`,
      });
      const run = area.start(['megatest', ...runWords], engine);
      await until(async () => (await jobs(area)).length === 1);
      await area.megatest(['kill', '-t', 'x', '-n', 'r', '-y'], engine);
      await run.ended;
      await until(async () => /^waits {2}KILLED\/KILLED/.test((await rows(area))[0] ?? ''));
      expect(await jobs(area)).toEqual([]);
    });

    it.each(moments)(
      'are found again when the manager is killed %s Grid Engine has taken them',
      {
        timeout: 150_000,
      },
      async (moment) => {
        await expectOneJob(
          {
            launcher: 'gridengine -h',
            command: 'qsub',
            path: `${binaries}:${process.env.PATH}`,
            options: engine,
            jobs,
            release: (id) => `qrls ${id}`,
          },
          moment,
        );
      },
    );

    it('that were refused end the run with the words of Grid Engine', async () => {
      await using area = TestArea.make({
        ...areaWith({jobs: steps}, {'body.sh': body}),
        'megatest.config': `${smallArea}[jobtools]\nlauncher gridengine -q nowhere\n`,
      });
      const run = await area.megatest(runWords, engine);
      expect(run.code).toBe(1);
      expect(run.stderr).toContain('Grid Engine did not take the job');
      expect(run.stderr).toContain('nowhere');
    });
  },
);

/**
 * Tests as jobs of LSF and PBS, which cannot be had here: their commands are stood in for by scripts (test/engines/lsf and pbs) that
 * take the options and print the text that the manuals of those systems document.
 */
import {existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {binaries, TestArea} from '../rig/area.ts';
import {until} from '../rig/until.ts';
import {areaWith, runWords, smallArea} from './area-files.ts';
import {expectOneJob, moments} from './lost-submission.ts';

const limitMs = 150_000;
const body =
  '#!/bin/sh\necho $$ > started\n[ "$MT_TEST_NAME" != waits ] || sleep 300\n[ "$MT_ITEMPATH" != 3 ]\n';
const steps = '[ezsteps]\none $MT_RUN_AREA_HOME/body.sh\n';

describe.each([
  [
    'LSF',
    'lsf',
    /^lsf \d+$/,
    'Queue has been closed',
    /LSF: EXIT, exit code 130, TERM_OWNER: job killed by owner/,
  ],
  [
    'PBS',
    'pbs',
    /^pbs \d+\.server$/,
    'Queue is not enabled',
    /PBS: the job has ended: exit status 271, .* and terminated/,
  ],
])('tests as jobs of a double of %s', (name, key, job, refusal, reason) => {
  function setUp(tests: Readonly<Record<string, string>>, options: string) {
    const area = TestArea.make({
      ...areaWith(tests, {'body.sh': body}),
      'megatest.config': `${smallArea}[jobtools]\npilot-slots 2\nlauncher ${key}${options}\n`,
    });
    const folder = area.beside('jobs');
    mkdirSync(folder);
    const path = [join(import.meta.dirname, '../engines', key), binaries, process.env.PATH].join(':');
    return {area, env: {DOUBLE_DIR: folder, PATH: path}};
  }

  async function rows(area: TestArea): Promise<readonly string[]> {
    await area.megatest(['rpc', 'sync.flush']);
    return area
      .query(
        "SELECT testname || ' ' || item_path || ' ' || state || '/' || status || ' ' || comment AS text FROM tests ORDER BY id",
      )
      .map(({text}) => String(text).trim());
  }

  it.each([
    ['each a job', ' -q short', job],
    ['all in a pilot', '-pilot -q short', new RegExp(`^${key}-pilot \\S+$`)],
  ])('run, %s, with their results', async (_, options, label) => {
    const {area: made, env} = setUp({jobs: `[items]\nN 1 2 3\n${steps}`}, options);
    await using area = made;
    const run = await area.megatest(runWords, {env});
    expect(run.stderr).not.toContain('ERROR');
    expect(await rows(area)).toEqual([
      'jobs  COMPLETED/FAIL',
      'jobs 1 COMPLETED/PASS',
      'jobs 2 COMPLETED/PASS',
      'jobs 3 COMPLETED/FAIL Failed at step one',
    ]);
    const jobs = area.query("SELECT job FROM tests WHERE item_path <> ''");
    expect(jobs.filter((row) => !label.test(String(row.job)))).toEqual([]);
  });

  it('that somebody else kills are marked with the reason', {timeout: limitMs}, async () => {
    const {area: made, env} = setUp({waits: steps}, '');
    await using area = made;
    const run = area.start(['megatest', ...runWords], {env});
    await until(() => existsSync(join(area.path, 'links/x/r/waits/started')));
    await area.shell(`cd "$DOUBLE_DIR" && for id in *; do ${key === 'lsf' ? 'bkill' : 'qdel'} $id; done`, {
      env,
    });
    await run.ended;
    await until(async () => (await rows(area))[0]?.startsWith('waits  KILLED/KILLED ') ?? false);
    expect((await rows(area))[0]).toMatch(reason);
    expect(area.processes().filter(({command}) => command.includes('sleep'))).toEqual([]);
  });

  it('that are killed while they wait leave the queue', {timeout: limitMs}, async () => {
    const {area: made, env} = setUp({waits: steps}, ' -q hold');
    await using area = made;
    const run = area.start(['megatest', ...runWords], {env});
    await until(() => existsSync(join(env.DOUBLE_DIR, key === 'lsf' ? '1' : '1.server', 'script')));
    await area.megatest(['kill', '-t', 'x', '-n', 'r', '-y'], {env});
    await run.ended;
    await until(async () => (await rows(area))[0]?.startsWith('waits  KILLED/KILLED') ?? false);
    expect(existsSync(join(env.DOUBLE_DIR, key === 'lsf' ? '1' : '1.server', 'killed'))).toBe(true);
  });

  it.each(moments)(
    'are found again when the manager is killed %s it has taken them',
    {
      timeout: limitMs,
    },
    async (moment) => {
      const folder = mkdtempSync('/var/tmp/double-');
      try {
        const path = [join(import.meta.dirname, '../engines', key), binaries, process.env.PATH].join(':');
        await expectOneJob(
          {
            launcher: `${key} -q hold`,
            command: key === 'lsf' ? 'bsub' : 'qsub',
            path,
            options: {env: {DOUBLE_DIR: folder, PATH: path}},
            jobs: async () => readdirSync(folder).filter((id) => !existsSync(join(folder, id, 'exit'))),
            release: (id) =>
              `sh -c 'echo $$ >"$0/pid"; sh "$0/script"; echo $? >"$0/exit"' ${join(folder, id)}`,
          },
          moment,
        );
      } finally {
        rmSync(folder, {recursive: true});
      }
    },
  );

  it('that were refused end the run with its words', async () => {
    const {area: made, env} = setUp({jobs: steps}, ' -q closed');
    await using area = made;
    const run = await area.megatest(runWords, {env});
    expect(run.code).toBe(1);
    expect(run.stderr).toContain(`${name} did not take the job`);
    expect(run.stderr).toContain(refusal);
  });
});

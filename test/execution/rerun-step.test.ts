/** `megatest rerun --from-step`: a test goes on from one of its steps, everything else is kept (spec execution.md 12.8). */
import {existsSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it, vi} from 'vitest';
import {TestArea} from '../rig/area.ts';
import {areaWith, runWords} from './area-files.ts';

// Whole runs, one after the other: on a busy machine each takes many times as long.
vi.setConfig({testTimeout: 180_000});

const say = (name: string) => `echo ${name} >> ran; echo "$MT_STEPNAME $SEEN"`;

/** `b` fails until a file `mended` is in the run directory. */
async function ranArea(): Promise<TestArea> {
  const area = TestArea.make(
    areaWith(
      {
        staged: [
          '[items]\nN 1 2\n[setup]\nrunscript ./script.sh\n[ezsteps]',
          `a (${say('a')})`,
          `b (${say('b')}; [ $N = 2 ] || [ -e mended ])`,
          `c (${say('c')})`,
          '[requirements]\nwaiton before\n',
        ].join('\n'),
        before: '[ezsteps]\nonly true\n',
        scripted: '[setup]\nrunscript true\n',
      },
      {
        'runconfigs.config': '[default]\nSEEN first\n',
        'tests/staged/script.sh': '#!/bin/sh\necho script >> ran\n',
      },
    ),
  );
  await area.megatest(runWords);
  return area;
}

const place = (area: TestArea, item: number, file: string) =>
  join(area.path, 'links/x/r/staged', `${item}`, file);
const ran = (area: TestArea, item: number) =>
  readFileSync(place(area, item, 'ran'), 'utf8')
    .trim()
    .split('\n')
    .join(' ');
const rerun = async (area: TestArea, ...words: readonly string[]) =>
  await area.megatest(['rerun', '-t', 'x', '-n', 'r', ...words]);

async function records(area: TestArea, item: number) {
  await area.megatest(['rpc', 'sync.flush']);
  const of = `FROM tests t WHERE testname = 'staged' AND item_path = '${item}'`;
  const [row] = area.query(`SELECT state, status, comment ${of}`);
  const steps = area.query(
    `SELECT stepname, status FROM test_steps WHERE state = 'end' AND test_id = (SELECT id ${of}) ORDER BY stepname`,
  );
  return {
    result: `${row?.state}/${row?.status} ${row?.comment}`.trim(),
    steps: steps.map(({stepname, status}) => `${stepname} ${status}`).join(', '),
  };
}

describe('rerun from a step', () => {
  it('repeats that step and what follows, in the environment that the test had, and nothing else', async () => {
    await using area = await ranArea();
    expect(ran(area, 1)).toBe('script a b');
    expect(await records(area, 1)).toEqual({result: 'COMPLETED/FAIL Failed at step b', steps: 'a 0, b 1'});
    const written = statSync(place(area, 1, 'megatest.sh')).mtimeMs;
    writeFileSync(place(area, 1, 'mended'), '');
    writeFileSync(join(area.path, 'runconfigs.config'), '[default]\nSEEN later\n');
    const outcome = await rerun(area, '-p', 'staged/1', '--from-step', 'b');
    expect(outcome.stdout).toContain('4 of 4 good');
    expect(outcome.code).toBe(0);
    expect(ran(area, 1)).toBe('script a b b c');
    expect(readFileSync(place(area, 1, 'b.log'), 'utf8')).toBe('b first\n');
    expect(statSync(place(area, 1, 'megatest.sh')).mtimeMs).toBe(written);
    expect((await records(area, 1)).steps).toBe('a 0, b 0, c 0');
    expect((await records(area, 1)).result).toMatch(/^COMPLETED\/PASS/);
    expect(ran(area, 2)).toBe('script a b c');
    expect(area.query("SELECT status FROM tests WHERE testname = 'staged' AND item_path = ''")).toEqual([
      {status: 'PASS'},
    ]);
  });

  it('with --only leaves the other steps as they are, and judges all of them', async () => {
    await using area = await ranArea();
    await rerun(area, '-p', 'staged', '--from-step', 'a', '--only');
    expect([ran(area, 1), ran(area, 2)]).toEqual(['script a b a', 'script a b c a']);
    expect(await records(area, 1)).toEqual({result: 'COMPLETED/FAIL Failed at step b', steps: 'a 0, b 1'});
    expect((await records(area, 2)).result).toBe('COMPLETED/PASS');
    // A failed step before it: the test can only fail, and all wanted steps run.
    await rerun(area, '-p', 'staged/1', '--from-step', 'c');
    expect(ran(area, 1)).toBe('script a b a c');
    expect(await records(area, 1)).toEqual({
      result: 'COMPLETED/FAIL Failed at step c',
      steps: 'a 0, b 1, c 0',
    });
  });

  it('is refused with the reason where there is nothing to go on from', async () => {
    await using area = await ranArea();
    const some = await rerun(area, '-p', 'staged/2,scripted', '--from-step', 'c');
    // It ran; the run as a whole has a failed test.
    expect(some.code).toBe(4);
    expect(some.stderr).toBe('ERROR: scripted cannot be repeated from step c: it has no [ezsteps]\n');
    const unknown = await rerun(area, '-p', 'staged/2', '--from-step', 'd');
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toContain('staged/2 cannot be repeated from step d: its steps are a, b, c');
    expect(unknown.stderr).toContain('no test of run x r can be repeated from step d');
    await area.shell('rm -rf runs/x/r/staged/2');
    const gone = await rerun(area, '-p', 'staged/2', '--from-step', 'c');
    expect(gone.stderr).toMatch(
      /staged\/2 cannot be repeated from step c: its run directory .* is not there/,
    );
    await area.megatest(['lock', '-t', 'x', '-n', 'r']);
    const locked = await rerun(area, '-p', 'staged/1', '--from-step', 'c');
    expect(locked.code).not.toBe(0);
    expect(locked.stderr).toContain('is locked');
    expect(existsSync(place(area, 1, 'c.log'))).toBe(false);
  });
});

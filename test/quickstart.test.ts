/** examples/quickstart, in both styles of the command line: the lines, states, files and exit codes that the manual promises. */
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {TestArea} from './rig/area.ts';

const results = [
  ['compile', '', 'PASS'],
  ['compile', 'debug', 'PASS'],
  ['compile', 'release', 'PASS'],
  ['lint', '', 'FAIL'],
  ['report', '', 'PASS'],
  ['sources', '', 'PASS'],
  ['speed', '', 'PASS'],
  ['unit', '', 'PASS'],
  ['unit', 'debug/size', 'PASS'],
  ['unit', 'debug/sum', 'PASS'],
  ['unit', 'release/size', 'PASS'],
  ['unit', 'release/sum', 'PASS'],
];
const statesSql = 'SELECT state FROM tests';

describe('the quickstart area', () => {
  it('runs in the old style with the documented lines, states and exit code', async () => {
    await using area = TestArea.copyOf('quickstart');
    const run = await area.megatest('-run -target linux/v1 -runname ww1 -testpatt % -run-wait'.split(' '));
    expect(run.code).toBe(0);
    expect(run.stderr).toContain('megatest -run -target linux/v1 -runname ww1 -testpatt % -run-wait\n');
    expect(run.stderr).toContain('INFO: (1) All tests launched\n');
    expect(run.stdout).toMatch(/^State {7}Status {6}Start Time {10}Duration {4}Test path/m);
    expect(run.stdout).toMatch(/^COMPLETED {3}PASS .* lt\/linux\/v1\/ww1\/unit\/debug\/sum *$/m);
    expect(run.stdout).toMatch(/^COMPLETED {3}FAIL .* lt\/linux\/v1\/ww1\/lint *$/m);
    // Old suites scan the log of a run for this word; only the name of a failing test's rule may hold it.
    expect(run.stderr).not.toMatch(/error/i);

    const listed = await area.megatest(['-list-runs', 'ww1', '-target', 'linux/v1']);
    expect(listed.stderr).toBe('');
    expect(listed.stdout).toMatch(
      /^Run: linux\/v1\/ww1 PLATFORM: linux RELEASE: v1 id: 1 runname: ww1 state: new .*fail_count: 1 pass_count: 9 \n/,
    );
    expect(listed.stdout).toMatch(
      /^ {2}Test: unit\(release\/sum\) {9}State: COMPLETED {7}Status: PASS {12}Runtime: +\d+s Time: \d+/m,
    );
    expect(listed.stdout).toMatch(/^ {4}Step: style {16}State: end {8}Status: 1 {10}Time \d+ +$/m);

    const document = JSON.parse((await area.megatest(['-list-runs', '%', '-dumpmode', 'json'])).stdout) as {
      'linux/v1': {ww1: {data: Record<string, {testname: string; item_path: string; status: string}>}};
    };
    const rows = Object.values(document['linux/v1'].ww1.data).map((row) => [
      row.testname,
      row.item_path,
      row.status,
    ]);
    expect(rows.sort()).toEqual(results);

    // A second run leaves what is done alone.
    const again = await area.megatest('-run -target linux/v1 -runname ww1 -testpatt % -run-wait'.split(' '));
    expect(again.code).toBe(0);
    const steps = await area.megatest(['steps', 'lint', '--json']);
    expect((JSON.parse(steps.stdout) as {state: string}[]).map(({state}) => state)).toEqual(['start', 'end']);

    const set = await area.megatest(
      '-set-state-status COMPLETED,WAIVED -target linux/v1 -runname ww1 -testpatt lint'.split(' '),
    );
    expect(set.code).toBe(0);
    const removed = await area.megatest('-remove-runs -target % -runname %'.split(' '));
    expect(removed.code).toBe(3);
    expect(removed.stderr).toContain('you must specify the target');
    const gone = await area.megatest('-remove-runs -target linux/v1 -runname % -testpatt %'.split(' '));
    expect(gone.code).toBe(0);
    // The folder of the run stays, with nothing in it; on the disk nothing of the run is left.
    expect(readdirSync(join(area.path, 'links/linux/v1/ww1'))).toEqual([]);
    expect(existsSync(join(area.path, 'runs/linux'))).toBe(false);
    expect((await area.megatest(['-list-runs', '%'])).stdout).toBe('');

    const servers = await area.megatest(['-list-servers']);
    expect(servers.stdout).toMatch(/^\d+ +\S+:\d+ +.*alive *$/m);
    expect((await area.megatest(['-kill-servers'])).code).toBe(0);
    expect(existsSync(join(area.path, '.server'))).toBe(false);
    expect(area.query(statesSql).every(({state}) => state === 'DELETED')).toBe(true);
  });

  it('runs in the new style, says why a test failed and how to repeat it, and repeats just that', async () => {
    await using area = TestArea.copyOf('quickstart');
    const run = await area.megatest(['run', '-t', 'linux/v1', '-n', 'first']);
    expect(run.stderr).toBe('');
    expect(run.code).toBe(4);
    expect(run.stdout).toContain('step style ended with 1: No repeated words');
    expect(run.stdout).toContain('line 1: error: line 5: the word "zeta" stands twice');
    expect(run.stdout).toContain(`${area.path}/links/linux/v1/first/lint/style.log:1`);
    expect(run.stdout).toContain('megatest rerun failed -t linux/v1 -n first -p lint');
    expect(run.stdout).toMatch(/^1 of 10 failed in /m);

    const data = JSON.parse((await area.megatest(['data', 'speed', '--json'])).stdout) as {
      variable: string;
      status: string;
    }[];
    expect(data.map(({variable, status}) => `${variable} ${status}`)).toEqual([
      'entries pass',
      'top_count pass',
    ]);
    const launches = () =>
      area.query("SELECT testname, launch_id FROM tests WHERE testname IN ('lint', 'sources')");
    await area.megatest(['rpc', 'sync.flush']);
    const before = launches();
    const rerun = await area.megatest('rerun failed -t linux/v1 -n first -p lint'.split(' '));
    expect(rerun.code).toBe(4);
    expect(rerun.stdout).toMatch(/FAIL .* lint /);
    await area.megatest(['rpc', 'sync.flush']);
    const after = launches();
    expect(after.map((row, index) => row.launch_id === before[index]?.launch_id)).toEqual([false, true]);

    const log = await area.megatest(['logs', 'lint']);
    expect(log.stdout).toBe(readFileSync(join(area.path, 'links/linux/v1/first/lint/style.log'), 'utf8'));
    const status = JSON.parse((await area.megatest(['status', '--json'])).stdout) as {
      runs: readonly {tests: unknown}[];
    };
    expect(status.runs[0]?.tests).toEqual({total: 10, good: 9, failed: 1, running: 0, waiting: 0});
    const doctor = await area.megatest(['doctor']);
    expect(doctor.stdout).not.toContain('PROBLEM');
    expect(doctor.code).toBe(0);
    expect((await area.megatest(['server', 'stop'])).code).toBe(0);
    const shown = JSON.parse((await area.megatest(['tests', 'first', '--json'])).stdout) as {id: number}[];
    expect(shown).toHaveLength(12);
  });
});

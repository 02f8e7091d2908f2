/** `megatest shell`: the context of a test, from outside of it (spec execution.md 24). */
import {describe, expect, it, vi} from 'vitest';
import {TestArea} from '../rig/area.ts';
import {areaWith, runWords} from './area-files.ts';

// Whole runs, one after the other: on a busy machine each takes many times as long.
vi.setConfig({testTimeout: 180_000});

async function ranArea(): Promise<TestArea> {
  const area = TestArea.make(
    areaWith(
      {
        staged: '[items]\nN 1 2\n[pre-launch-env-vars]\nSTAGE pre launch\n[ezsteps]\nlook true\n',
        plain: '[setup]\nrunscript true\n',
      },
      {
        'runconfigs.config': '[default]\nODD a "quoted" $(echo word)\nHOME /nowhere\n',
        'tests/staged/tool': '#!/bin/sh\necho tool\n',
      },
    ),
  );
  await area.megatest(runWords);
  return area;
}

describe('megatest shell', () => {
  it('runs a command in the run directory and the environment of a test, and ends with its exit code', async () => {
    await using area = await ranArea();
    const script = 'pwd; echo "$MT_ITEMPATH,$N,$STAGE,$ODD,$HOME"; tool; exit 7';
    const outcome = await area.megatest(['shell', 'staged/2', '--', 'sh', '-c', script], {
      env: {MT_ITEMPATH: 'mine', MT_OTHER: 'mine', HOME: '/my/home'},
    });
    expect(outcome).toEqual({
      code: 7,
      stdout: `${area.path}/links/x/r/staged/2\n2,2,pre launch,a quoted word,/my/home\ntool\n`,
      stderr: '',
    });
    const other = await area.megatest(
      ['shell', 'plain', '--', 'sh', '-c', 'echo "$MT_OTHER,$STAGE,$MT_TEST_NAME"'],
      {
        env: {MT_OTHER: 'mine'},
      },
    );
    expect(other.stdout).toBe(',,plain\n');
  });

  it('is the own shell without a command, and makes helper calls work', async () => {
    await using area = await ranArea();
    const outcome = await area.megatest(['shell', 'plain'], {
      env: {SHELL: '/bin/sh'},
      input: '$MT_MEGATEST -test-status :state COMPLETED :status WARN -m "seen by hand"\necho done\n',
    });
    expect(outcome).toEqual({code: 0, stdout: 'done\n', stderr: ''});
    await area.megatest(['rpc', 'sync.flush']);
    expect(area.query("SELECT status, comment FROM tests WHERE testname = 'plain'")).toEqual([
      {status: 'WARN', comment: 'seen by hand'},
    ]);
  });

  it('computes the environment of a test that has none yet: the same but for what its launch knew', async () => {
    await using area = await ranArea();
    const words = ['sh', '-c', 'env -0 | grep -zv ^_= | sort -z | tr "\\0" "\\n"; tool'];
    for (const test of ['staged/2', 'plain']) {
      const before = await area.megatest(['shell', test, '--', ...words]);
      await area.shell(`rm links/x/r/${test}/megatest.sh`);
      const after = await area.megatest(['shell', test, '--', ...words]);
      const withoutLaunch = before.stdout.replace(/^MT_CMDINFO=.*\n/m, '');
      expect(withoutLaunch).not.toBe(before.stdout);
      expect(after, test).toEqual({...before, stdout: withoutLaunch});
    }
  });

  it('cannot know the environment of a test or an item that the area no longer has', async () => {
    await using area = await ranArea();
    await area.shell('rm links/x/r/plain/megatest.sh links/x/r/staged/2/megatest.sh; rm -r tests/plain');
    await area.shell('sed -i "s/^N 1 2/N 1/" tests/staged/testconfig');
    const test = await area.megatest(['shell', 'plain', '--', 'true']);
    expect(test.stderr).toContain('the area has no test plain any more');
    expect(test.code).toBe(1);
    const item = await area.megatest(['shell', 'staged/2', '--', 'true']);
    expect(item.stderr).toContain('the test staged has no item 2 any more');
    expect(item.code).toBe(1);
  });

  it('says what is missing', async () => {
    await using area = await ranArea();
    await area.shell('rm -rf runs/x/r/plain');
    const gone = await area.megatest(['shell', 'plain', '--', 'true']);
    expect(gone.code).toBe(1);
    expect(gone.stderr).toContain(
      `plain has no environment here: the run directory ${area.path}/links/x/r/plain does not exist`,
    );
    const unknown = await area.megatest(['shell', 'staged/2', '--', 'no-such-command']);
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toContain('no-such-command could not be started');
    const window = await area.megatest(['shell', 'staged/2', '--window']);
    expect(window.stderr).toContain('MT_XTERM_CMD does not say how to open a window');
  });
});

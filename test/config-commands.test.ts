/** The commands that show and check the configuration, as a user calls them: no daemon is needed, and none is started. */
import {existsSync, mkdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {TestArea} from './rig/area.ts';

function makeArea(): TestArea {
  return TestArea.make({
    'megatest.config': [
      '[fields]',
      'PLATFORM TEXT',
      'RELEASE TEXT',
      '[setup]',
      'linktree #{getenv MT_RUN_AREA_HOME}/links',
      'max_concurrent_jobs 4',
      '[include more.config]',
      '[disks]',
      'disk0 #{getenv MT_RUN_AREA_HOME}/runs',
      '',
    ].join('\n'),
    'more.config': '[setup]\nmax_concurrent_jobs 8\n',
    'runconfigs.config':
      '[default]\nA 1\nB base\n[linux/v1]\nB #{getenv PLATFORM}-#{getenv RELEASE}\n[mac/v1]\nC 3\n',
    'tests/good/testconfig': '[ezsteps]\nstep true\n',
  });
}

describe('configuration on the command line', () => {
  it('is shown in every form of the old style, without a daemon', async () => {
    await using area = makeArea();
    const show = async (words: string) => (await area.megatest(words.split(' '))).stdout;
    expect(await show('-show-config -section disks -var disk0')).toBe(`${area.path}/runs\n`);
    expect(await show('-show-config -section setup -dumpmode ini')).toBe(
      `\n[setup]\nlinktree ${area.path}/links\nmax_concurrent_jobs 8\n`,
    );
    expect(JSON.parse(await show('-show-config -dumpmode json'))).toMatchObject({
      fields: [
        ['PLATFORM', 'TEXT'],
        ['RELEASE', 'TEXT'],
      ],
    });
    expect(await show('-show-config -dumpmode sexp')).toContain('("PLATFORM" "TEXT")');
    expect(await show('-show-runconfig -target linux/v1 -section linux/v1 -var B')).toBe('linux-v1\n');
    expect(await show('-show-runconfig -target linux/v1 -section linux/v1 -var A')).toBe('1\n');
    expect(await show('-show-runconfig -target linux/v1')).toBe(
      '\n[default]\nA 1\nB base\n\n[linux/v1]\nB linux-v1\n',
    );
    expect(await show('-list-targets')).toBe('default\nlinux/v1\nmac/v1\n');
    expect(JSON.parse(await show('-list-targets -dumpmode json -target linux%'))).toEqual(['linux/v1']);
    expect(await show('-list-disks')).toBe(`disk0 => ${area.path}/runs\n`);
    expect(await show('-show-keys')).toBe('Keys: PLATFORM, RELEASE\n');
    const unknown = await area.megatest('-show-config -dumpmode yaml'.split(' '));
    expect(unknown.stderr).toContain('-dumpmode of yaml not recognised');
    expect(unknown.code).toBe(1);
    expect(existsSync(join(area.path, '.server'))).toBe(false);
  });

  it('may be read from another file, and added to, for one run: its plan goes by the same files as the command', async () => {
    await using area = makeArea();
    const own = readFileSync(join(area.path, 'megatest.config'), 'utf8');
    writeFileSync(join(area.path, 'other.config'), own.replace('/links', '/other'));
    mkdirSync(join(area.path, 'extra'));
    writeFileSync(join(area.path, 'extra/more.cfg'), '[setup]\nlinktree #{getenv MT_RUN_AREA_HOME}/added\n');
    const ends = async (words: string) => {
      const {code, stdout, stderr} = await area.megatest(words.split(' '));
      expect(code, `${stdout}\n${stderr}`).toBe(0);
    };
    const isThere = (links: string, run: string) =>
      existsSync(join(area.path, links, 'linux/v1', run, 'good'));
    await ends('-runtests % -target linux/v1 -runname r1 -run-wait -append-config extra/more.cfg');
    expect(isThere('added', 'r1')).toBe(true);
    await ends('run --config other.config -t linux/v1 -n r2');
    expect(isThere('other', 'r2')).toBe(true);
    await ends('run -t linux/v1 -n r3 --append-config=extra/more.cfg');
    expect(isThere('added', 'r3')).toBe(true);
    await ends('run -t linux/v1 -n r4');
    expect(isThere('links', 'r4')).toBe(true);
  });

  it('tells where each value comes from and what it replaced', async () => {
    await using area = makeArea();
    const origins = await area.megatest('config show --origins'.split(' '));
    expect(origins.stdout).toContain(
      'more.config:2:21: [setup] max_concurrent_jobs 8\n  included from megatest.config:7\n  replaces "4" of megatest.config:6\n',
    );
    expect((await area.megatest('config get setup max_concurrent_jobs'.split(' '))).stdout).toBe('8\n');
    const missing = await area.megatest('config get setup max_concurent_jobs'.split(' '));
    expect(missing.stderr).toContain('did you mean max_concurrent_jobs?');
  });

  it('is checked like a compiler checks: a clean area ends with 0, mistakes are told with place, caret and hint', async () => {
    await using area = makeArea();
    const clean = await area.megatest(['config', 'check']);
    expect(clean.stdout).toBe('no problems found\n');
    expect(clean.code).toBe(0);

    await using wrong = TestArea.make({
      'megatest.config': [
        '[fields]',
        'PLATFORM TEXT',
        '[setup]',
        'linktree #{getenv MT_RUN_AREA_HOME}/links',
        'max_concurent_jobs 4',
        '[disks]',
        'disk0 #{getenv MT_RUN_AREA_HOME}/runs',
        '',
      ].join('\n'),
      'runconfigs.config': '[linux]\nA 1\n',
      'tests/late/testconfig':
        '[requirements]\nwaiton erly\nruntimelim soon\n[ezsteps]\nstep true\n[logpro]\nstep (expect:eror in "LogFileBody" = 0 "x" #/x/)\n',
      'tests/early/testconfig': '[ezsteps]\nstep true\n',
    });
    const outcome = await wrong.megatest(['config', 'check']);
    expect(outcome.code).toBe(1);
    expect(outcome.stdout).toContain(
      'megatest.config:5:1: warning: [setup] has no key max_concurent_jobs [unknown-key]\n  max_concurent_jobs 4\n  ^\n  hint: did you mean max_concurrent_jobs?\n',
    );
    expect(outcome.stdout).toMatch(/tests\/late\/testconfig:2:8: error: .*erly/);
    expect(outcome.stdout).toMatch(/tests\/late\/testconfig:3:12: error: .*\[bad-time\]/);
    expect(outcome.stdout).toMatch(/tests\/late\/testconfig:7:\d+: error: .*\[bad-rules\]/);
    const sarif = JSON.parse((await wrong.megatest('config check --format sarif'.split(' '))).stdout) as {
      version: string;
      runs: readonly {results: readonly {ruleId: string}[]}[];
    };
    expect(sarif.version).toBe('2.1.0');
    expect(sarif.runs[0]?.results.map(({ruleId}) => ruleId)).toContain('unknown-waiton');
    const rows = JSON.parse((await wrong.megatest('config check --json'.split(' '))).stdout) as unknown[];
    expect(rows).toHaveLength(sarif.runs[0]?.results.length ?? -1);
  });

  it('says when the check had no target to judge by', async () => {
    await using area = TestArea.make({'megatest.config': '[fields]\nPLATFORM TEXT\n'});
    const {stderr} = await area.megatest(['config', 'check']);
    expect(stderr).toContain('looked at 0 tests and 0 targets');
    expect(stderr).toContain('without a target, what depends on one was not judged');
  });

  it('of the examples is clean', async () => {
    for (const example of ['quickstart', 'sqlite-qualification']) {
      await using area = TestArea.copyOf(example);
      // Without better-sqlite3 above the area its source is not found, which is no mistake in the files.
      const outcome = await area.megatest(['config', 'check'], {env: {SQLITE_SOURCE: '/nowhere'}});
      expect(outcome.stdout).toBe('no problems found\n');
    }
  });

  it('captures environments and compares them', async () => {
    await using area = makeArea();
    const db = join(area.path, 'e.db');
    await area.megatest(['-envcap', 'before', db], {env: {GONE: '1', BOTH: 'a'}});
    await area.megatest(['-envcap', 'after', db], {env: {BAR: 'x y', FOO: '1', BOTH: 'b'}});
    const delta = await area.megatest(['-envdelta', 'before-after', db]);
    expect(delta.stdout).toBe(
      "# Added vars\nexport BAR='x y'\nexport FOO=1\n# Removed vars\nunset GONE\n# Changed vars\nexport BOTH=b\n",
    );
    rmSync(db);
    expect((await area.megatest(['-envdelta', 'before', db])).code).toBe(1);
  });
});

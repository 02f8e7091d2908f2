/** The configs that a run keeps in the link tree, as the commands inside its tests see them (spec config.md 15). */
import {existsSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {areaWith, runWords, smallArea} from '../execution/area-files.ts';
import {TestArea} from '../rig/area.ts';

const showConfig = '$MT_MEGATEST -show-config -section x -var y';
const showRunconfig = '$MT_MEGATEST -show-runconfig -section default -var V';
const edit = 'sed -i s/before/after/ $MT_RUN_AREA_HOME/megatest.config $MT_RUN_AREA_HOME/runconfigs.config';
const caches = '$MT_LINKTREE/$MT_TARGET/$MT_RUNNAME/.*.cfg-*';

/** An area whose test `t` runs these lines; what they print is in `seen` of its run directory. */
function areaOf(lines: readonly string[], setup = ''): TestArea {
  return TestArea.make(
    areaWith(
      {t: '[ezsteps]\nlook sh look.sh\n'},
      {
        'megatest.config': `${smallArea}[setup]\n${setup}\n[x]\ny before\n`,
        'runconfigs.config': '[default]\nV before\n',
        'tests/t/look.sh': `exec >seen 2>&1\nset -e\n${lines.join('\n')}\n`,
      },
    ),
  );
}

const runDirectory = (area: TestArea) => join(area.path, 'links/x/r');
const cacheNames = (area: TestArea) => readdirSync(runDirectory(area)).filter((name) => name.startsWith('.'));
const seen = (area: TestArea) => readFileSync(join(runDirectory(area), 't/seen'), 'utf8');

describe('the configs that a run keeps', () => {
  it('are what commands inside its tests see, whatever becomes of the files meanwhile', async () => {
    await using area = areaOf([
      edit,
      showConfig,
      showRunconfig,
      '$MT_MEGATEST config get x y',
      '$MT_MEGATEST runconfig get default V',
      'echo fresh',
      `MT_USE_CACHE=no ${showConfig}`,
      `MT_USE_CACHE=no ${showRunconfig}`,
      `${showConfig} -no-cache`,
      '$MT_MEGATEST config get x y --no-cache',
      'echo kept',
      `MT_USE_CACHE=yes ${showConfig} -no-cache`,
    ]);
    expect((await area.megatest(runWords)).code).toBe(0);
    expect(seen(area).split('\n')).toEqual([
      ...Array(4).fill('before'),
      'fresh',
      ...Array(4).fill('after'),
      'kept',
      'before',
      '',
    ]);
    expect(cacheNames(area)).toEqual([
      expect.stringMatching(/^\.megatest\.cfg-[\d.]+\S*-[0-9a-f]{12}$/),
      expect.stringMatching(/^\.runconfigs\.cfg-[\d.]+\S*-[0-9a-f]{12}$/),
    ]);

    // Outside of a test the files count, and the next run keeps what they say then.
    expect((await area.megatest('config get x y -t x'.split(' '))).stdout).toBe('after\n');
    const old = join(runDirectory(area), '.megatest.cfg-1.6');
    writeFileSync(old, '');
    expect((await area.megatest(runWords.map((word) => (word === '-run' ? '-rerun-all' : word)))).code).toBe(
      0,
    );
    expect(existsSync(old)).toBe(false);
    expect(seen(area)).not.toContain('before');
  });

  it('go with the last test of the run that is removed', async () => {
    await using area = areaOf([showConfig]);
    await area.megatest(runWords);
    expect(cacheNames(area)).toHaveLength(2);
    await area.megatest('-remove-runs -target x -runname r -testpatt %'.split(' '));
    expect(readdirSync(runDirectory(area))).toEqual([]);
  });

  it('are made by a run only: neither by a plan that is only shown nor by one without tests', async () => {
    await using area = areaOf([]);
    await area.megatest('run -t x -n r --dry-run'.split(' '));
    await area.megatest('-run -target x -runname r -testpatt nothing -run-wait'.split(' '));
    expect(existsSync(runDirectory(area))).toBe(false);
  });

  it('are no error when they are damaged or gone: the files are read', async () => {
    await using area = areaOf([
      edit,
      `for cache in ${caches}; do echo '{' >$cache; done`,
      showConfig,
      showRunconfig,
      `rm ${caches}`,
      showConfig,
      showRunconfig,
    ]);
    expect((await area.megatest(runWords)).code).toBe(0);
    expect(seen(area)).toBe('after\n'.repeat(4));
    expect(cacheNames(area)).toEqual([]);
  });

  it('are not read when they say so themselves, unless the environment asks for them', async () => {
    await using area = areaOf(
      [edit, showConfig, showRunconfig, `MT_USE_CACHE=yes ${showConfig}`],
      'use-cache no',
    );
    expect((await area.megatest(runWords)).code).toBe(0);
    expect(seen(area)).toBe('after\nafter\nbefore\n');
  });

  it('do not change when a test pollutes its environment, and neither do later tests', async () => {
    const look = 'printenv PATH POLLUTED >environment';
    await using area = TestArea.make(
      areaWith(
        {
          dirty: '[ezsteps]\npollute sh pollute.sh\n',
          later: '[requirements]\nwaiton dirty\n[ezsteps]\nlook sh look.sh\n',
        },
        {
          'megatest.config': `${smallArea}[x]\npath #{getenv PATH}\n`,
          'runconfigs.config': '[default]\nPOLLUTED no #{getenv DIRT}\n',
          'tests/dirty/pollute.sh': [
            look,
            `cat ${caches} >caches`,
            'export PATH=/polluted:$PATH DIRT=dirt POLLUTED=yes',
            '$MT_MEGATEST -show-config -section x -var path >path',
            '$MT_MEGATEST -show-runconfig >runconfigs',
            '$MT_MEGATEST -run -target x -runname r -testpatt nested',
            '',
          ].join('\n'),
          'tests/later/look.sh': `${look}\ncat ${caches} >caches\n`,
          'tests/nested/testconfig': '[ezsteps]\nstep true\n',
        },
      ),
    );
    expect(
      (await area.megatest('-run -target x -runname r -testpatt dirty,later -run-wait'.split(' '))).code,
    ).toBe(0);
    const left = (name: string) => readFileSync(join(runDirectory(area), name), 'utf8');
    expect(existsSync(join(runDirectory(area), 'nested'))).toBe(true);
    expect(left('dirty/path')).not.toContain('polluted');
    expect(left('dirty/runconfigs')).not.toContain('dirt');
    expect(left('later/environment')).toBe(left('dirty/environment'));
    expect(left('later/environment')).not.toContain('polluted');
    expect(left('dirty/caches')).toContain('"path"');
    expect(left('later/caches')).toBe(left('dirty/caches'));
  });
});

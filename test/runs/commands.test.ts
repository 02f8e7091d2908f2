/** What the run engine does with real tests: the worked examples of runs that need processes, and the commands that change runs. */
import {existsSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {type Outcome, steerScript, TestArea} from '../rig/area.ts';
import {Conductor} from '../rig/conductor.ts';
import {until} from '../rig/until.ts';

const config = [
  '[fields]',
  'KIND TEXT',
  '[setup]',
  'linktree #{getenv MT_RUN_AREA_HOME}/links',
  'minspace 1',
  'dbdir-space-required 1',
  'max_concurrent_jobs 8',
  '[disks]',
  'disk0 #{getenv MT_RUN_AREA_HOME}/runs',
  '',
].join('\n');

const ok = '[ezsteps]\nstep true\n';

function makeArea(
  tests: Readonly<Record<string, string>>,
  more: Readonly<Record<string, string>> = {},
): TestArea {
  return TestArea.make({
    'megatest.config': config,
    'runconfigs.config': '[default]\n',
    ...Object.fromEntries(Object.entries(tests).map(([name, text]) => [`tests/${name}/testconfig`, text])),
    ...more,
  });
}

async function run(area: TestArea, words = '-testpatt %', runName = 'r'): Promise<Outcome> {
  return await area.megatest(`-run -target x -runname ${runName} ${words} -run-wait`.split(' '));
}

/** `test` or `test/item` to `STATE/STATUS`, as the area's database has it. */
async function results(area: TestArea, runName = 'r'): Promise<Readonly<Record<string, string>>> {
  await area.megatest(['rpc', 'sync.flush']);
  const rows = area.query(
    `SELECT testname || CASE item_path WHEN '' THEN '' ELSE '/' || item_path END AS name, tests.state || '/' || tests.status AS result
     FROM tests JOIN runs ON runs.id = run_id WHERE runname = '${runName}' AND tests.state <> 'DELETED' ORDER BY name`,
  );
  return Object.fromEntries(rows.map(({name, result}) => [String(name), String(result)]));
}

describe('runs 21.3: the pattern of a run', () => {
  it('21.3 comes from runconfigs by --modepatt; without a value there is no pattern and exit code 0', async () => {
    await using area = makeArea(
      {smoke: ok, night: ok},
      {'runconfigs.config': '[default]\nTESTPATT night%\nSMOKE s%\n'},
    );
    expect((await run(area, '--modepatt SMOKE -testpatt foo')).code).toBe(0);
    expect(await results(area)).toEqual({smoke: 'COMPLETED/PASS'});
    const none = await run(area, '--modepatt NOPE', 'none');
    expect(none.code).toBe(0);
    expect(none.stderr).toContain('WARNING: there is no test pattern for this run. Exiting now.');
    const own = await run(area, '-testpatt %', 'own');
    expect(own.stderr).toContain('INFO: (0) testpatt defined in TESTPATT from runconfigs: night%');
    expect(await results(area, 'own')).toEqual({night: 'COMPLETED/PASS'});
  });
});

describe('runs 21.7: chains of real tests', () => {
  it('21.7 an empty item list blocks what waits for it as discarded, a failure as failed, then discarded', async () => {
    await using area = makeArea({
      n0: '[items]\nA [system true]\n[ezsteps]\nstep true\n',
      n1: `[requirements]\nwaiton n0\n${ok}`,
      n2: `[requirements]\nwaiton n1\n${ok}`,
      f: '[ezsteps]\nstep false\n',
      g: `[requirements]\nwaiton f\n${ok}`,
      h: `[requirements]\nwaiton g\n${ok}`,
    });
    expect((await run(area)).code).toBe(0);
    expect(await results(area)).toEqual({
      n0: 'NOT_STARTED/ZERO_ITEMS',
      n1: 'NOT_STARTED/PREQ_DISCARDED',
      n2: 'NOT_STARTED/PREQ_DISCARDED',
      f: 'COMPLETED/FAIL',
      g: 'NOT_STARTED/PREQ_FAIL',
      h: 'NOT_STARTED/PREQ_DISCARDED',
    });
  });

  it('21.7 of two itemwait tests only the item that waits for the failed one is blocked, with one line', async () => {
    await using area = makeArea({
      p: '[items]\nN 1 2 3\n[ezsteps]\nstep test $N != 2\n',
      q: `[requirements]\nwaiton p\nmode itemwait\n[items]\nN 1 2 3\n${ok}`,
    });
    const outcome = await run(area);
    expect(outcome.stderr.match(/^WARNING: test q\/2 has FAILED prerequisites/gm)).toHaveLength(1);
    expect(await results(area)).toEqual({
      p: 'COMPLETED/FAIL',
      'p/1': 'COMPLETED/PASS',
      'p/2': 'COMPLETED/FAIL',
      'p/3': 'COMPLETED/PASS',
      q: 'COMPLETED/CHECK',
      'q/1': 'COMPLETED/PASS',
      'q/2': 'NOT_STARTED/PREQ_FAIL',
      'q/3': 'COMPLETED/PASS',
    });
  });

  it('items that a waiton makes are listed by a command once it has ended', async () => {
    await using area = makeArea({
      maker: '[ezsteps]\nstep (echo one two > $MT_RUN_AREA_HOME/list)\n',
      user: `[requirements]\nwaiton maker\n[items]\nN [system cat list]\n${ok}`,
    });
    await run(area);
    expect(await results(area)).toEqual({
      maker: 'COMPLETED/PASS',
      user: 'COMPLETED/PASS',
      'user/one': 'COMPLETED/PASS',
      'user/two': 'COMPLETED/PASS',
    });
  });
});

describe('runs 21.10: resets', () => {
  it('21.10 an incomplete item is set back by allow-auto-rerun, and its parent is CHECK while it has not run', async () => {
    await using area = makeArea(
      {T: `[items]\nN s1 s2 s3 s4\n${ok}`},
      {'megatest.config': config.replace('[setup]', '[setup]\nallow-auto-rerun INCOMPLETE')},
    );
    await run(area);
    await area.megatest(
      '-set-state-status INCOMPLETE,FAIL -state COMPLETED -status PASS -target x -runname r -testpatt T/s2'.split(
        ' ',
      ),
    );
    expect(await results(area)).toMatchObject({T: 'INCOMPLETE/FAIL', 'T/s2': 'INCOMPLETE/FAIL'});
    await run(area, '-testpatt T/s4 -rerun PASS -preclean');
    expect(await results(area)).toEqual({
      T: 'COMPLETED/CHECK',
      'T/s1': 'COMPLETED/PASS',
      'T/s2': 'NOT_STARTED/INCOMPLETE',
      'T/s3': 'COMPLETED/PASS',
      'T/s4': 'COMPLETED/PASS',
    });
  });

  it('rerun clean repeats what is not good, rerun all everything, a plain run nothing', async () => {
    await using area = makeArea({
      good: '[ezsteps]\nstep echo run >> ../good.count\n',
      bad: '[ezsteps]\nstep false\n',
    });
    await run(area);
    await area.megatest(['rpc', 'sync.flush']);
    const launches = () => area.query('SELECT testname, launch_id FROM tests ORDER BY testname');
    const first = launches();
    await run(area);
    await area.megatest(['rpc', 'sync.flush']);
    expect(launches()).toEqual(first);
    await area.megatest('-rerun-clean -target x -runname r'.split(' '));
    await area.megatest(['wait', '-t', 'x', '-n', 'r']);
    await area.megatest(['rpc', 'sync.flush']);
    const second = launches();
    expect(second.map((row, index) => row.launch_id === first[index]?.launch_id)).toEqual([false, true]);
    await area.megatest('-rerun-all -target x -runname r -run-wait'.split(' '));
    await area.megatest(['rpc', 'sync.flush']);
    expect(launches().map((row, index) => row.launch_id === second[index]?.launch_id)).toEqual([
      false,
      false,
    ]);
  });
});

describe('runs 21.11: skipping', () => {
  it('21.11 a file that is there skips a test, and dependants go on', async () => {
    await using area = makeArea({
      once: '[skip]\nfileexists flag\n[ezsteps]\nstep touch $MT_RUN_AREA_HOME/tests/once/flag\n',
      after: `[requirements]\nwaiton once\n${ok}`,
    });
    await run(area);
    expect(await results(area)).toEqual({once: 'COMPLETED/PASS', after: 'COMPLETED/PASS'});
    await run(area, '-testpatt %', 'again');
    expect(await results(area, 'again')).toEqual({once: 'COMPLETED/SKIP', after: 'COMPLETED/PASS'});
    const rows = area.query("SELECT comment FROM tests WHERE status = 'SKIP'");
    expect(rows).toEqual([{comment: 'Skipping due to existance of file flag'}]);
  });

  it('21.11 a running copy in another run skips a test', async () => {
    await using area = makeArea(
      {alone: `[skip]\nprevrunning x\n[ezsteps]\nstep ${steerScript}\n`},
      {'runconfigs.config': '[default]\nSTEER_DIR #{getenv MT_RUN_AREA_HOME}/../steer\n'},
    );
    using conductor = new Conductor(area.beside('steer'));
    const first = area.start('megatest -run -target x -runname first -testpatt % -run-wait'.split(' '));
    const body = await conductor.body('alone');
    const second = await run(area, '-testpatt %', 'second');
    expect(second.stdout).toMatch(/^COMPLETED\s+SKIP.*\/alone/m);
    body.exit(0);
    expect((await first.ended).code).toBe(0);
    expect(conductor.starts.get('alone')).toBe(1);
  });
});

describe('runs 21.12: locking', () => {
  it('21.12 a locked run keeps its tests and their results, but goes on running', async () => {
    await using area = makeArea({a: ok, b: ok});
    await run(area, '-testpatt a');
    expect((await area.megatest('-lock -target x -runname r'.split(' '))).code).toBe(0);
    const removed = await area.megatest('-remove-runs -target x -runname r -testpatt %'.split(' '));
    expect(removed.code).toBe(0);
    const set = await area.megatest(
      '-set-state-status COMPLETED,FAIL -target x -runname r -testpatt %'.split(' '),
    );
    expect(set.code).toBe(0);
    expect(await results(area)).toEqual({a: 'COMPLETED/PASS'});
    expect((await run(area, '-testpatt b')).code).toBe(0);
    expect(await results(area)).toEqual({a: 'COMPLETED/PASS', b: 'COMPLETED/PASS'});
    const kept = await area.megatest('-unlock -target x -runname r'.split(' '), {input: 'n\n'});
    expect(kept.stdout).toContain('y/n');
    await area.megatest('-unlock -target x -runname r'.split(' '), {input: 'y\n'});
    await area.megatest(['rpc', 'sync.flush']);
    expect(area.query('SELECT state FROM runs')).toEqual([{state: 'unlocked'}]);
    expect(area.query('SELECT args FROM access_log')).toEqual([{args: 'locked 1'}, {args: 'unlocked 1'}]);
  });
});

describe('limits', () => {
  it('max_concurrent_jobs and job groups hold over several runs', async () => {
    const steered = `[test_meta]\njobgroup db\n[items]\nN 1 2 3\n[ezsteps]\nstep ${steerScript}\n`;
    await using area = makeArea(
      {grouped: steered, free: `[items]\nN 1 2 3\n[ezsteps]\nstep ${steerScript}\n`},
      {
        'megatest.config': `${config.replace('jobs 8', 'jobs 3')}[jobgroups]\ndb 1\n`,
        'runconfigs.config': '[default]\nSTEER_DIR #{getenv MT_RUN_AREA_HOME}/../steer\n',
      },
    );
    using conductor = new Conductor(area.beside('steer'));
    const runs = ['one', 'two'].map((name) =>
      area.start(`megatest -run -target x -runname ${name} -testpatt % -run-wait`.split(' ')),
    );
    let active = 0;
    let activeInGroup = 0;
    const most = {all: 0, inGroup: 0};
    conductor.always((body) => {
      const isGrouped = body.id.startsWith('grouped');
      active += 1;
      activeInGroup += isGrouped ? 1 : 0;
      most.all = Math.max(most.all, active);
      most.inGroup = Math.max(most.inGroup, activeInGroup);
      setImmediate(() => {
        active -= 1;
        activeInGroup -= isGrouped ? 1 : 0;
        body.exit(0);
      });
    });
    for (const {ended} of runs) {
      expect((await ended).code).toBe(0);
    }
    expect(most.all).toBeLessThanOrEqual(3);
    expect(most.inGroup).toBe(1);
    expect([...conductor.starts.values()].reduce((sum, count) => sum + count, 0)).toBe(12);
  });

  it('--max-fail launches nothing more after so many failures', async () => {
    await using area = makeArea(
      {
        many: '[items]\nN 1 2 3 4 5 6\n[ezsteps]\nstep false\n',
      },
      {'megatest.config': config.replace('jobs 8', 'jobs 1')},
    );
    const outcome = await area.megatest('run -t x -n r --max-fail 2'.split(' '));
    expect(outcome.code).toBe(4);
    const states = Object.values(await results(area));
    expect(states.filter((result) => result === 'COMPLETED/FAIL').length).toBe(2);
    expect(states.filter((result) => result === 'NOT_STARTED/n/a').length).toBe(4);
  });

  it('a killed run stops launching and ends what runs', async () => {
    await using area = makeArea({
      long: '[ezsteps]\nstep sleep 1000\n',
      next: `[requirements]\nwaiton long\n${ok}`,
    });
    const running = area.start('megatest run -t x -n r'.split(' '));
    await until(async () => (await results(area)).long === 'RUNNING/n/a');
    const killed = await area.megatest('kill -t x -n r'.split(' '));
    expect(killed.stdout).toBe('stopped 1 runs, asked 1 tests to end\n');
    const stopped = await running.ended;
    expect(stopped.code).toBe(130);
    expect(stopped.stdout + stopped.stderr).toMatch(/WARNING: stopped by \w+@\S+: nothing new is launched/);
    await until(async () => (await results(area)).long === 'KILLED/KILLED');
    expect(area.processes().filter(({command}) => command.includes('sleep 1000'))).toEqual([]);
  });
});

describe('removing', () => {
  it('takes items before parents, keeps what is not selected, and the run with it', async () => {
    await using area = makeArea({T: `[items]\nN 1 2\n${ok}`, other: ok});
    await run(area);
    // A manager writes it when the items have been quiet for a moment, which may be after the run.
    await until(() => existsSync(join(area.path, 'links/x/r/T/megatest-rollup-T.html')));
    await area.megatest('-remove-runs -target x -runname r -testpatt T/1'.split(' '));
    expect(await results(area)).toEqual({
      T: 'COMPLETED/PASS',
      'T/2': 'COMPLETED/PASS',
      other: 'COMPLETED/PASS',
    });
    expect(readdirSync(join(area.path, 'links/x/r/T'))).toEqual(['2', 'megatest-rollup-T.html']);
    writeFileSync(join(area.path, 'links/x/r/T/kept.txt'), 'by hand');
    const rest = await area.megatest('-remove-runs -target x -runname r -testpatt T'.split(' '));
    expect(rest.stderr).toContain('it is left alone');
    expect(await results(area)).toEqual({other: 'COMPLETED/PASS'});
    expect(existsSync(join(area.path, 'links/x/r/T/kept.txt'))).toBe(true);
    await area.megatest('-remove-runs -target x -runname r -testpatt %'.split(' '));
    await area.megatest(['rpc', 'sync.flush']);
    expect(area.query('SELECT state FROM runs')).toEqual([{state: 'deleted'}]);
  });
});

describe('beyond the original', () => {
  it('a test with retries is launched again after a pause, and its last result counts', async () => {
    await using area = makeArea({
      shaky:
        '[requirements]\nretries 2 1s\n[ezsteps]\nstep test -e ../shaky.seen || { touch ../shaky.seen; false; }\n',
      hopeless: '[requirements]\nretries 1 1s\n[ezsteps]\nstep echo x >> ../hopeless.count; false\n',
      after: `[requirements]\nwaiton shaky\n${ok}`,
    });
    const outcome = await run(area);
    expect(outcome.stderr).toContain('INFO: (1) test shaky has ended with FAIL, retry 1 of 2 follows in 1 s');
    expect(await results(area)).toEqual({
      shaky: 'COMPLETED/PASS',
      hopeless: 'COMPLETED/FAIL',
      after: 'COMPLETED/PASS',
    });
    const why = await area.megatest(['why', 'shaky']);
    expect(why.stdout).toMatch(
      /^shaky is PASS: Flaky: passed at retry 1\n {2}attempt 1 was FAIL after \d+s: Failed at step step; its files are in \S+\/attempts\/1\n$/,
    );
    const {attempts} = JSON.parse((await area.megatest(['why', 'hopeless', '--json'])).stdout);
    expect(attempts).toMatchObject([{attempt: 1, result: 'COMPLETED/FAIL'}]);
    expect(existsSync(join(attempts[0].directory, 'step.log'))).toBe(true);
    await area.megatest('remove -t x -n r --yes'.split(' '));
    await area.megatest(['rpc', 'sync.flush']);
    expect(area.query("SELECT id FROM jobs WHERE action = 'launch-test'")).toEqual([]);
    expect(existsSync(attempts[0].directory)).toBe(false);
  });

  it('rerun failed repeats what failed and adds no test that the run never had', async () => {
    await using area = makeArea({bad: '[ezsteps]\nstep false\n', other: ok});
    await run(area, '-testpatt bad');
    const rerun = await area.megatest('rerun failed -t x -n r'.split(' '));
    expect(rerun.stdout).toMatch(/FAIL .* bad /);
    expect(await results(area)).toEqual({bad: 'COMPLETED/FAIL'});
  });

  it('why says what a blocked test waits for, also after the run', async () => {
    await using area = makeArea({f: '[ezsteps]\nstep false\n', g: `[requirements]\nwaiton f\n${ok}`});
    await run(area);
    const why = await area.megatest(['why', 'g']);
    expect(why.stdout).toBe('g is PREQ_FAIL: it waits for f (FAIL: Failed at step step)\n');
  });

  it('--dry-run shows what would run, and leaves nothing behind', async () => {
    await using area = makeArea({f: ok, g: `[requirements]\nwaiton f\n[items]\nN 1 2\n${ok}`});
    const plan = await area.megatest('run -t x -n r -p g --dry-run'.split(' '));
    expect(plan.stdout).toBe(
      'Test  Runs     Mode    Waits for  Why\nf     1 test   normal  -          waiton of g\ng     2 items  normal  f          matches g\n',
    );
    const dot = await area.megatest('run -t x -p g --dry-run --format dot'.split(' '));
    expect(dot.stdout).toContain('"f" -> "g"');
    expect(existsSync(join(area.path, '.server'))).toBe(false);
    expect(existsSync(join(area.path, 'links'))).toBe(false);
  });

  it('reading that never ends is given up with the file it was reading', async () => {
    await using area = makeArea(
      {stuck: '[requirements]\nwaiton #{shell sleep 1000}\n[ezsteps]\nstep true\n'},
      {'megatest.config': `${config}[jobtools]\nplan-timeout 1\n`},
    );
    const outcome = await run(area);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(/reading .*tests\/stuck\/testconfig took longer than 1 seconds/);
  });
});

describe('before a run', () => {
  it('the pre-hook runs once, in the environment of the run, and test_meta is brought up to date', async () => {
    await using area = makeArea(
      {
        a: `[test_meta]\nowner ann\ntags one,two\n${ok}`,
        b: `[test_meta]\ndescription not part of the run\n${ok}`,
      },
      {
        'megatest.config': `${config}[runs]\npre-hook echo $KIND $MT_RUNNAME $WHAT\n`,
        'runconfigs.config': '[default]\nWHAT hooked\n',
      },
    );
    const first = await run(area, '-testpatt a');
    expect(first.stderr).toContain('INFO: (0) pre-hook ended with exit code 0');
    expect(readFileSync(join(area.path, 'logs/pre-hook-x-r.log'), 'utf8')).toBe('x r hooked\n');
    expect(first.stdout).toContain('Updating a owner to ann\nUpdating a tags to one,two\n');
    expect(first.stdout).toContain('Updating b description to not part of the run\n');
    const second = await run(area, '-testpatt a');
    expect(second.stderr).toContain('Skipping pre-hook call');
    expect(second.stdout).not.toContain('Updating');
    await area.megatest(['rpc', 'sync.flush']);
    expect(area.query('SELECT testname, owner, tags, jobgroup FROM test_meta ORDER BY testname')).toEqual([
      {testname: 'a', owner: 'ann', tags: 'one,two', jobgroup: 'default'},
      {testname: 'b', owner: '', tags: '', jobgroup: 'default'},
    ]);
  });

  it('launch-delay and maxload let everything run that may', async () => {
    await using area = makeArea(
      {T: `[items]\nN 1 2 3\n${ok}`},
      {
        'megatest.config': `${config.replace('[setup]', '[setup]\nlaunch-delay 0.2')}[jobtools]\nmaxload 1000\n`,
      },
    );
    await run(area);
    expect(await results(area)).toMatchObject({T: 'COMPLETED/PASS'});
  });
});

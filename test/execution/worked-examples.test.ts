/** Worked examples of execution that only real processes can show; the others stand beside the files that hold their rules. */
import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {TestArea} from '../rig/area.ts';
import {areaWith, runWords} from './area-files.ts';

const checkout = join(import.meta.dirname, '../..');

/** Log rules whose verdict is `code`. */
function rulesFor(code: number): string {
  const kinds = ['', 'error', 'warning', 'check', 'waive', 'abort', 'skip'];
  return code === 0
    ? '(expect:required in "LogFileBody" >= 0 "anything" #/./)'
    : `(expect:${kinds[code]} in "LogFileBody" = 0 "none" #/./)`;
}

type Script = {
  /** Command exit and logpro exit of each step, as `0/-`. */
  readonly steps?: readonly string[];
  readonly runscript?: readonly string[];
  readonly more?: string;
};

/** A test whose runscript and steps end as they are told. */
function filesOf(name: string, script: Script): Readonly<Record<string, string>> {
  const steps = (script.steps ?? []).map((step, index) => {
    const [exit = '', verdict = ''] = step.split('/');
    return {name: `s${index + 1}`, exit, verdict};
  });
  const rules = steps.filter(({verdict}) => verdict !== '-');
  const config = [
    ...(script.runscript === undefined ? [] : ['[setup]\nrunscript go.sh']),
    ...(steps.length === 0 ? [] : ['[ezsteps]']),
    ...steps.map(
      (step) =>
        `${step.name} (echo ran >> ran; echo line; ${step.exit === 'kill' ? 'kill -9 $BASHPID' : `exit ${step.exit}`})`,
    ),
    ...(rules.length === 0 ? [] : ['[logpro]']),
    ...rules.map((step) => `${step.name} ${rulesFor(Number(step.verdict))}`),
    script.more ?? '',
    '',
  ].join('\n');
  return {
    [`tests/${name}/testconfig`]: config,
    ...(script.runscript === undefined
      ? {}
      : {[`tests/${name}/go.sh`]: ['#!/bin/sh', ...script.runscript, ''].join('\n')}),
  };
}

async function runAll(scripts: Readonly<Record<string, Script>>) {
  const files = Object.entries(scripts).map(([name, script]) => filesOf(name, script));
  const area = TestArea.make({...areaWith({}), ...Object.assign({}, ...files)});
  await area.megatest(runWords);
  await area.megatest(['rpc', 'sync.flush']);
  const rows = area.query('SELECT testname, state, status, comment, final_logf FROM tests');
  return {
    area,
    result: (name: string) => {
      const row = rows.find(({testname}) => testname === name);
      return `${row?.state}/${row?.status} ${row?.comment}`.trim();
    },
    stepsRun: (name: string) => {
      const path = join(area.path, 'links/x/r', name, 'ran');
      return existsSync(path) ? readFileSync(path, 'utf8').split('\n').length - 1 : 0;
    },
  };
}

describe('26.12 results of steps', () => {
  it('26.12 follow from exit codes and log rules, step by step', async () => {
    const cases: readonly (readonly [readonly string[], number, string, (readonly string[])?])[] = [
      [['0/-', '0/-'], 2, 'COMPLETED/PASS'],
      [['2/-', '0/-'], 1, 'COMPLETED/FAIL Failed at step s1'],
      [['0/-', '0/-', '1/-', '0/-'], 3, 'COMPLETED/FAIL Failed at step s3'],
      [['0/1', '0/0'], 1, 'COMPLETED/FAIL Failed at step s1'],
      [['1/0', '0/-'], 2, 'COMPLETED/PASS'],
      [['0/2', '0/-'], 2, 'COMPLETED/WARN Logpro warning found'],
      [['0/2', '1/-'], 2, 'COMPLETED/FAIL Failed at step s2'],
      [['0/6', '1/-'], 1, 'COMPLETED/SKIP Logpro skip found'],
      [['0/-', '0/3'], 2, 'COMPLETED/CHECK Logpro check found'],
      [['0/5'], 1, 'COMPLETED/ABORT Logpro abort found'],
      [['0/4', '0/-'], 1, 'COMPLETED/WAIVED Logpro waived found'],
      [['0/2', '0/5'], 2, 'COMPLETED/ABORT Logpro abort found'],
      [['kill/-'], 1, 'COMPLETED/FAIL Failed at step s1'],
      [['0/-', '0/-'], 2, 'COMPLETED/FAIL Failed at step s2', ['exit 1']],
      [['0/-'], 1, 'COMPLETED/WARN', ['exit 2']],
      [['0/-'], 1, 'COMPLETED/FAIL Failed at step s1', ['exit 3']],
    ];
    const named = cases.map(([steps, ran, result, runscript], index) => ({
      name: `t${index}`,
      script: {steps, ...(runscript === undefined ? {} : {runscript})},
      wanted: {steps, ran, result},
    }));
    const {area, result, stepsRun} = await runAll(
      Object.fromEntries(named.map(({name, script}) => [name, script])),
    );
    await using _ = area;
    expect(named.map(({name, wanted}) => ({...wanted, ran: stepsRun(name), result: result(name)}))).toEqual(
      named.map(({wanted}) => wanted),
    );
  });
});

const failingData = 'echo "pw,idd,1,2,0.1" | $MT_MEGATEST -load-test-data';

describe('26.13 results of runscripts', () => {
  it('26.13 follow from the exit code, and from what the script says itself', async () => {
    const cases: readonly (readonly [readonly string[], string])[] = [
      ...['PASS', 'FAIL', 'WARN', 'CHECK', 'WAIVED', 'ABORT', 'SKIP', 'FAIL'].map(
        (status, code): [string[], string] => [[`exit ${code}`], `COMPLETED/${status}`],
      ),
      [['$MT_MEGATEST -test-status :state COMPLETED :status FAIL'], 'COMPLETED/FAIL'],
      [['$MT_MEGATEST -test-status :state STUCK :status SKIP', 'exit 1'], 'STUCK/SKIP'],
      [['$MT_MEGATEST -test-status :state RUNNING :status AUTO'], 'COMPLETED/AUTO'],
      [['$MT_MEGATEST -test-status :state RUNNING :status AUTO', 'exit 2'], 'COMPLETED/AUTO-WARN'],
      [[failingData, '$MT_MEGATEST -test-status :state COMPLETED :status AUTO'], 'COMPLETED/FAIL'],
      [[failingData, '$MT_MEGATEST -test-status :state COMPLETED :status 0'], 'COMPLETED/PASS'],
      [[failingData], 'COMPLETED/PASS'],
    ];
    const scripts = Object.fromEntries(cases.map(([runscript], index) => [`t${index}`, {runscript}]));
    const {area, result} = await runAll({
      ...scripts,
      none: {},
      missing: {more: '[setup]\nrunscript no-such-program\n'},
    });
    await using _ = area;
    expect(cases.map(([script], index) => [script, result(`t${index}`)])).toEqual(cases);
    expect([result('none'), result('missing')]).toEqual(['COMPLETED/PASS', 'COMPLETED/FAIL']);
  });
});

describe('26.19 values of -test-status', () => {
  it('26.19 are translated when they are numbers', async () => {
    const values = ['0', '00', '1', '127', '-1', '1.5', 'fail', 'PASS'];
    const scripts = values.map((value, index) => [
      `t${index}`,
      {runscript: [`$MT_MEGATEST -test-status :state COMPLETED :status ${value}`]},
    ]);
    const {area, result} = await runAll(Object.fromEntries(scripts));
    await using _ = area;
    expect(values.map((_value, index) => result(`t${index}`).split('/')[1])).toEqual(
      'PASS PASS FAIL FAIL FAIL FAIL fail PASS'.split(' '),
    );
  });
});

describe('26.20 and 26.21', () => {
  it('26.20 a waived failure stays waived while its files are the same, 26.21 and triggers tell of it', async () => {
    const testconfig = [
      '[ezsteps]\nsim (cat $MT_RUN_AREA_HOME/says > out.log; exit 1)',
      '[waivers]\nw1 cmp out.log',
      '[waiver_rules]\ncmp diff -b %file1% %file2%',
      '[triggers]\nCOMPLETED/WAIVED $MT_RUN_AREA_HOME/note.sh\n/FAIL $MT_RUN_AREA_HOME/note.sh',
      '',
    ].join('\n');
    await using area = TestArea.make(
      areaWith(
        {lvs: testconfig},
        {says: 'same\n', 'note.sh': '#!/bin/sh\necho "$@ in $PWD" >> "$MT_RUN_AREA_HOME/notes"\n'},
      ),
    );
    const run = async (name: string) => {
      await area.megatest(['-run', '-target', 'x', '-runname', name, '-testpatt', '%', '-run-wait']);
      await area.megatest(['rpc', 'sync.flush']);
      const [row] = area.query(
        `SELECT t.state, t.status, t.comment FROM tests t JOIN runs r ON r.id = run_id WHERE runname = '${name}'`,
      );
      return `${row?.state}/${row?.status} ${row?.comment}`;
    };
    expect(await run('a')).toBe('COMPLETED/FAIL Failed at step sim');
    await area.megatest([
      '-set-state-status',
      'COMPLETED,WAIVED',
      '-target',
      'x',
      '-runname',
      'a',
      '-testpatt',
      '%',
    ]);
    expect(await run('b')).toBe('COMPLETED/WAIVED Failed at step sim');
    expect(await area.shell('echo different > says')).toMatchObject({code: 0});
    expect(await run('c')).toBe('COMPLETED/FAIL Failed at step sim');
    const notes = readFileSync(join(area.path, 'notes'), 'utf8').trim().split('\n');
    expect(notes).toEqual([
      `1 ${area.path}/links/x/a/lvs /FAIL in ${area.path}/runs/x/a/lvs`,
      `2 ${area.path}/links/x/b/lvs COMPLETED/WAIVED in ${area.path}/runs/x/b/lvs`,
      `3 ${area.path}/links/x/c/lvs /FAIL in ${area.path}/runs/x/c/lvs`,
    ]);
  });
});

describe('26.14 the sequence of states', () => {
  it('26.14 of a test with two steps that passes is seen by its triggers', async () => {
    const states = ['REMOTEHOSTSTART/n/a', 'RUNNING/n/a', 'RUNNING/PASS', 'COMPLETED/PASS'];
    const more = `[triggers]\n${states.map((key) => `${key} $MT_RUN_AREA_HOME/tests/t/note.sh`).join('\n')}\n`;
    const {area} = await runAll({t: {steps: ['0/-', '0/-'], more}});
    await using _ = area;
    expect(existsSync(join(area.path, 'links/x/r/t/megatest.sh'))).toBe(true);
    const log = await area.shell(
      `grep -ho 'trigger [^ ]* of' /tmp/*/megatest_manager/area/${area.path.replaceAll('/', '.')}/manager.log`,
    );
    expect(log.stdout.trim().split('\n')).toEqual(states.map((key) => `trigger ${key} of`));
  });
});

describe('26.22 and 26.23', () => {
  it('26.22 a test that takes too long is killed with all it started, 26.23 -runstep keeps its records', async () => {
    const more = [
      '[ezsteps]',
      'long (sh -c "trap : TERM; sleep 85; sleep 85" & setsid sleep 86 & sleep 85)',
      '[requirements]\nruntimelim 1s\n',
    ].join('\n');
    const {area, result} = await runAll({
      slow: {more},
      step: {
        runscript: [
          `echo '${rulesFor(2)}' > w.logpro`,
          '$MT_MEGATEST -runstep wait -logpro w.logpro "echo begun;echo done" -m "first"; echo $? > code',
        ],
      },
    });
    await using _ = area;
    expect(result('slow')).toBe('KILLED/KILLED killed: time limit 1s exceeded');
    expect(area.processes().filter(({command}) => command.includes('sleep'))).toEqual([]);
    const steps = area.query(
      'SELECT stepname, s.state, s.status, s.comment, logfile FROM test_steps s ORDER BY s.id',
    );
    expect(steps.filter(({stepname}) => stepname === 'wait')).toEqual([
      {stepname: 'wait', state: 'start', status: 'n/a', comment: 'first', logfile: 'wait.log'},
      {stepname: 'wait', state: 'end', status: '2', comment: 'first', logfile: 'wait.log'},
    ]);
    expect(steps.filter(({stepname}) => stepname === 'long').map(({state}) => state)).toEqual([
      'start',
      'end',
    ]);
    const rundir = join(area.path, 'links/x/r/step');
    for (const file of ['wait.log', 'wait.html', 'wait.dat', 'wait_logpro.log']) {
      expect(existsSync(join(rundir, file)), file).toBe(true);
    }
    expect(readFileSync(join(rundir, 'code'), 'utf8')).toBe('2\n');
    expect(area.query("SELECT final_logf FROM tests WHERE testname = 'step'")).toEqual([
      {final_logf: 'wait.html'},
    ]);
  });
});

const rows = readFileSync(join(import.meta.dirname, 'worked-examples.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| 26.'))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, number = '', what = '', test = '']) => ({number, what, test}));

describe('the table of worked examples', () => {
  it('holds every example of the specification', () => {
    const examples = Array.from({length: 23}, (_, index) => `26.${index + 1}`);
    expect([...new Set(rows.map(({number}) => number))]).toEqual(examples);
  });

  it.each(rows)('$number, $what: is in $test', ({number, test}) => {
    const text = readFileSync(join(checkout, test), 'utf8');
    const names = [...text.matchAll(/\b(?:describe|it)(?:\.each\([\s\S]*?\))?\(\s*['`]([^'`]*)/g)].map(
      ([, name]) => name,
    );
    const mentions = names.filter((name) => name?.split(/[ ,]/).includes(number));
    const isNamedByTable = new RegExp(`\\(\\s*['\`]${number.replace('.', '\\.')} `).test(text);
    expect(mentions.length > 0 || isNamedByTable).toBe(true);
  });
});

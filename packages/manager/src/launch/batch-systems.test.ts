import {describe, expect, it} from 'vitest';
import {type BatchSystem, batchNamed, batchOf, type CommandOutput} from './batch-system.ts';
import {gridEngine} from './grid-engine.ts';
import {lsf} from './lsf.ts';
import {pbs} from './pbs.ts';
import {slurm} from './slurm.ts';
import {ssh} from './ssh.ts';

const job = {name: 'area_test_a', logPath: '/r/batch log', tag: '3.0.abc'};

describe.each([
  [slurm, '12\n', '12', 'sbatch --parsable --no-requeue --job-name=area_test_a --comment=3.0.abc --output='],
  [
    gridEngine,
    '12\n',
    '12',
    'qsub -terse -V -cwd -r n -S /bin/sh -N mt_area_test_a -ac megatest=3.0.abc -j y -o ',
  ],
  [lsf, 'Job <12> is submitted to queue <short>.\n', '12', 'bsub -rn -J area_test_a -Jd 3.0.abc -o '],
  [
    pbs,
    '12.server.site\n',
    '12.server.site',
    'MEGATEST_LAUNCH=3.0.abc qsub -V -r n -S /bin/sh -N mt_area_test_a -j oe -o ',
  ],
] satisfies readonly (readonly [BatchSystem, string, string, string])[])(
  '$name',
  (system, output, id, command) => {
    it('submits with the options of the user last', () => {
      expect(system.submitCommand(job, '-q $QUEUE')).toContain(command);
      expect(system.submitCommand(job, '-q $QUEUE')).toMatch(/'\/r\/batch log'.* -q \$QUEUE$/);
    });

    it('finds the id of the job', () => {
      expect(system.submittedId(output)).toBe(id);
      expect(system.submittedId('no such queue\n')).toBeUndefined();
    });

    it('that does not answer says nothing about jobs', () => {
      expect(system.statuses({code: 1, stdout: '', stderr: 'cannot connect to the server'})).toBeUndefined();
    });
  },
);

function statuses(system: BatchSystem, stdout: string, more: Partial<CommandOutput> = {}) {
  return Object.fromEntries(system.statuses({code: 0, stdout, stderr: '', ...more}) ?? []);
}

describe('the states of jobs', () => {
  it('of Slurm', () => {
    const output = [
      '1|PENDING|Resources',
      '2|RUNNING|None',
      '3|OUT_OF_MEMORY|OutOfMemory',
      '4|TIMEOUT|TimeLimit',
      '5|NODE_FAIL|None',
      '6|CANCELLED|None',
      '7|COMPLETED|None',
    ].join('\n');
    expect(statuses(slurm, output)).toEqual({
      1: {kind: 'queued'},
      2: {kind: 'running'},
      3: {kind: 'gone', reason: 'Slurm: out of memory (OutOfMemory)'},
      4: {kind: 'gone', reason: 'Slurm: time limit (TimeLimit)'},
      5: {kind: 'gone', reason: 'Slurm: node failure'},
      6: {kind: 'gone', reason: 'Slurm: cancelled'},
      7: {kind: 'gone', reason: 'Slurm: COMPLETED'},
    });
    expect(statuses(slurm, '', {code: 1, stderr: 'slurm_load_jobs error: Invalid job id specified'})).toEqual(
      {},
    );
  });

  it('of the tasks of a Slurm array, which is asked for once', () => {
    expect(slurm.array?.taskId('7', 2)).toBe('7_2');
    expect(slurm.statusCommand(['7_1', '7_2', '8'])).toMatch(/--array .*--jobs=7,8$/);
    expect(statuses(slurm, '7_1|RUNNING|None\n7_2|PENDING|Resources\n')).toEqual({
      '7_1': {kind: 'running'},
      '7_2': {kind: 'queued'},
    });
  });

  it('of processes on other hosts, where a host that is silent says nothing', () => {
    const output = ['host gamma', '12 running', '13 gone', 'host -p 2222 ann@delta', 'silent 12'].join('\n');
    expect(statuses(ssh, output)).toEqual({
      'gamma:12': {kind: 'running'},
      'gamma:13': {kind: 'gone', reason: 'ssh: process 13 on gamma has ended'},
      '-p 2222 ann@delta:12': {kind: 'running'},
    });
  });

  it('of Grid Engine', () => {
    const output = [
      'job-ID  prior   name       user         state submit/start at     queue          slots ja-task-ID',
      '-------------------------------------------------------------------------------------------------',
      '      1 0.00000 mt_a_t_1   ann          qw    11/24/2026 20:00:00                    1',
      '      2 0.55500 mt_a_t_2   ann          r     11/24/2026 20:00:00 all.q@localhost    1',
      '      3 0.55500 mt_a_t_3   ann          Eqw   11/24/2026 20:00:00                    1',
    ].join('\n');
    expect(statuses(gridEngine, output)).toEqual({
      1: {kind: 'queued'},
      2: {kind: 'running'},
      3: {kind: 'gone', reason: 'Grid Engine: the job is in error state Eqw'},
    });
    const accounting =
      'qname        all.q\nfailed       100 : assumedly after job\nexit_status  137                  \n';
    expect(gridEngine.endedReason?.(accounting)).toBe(
      'Grid Engine: 100 : assumedly after job, exit status 137',
    );
    expect(gridEngine.endedReason?.('failed       0\nexit_status  3\n')).toBe(
      'Grid Engine: the job ended with exit status 3',
    );
    expect(gridEngine.endedReason?.('error: job id 9 not found\n')).toBeUndefined();
  });

  it('of LSF', () => {
    const output = [
      '1^PEND^-^-',
      '2^RUN^-^-',
      '3^EXIT^137^TERM_MEMLIMIT: job killed after reaching LSF memory usage limit',
      '4^DONE^-^-',
    ].join('\n');
    expect(statuses(lsf, output)).toEqual({
      1: {kind: 'queued'},
      2: {kind: 'running'},
      3: {
        kind: 'gone',
        reason: 'LSF: EXIT, exit code 137, TERM_MEMLIMIT: job killed after reaching LSF memory usage limit',
      },
      4: {kind: 'gone', reason: 'LSF: DONE'},
    });
    expect(statuses(lsf, '', {code: 255, stderr: 'Job <9> is not found'})).toEqual({});
  });

  it('of PBS', () => {
    const output = [
      'Job Id: 1.server',
      '    Job_Name = mt_a',
      '    job_state = Q',
      '',
      'Job Id: 2.server',
      '    job_state = F',
      '    comment = Job run at Tue and fai',
      '\tled',
      '    Exit_status = 271',
      '',
    ].join('\n');
    expect(statuses(pbs, output)).toEqual({
      '1.server': {kind: 'queued'},
      '2.server': {
        kind: 'gone',
        reason: 'PBS: the job has ended: exit status 271, Job run at Tue and failed',
      },
    });
  });
});

describe('a job whose id was not heard', () => {
  it.each([
    [slurm, '7|3.0.ab\n12|3.0.abc\n12|3.0.abc\n13|\n'],
    [
      gridEngine,
      [
        '==============================================================',
        'job_number:                 7',
        'context:                    other=1,megatest=3.0.ab',
        '==============================================================',
        'job_number:                 12',
        'context:                    other=1,megatest=3.0.abc',
        '',
      ].join('\n'),
    ],
    [lsf, '12\n'],
    [
      pbs,
      [
        'Job Id: 7',
        '    Variable_List = HOME=/,MEGATEST_LAUNCH=3.0.ab,SHELL=/bin/sh',
        'Job Id: 12',
        '    Variable_List = HOME=/,MEGATEST_LAUN',
        '\tCH=3.0.abc,SHELL=/bin/sh',
        '',
      ].join('\n'),
    ],
  ] satisfies readonly (readonly [BatchSystem, string])[])(
    'is found by its tag in $0.name',
    (system, output) => {
      expect(system.find?.command('3.0.abc')).not.toBe('');
      expect(system.find?.ids(output, '3.0.abc')).toEqual(['12']);
      expect(system.find?.ids('', '3.0.abc')).toEqual([]);
    },
  );
});

describe('the first word of a launcher', () => {
  it.each([
    ['slurm --time=5', 'Slurm', 'job', '--time=5'],
    ['slurm-array', 'Slurm', 'array', ''],
    ['gridengine-pilot -q all.q', 'Grid Engine', 'pilot', '-q all.q'],
    ['ssh -p 22 gamma', 'ssh', 'job', '-p 22 gamma'],
  ])('of "%s" names a batch system and how it is used', async (launcher, name, kind, options) => {
    const batch = await batchOf(launcher);
    expect(batch).toMatchObject({kind, options, key: launcher.split(' ')[0]});
    expect(batch?.system.name).toBe(name);
  });

  it.each(['nbfake', 'pbs-array', 'ssh-pilot', 'constructor', 'slurm-other', 'bsub'])(
    '"%s" is an ordinary command',
    async (key) => {
      expect(await batchNamed(key)).toBeUndefined();
    },
  );
});

describe('ssh', () => {
  it('names the host by the words that lead to it', () => {
    expect(ssh.submittedId('pid 4711\njob -p 2222 ann@delta\n')).toBe('-p 2222 ann@delta:4711');
    expect(ssh.submittedId('pid 4711\n')).toBeUndefined();
    expect(ssh.cancelCommand('-p 2222 ann@delta:4711')).toContain(' -p 2222 ann@delta ');
    expect(ssh.isOutOfReach?.({code: 255, stdout: '', stderr: ''})).toBe(true);
    expect(ssh.isOutOfReach?.({code: 1, stdout: '', stderr: ''})).toBe(false);
  });
});

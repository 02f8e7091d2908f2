/** Helper calls by both ways, through the shell front's pipes and through Node: the same words do the same (spec execution.md 17). */
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {binaries, TestArea} from '../rig/area.ts';
import {areaWith, runWords} from './area-files.ts';

/** Calls with the exit code that each must have. */
const calls: readonly (readonly [string, number])[] = [
  ['-step build :state start :status n/a', 0],
  ['-step build :state end :status 0 -m "two words, a \\$dollar and \'quotes\'"', 0],
  ['-step sim -state start -status n/a -setlog sim.html', 0],
  ['-step umlaut :state end :status 1 -m "größer"', 0],
  ['-step half :state start', 6],
  ['-step stray :state end :status 0 :comment extra words', 0],
  ['-step lost :state end :status 0 -m', 0],
  ['-test-status :state RUNNING', 6],
  ['-set-values :value 10 :expected 11 :tol 2 :category pw :variable idd :units mA', 0],
  ['-set-values :value 10 :expected 11 :category pw :variable none', 0],
  ['-setlog mine.log', 0],
  ['-step quiet :state end :status 0 -log own.txt', 0],
  ['-test-status :state RUNNING :status 1 -m "so far" -setlog mine.log', 0],
];

const script = (front: string) =>
  [
    '#!/bin/sh',
    front,
    ...calls.map(([words]) => `$MT_MEGATEST ${words}; echo $? >> codes`),
    'exit 0',
    '',
  ].join('\n');

const testconfig = '[setup]\nrunscript go.sh\n';

describe('helper calls', () => {
  it('do the same through the pipes of the manager and through Node', async () => {
    await using area = TestArea.make(
      areaWith(
        {pipes: testconfig, node: testconfig},
        {
          'tests/pipes/go.sh': script('command -v mkfifo > way; ls "$MT_HELPER_CALLS" >> way'),
          'tests/node/go.sh': script('unset MT_HELPER_CALLS'),
        },
      ),
    );
    const run = await area.megatest(runWords);
    expect(run.code).toBe(0);
    await area.megatest(['rpc', 'sync.flush']);
    const of = (name: string) => ({
      codes: readFileSync(join(area.path, 'links/x/r', name, 'codes'), 'utf8')
        .trim()
        .split('\n')
        .map(Number),
      said: readFileSync(join(area.path, 'links/x/r', name, 'mt_launch.log'), 'utf8').replaceAll(
        `/${name}`,
        '/test',
      ),
      row: area.query(`SELECT state, status, comment, final_logf FROM tests WHERE testname = '${name}'`),
      steps: area.query(
        `SELECT stepname, s.state, s.status, s.comment, logfile FROM test_steps s JOIN tests t ON t.id = test_id WHERE testname = '${name}' ORDER BY s.id`,
      ),
      data: area.query(
        `SELECT category, variable, value, expected, tol, units, d.status, type FROM test_data d JOIN tests t ON t.id = test_id WHERE testname = '${name}'`,
      ),
    });
    const [pipes, node] = [of('pipes'), of('node')];
    expect(pipes.codes).toEqual(calls.map(([, code]) => code));
    expect(pipes).toEqual(node);
    expect(pipes.row).toEqual([
      {state: 'COMPLETED', status: 'PASS', comment: 'so far', final_logf: 'mine.log'},
    ]);
    expect(pipes.data).toEqual([
      {
        category: 'pw',
        variable: 'idd',
        value: 10,
        expected: 11,
        tol: 2,
        units: 'mA',
        status: 'pass',
        type: '',
      },
    ]);
    expect(pipes.steps.map(({stepname, comment}) => `${stepname} ${comment}`)).toContain(
      `build two words, a $dollar and 'quotes'`,
    );
    expect(readFileSync(join(area.path, 'links/x/r/pipes/way'), 'utf8')).toMatch(/hello\nmanager\npipe/);
  });

  it('through the pipes start no Node', async () => {
    await using area = TestArea.make(
      areaWith(
        {pipes: testconfig},
        {
          'tests/pipes/go.sh': [
            '#!/bin/sh',
            // Whoever starts Node now finds this instead.
            'printf "#!/bin/sh\\necho started >> nodes\\n" > node; chmod +x node; PATH=$PWD:$PATH',
            '$MT_MEGATEST -step one :state end :status 0; echo $? >> codes',
            '$MT_MEGATEST -step two :state end :status 0 :comment spare; echo $? >> codes',
            '',
          ].join('\n'),
        },
      ),
    );
    expect((await area.megatest(runWords)).code).toBe(0);
    await area.megatest(['rpc', 'sync.flush']);
    expect(area.query('SELECT stepname FROM test_steps')).toEqual([{stepname: 'one'}]);
    expect(readFileSync(join(area.path, 'links/x/r/pipes/nodes'), 'utf8')).toBe('started\n');
    expect(readFileSync(join(area.path, 'links/x/r/pipes/codes'), 'utf8')).toBe('0\n0\n');
  });

  it('that need Node load neither the schemas nor the database', () => {
    // The parts that such a call loads, one after the other.
    const loaded = ['megatest', 'legacy'].map((part) =>
      readFileSync(join(binaries, '../dist/code', `${part}.js`), 'latin1'),
    );
    const brings = (what: string) => loaded.some((text) => text.includes(what));
    expect({
      client: brings('WebSocket'),
      schemas: brings('ZodError'),
      database: brings('better_sqlite3'),
    }).toEqual({
      client: true,
      schemas: false,
      database: false,
    });
  });

  it('outside a test end with 5 and say why', async () => {
    await using area = TestArea.make(areaWith({}));
    const outcome = await area.megatest(['-step', 'a', ':state', 'end', ':status', '0']);
    expect(outcome.code).toBe(5);
    expect(outcome.stderr).toContain('MT_CMDINFO env var not set');
  });
});

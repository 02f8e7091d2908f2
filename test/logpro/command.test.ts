import {execFileSync} from 'node:child_process';
import {closeSync, openSync, readFileSync, readSync, symlinkSync, writeSync} from 'node:fs';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {builtCommand, WorkFolder} from './work-folder.ts';

let folder: WorkFolder;

beforeEach(() => {
  folder = new WorkFolder();
});

afterEach(() => {
  folder.remove();
});

const rules = `(trigger "Begin" #/^begin/)(trigger "End" #/^end/)(section "Part" "Begin" "End")
(hook:add "say" "echo hook #{m1}; echo err >&2")
(print "loaded")
(expect:value in "Part" 10 1 "v" #/v=(\\S+)/)
(expect:warning in logfile = 0 "w" #/warn/i class: "own")
(expect:error in logfile = 0 "e\xe9" #/error (.*)/ hook: "say")
(expect:required in logfile > 0 "never" #/^never$/ expires: "01/01/2020")
(expect:required in logfile > 0 "há" #/x/u bogus: 1)
`;

describe('the command and a step of a test', () => {
  const logs: readonly (readonly [name: string, log: Buffer])[] = [
    ['an ordinary log', Buffer.from('begin\nv=10\nv=x\nWarning <&>\nend\nerror 1\n')],
    [
      'bytes that are no UTF-8, and NUL',
      Buffer.from('begin\rv=\xff\r\n\0\xc3\x28 warn\nerror \0\xe9\nlast', 'latin1'),
    ],
    ['an empty log', Buffer.alloc(0)],
    [
      'a long log',
      Buffer.from(
        Array.from({length: 60_000}, (_, at) => (at % 997 === 0 ? `error ${at}\n` : `line ${at}\r\n`)).join(
          '',
        ),
      ),
    ],
    [
      'lines that are too long',
      Buffer.from(`${'y'.repeat(3_000_000)} warn\nerror\n${'z'.repeat(1_100_000)}`),
    ],
  ];
  it.each(logs)('leave the same bytes: %s', async (_, log) => {
    // Hooks run once per hit; without them the long log would start thousands of shells.
    const text = log.length > 500_000 ? rules.replace(' hook: "say"', '') : rules;
    folder.write('r.logpro', text);
    const byCommand = await folder.command(['r.logpro', 'out.html'], log);
    const files = ['out.html', 'out.dat', 'logpro_style.css'];
    const left = files.map((name) => readFileSync(join(folder.path, name)));

    const inside = new WorkFolder();
    inside.write('r.logpro', text);
    const stdout = openSync(join(inside.path, 'stdout'), 'w+');
    const outcome = await inside.run(log.toString('latin1'), {
      htmlPath: 'out.html',
      hookOutput: stdout,
      output: (bytes) => void writeSync(stdout, bytes),
    });
    expect(outcome.exitCode).toBe(byCommand.exitCode);
    for (const [at, name] of files.entries()) {
      expect(readFileSync(join(inside.path, name)).equals(left[at] ?? Buffer.alloc(0)), name).toBe(true);
    }
    const printed = readFileSync(join(inside.path, 'stdout')).toString('latin1').replaceAll('\nerr\n', '\n');
    expect(printed === byCommand.stdout.toString('latin1')).toBe(true);
    inside.remove();
  });
});

describe('the command line', () => {
  it('without arguments prints the usage with the exit codes', async () => {
    const {exitCode, stdout} = await folder.command([], '');
    expect(exitCode).toBe(1);
    expect(stdout.toString()).toMatch(
      /^Usage: [\s\S]*0 PASS, 1 FAIL, 2 WARN, 3 CHECK, 4 WAIVE, 5 ABORT, 6 SKIP\n$/,
    );
  });

  it('takes -h for the name of a rules file', async () => {
    const {exitCode, stdout} = await folder.command(['-h'], '');
    expect([exitCode, stdout.toString()]).toEqual([1, 'ERROR: command file -h not found\n']);
    expect(folder.has('summary.dat')).toBe(false);
  });

  it('takes --help for an option only when no file has that name', async () => {
    expect((await folder.command(['--help'], '')).exitCode).toBe(0);
    folder.write('--help', '(exit 5)');
    expect((await folder.command(['--help'], '')).exitCode).toBe(5);
  });

  it('ignores further arguments and a waiver file that is not there', async () => {
    folder.write('r.logpro', '(expect:error in logfile = 0 "e" #/error/)');
    const {exitCode, stderr} = await folder.command(
      ['r.logpro', 'a/../out.html', 'step_logpro.log', 'more'],
      'fine\n',
    );
    expect([exitCode, stderr, folder.has('out.dat')]).toEqual([0, '', true]);
  });

  it('goes on without a .dat file, and not without a report', async () => {
    folder.write('r.logpro', '(expect:error in logfile = 0 "e" #/error/)');
    symlinkSync('/nowhere/at/all', join(folder.path, 'summary.dat'));
    expect((await folder.command(['r.logpro'], 'fine\n')).exitCode).toBe(0);
    const {exitCode, stderr} = await folder.command(['r.logpro', 'no/such/folder.html'], 'fine\n');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('ERROR: cannot write no/such/folder.html');
  });

  it('names the .dat file after the report', async () => {
    folder.write('r.logpro', '');
    await folder.command(['r.logpro', 'b.c.html'], '');
    await folder.command(['r.logpro', 'out'], '');
    expect([folder.has('b.c.dat'), folder.has('out.dat')]).toEqual([true, true]);
  });

  it('does not read a file from its start when something has read a part of it', async () => {
    folder.write('r.logpro', '(expect:error in logfile = 0 "e" #/error/)');
    folder.write('log', 'error\nfine\n');
    const log = openSync(join(folder.path, 'log'), 'r');
    readSync(log, Buffer.alloc(6), 0, 6, null);
    const {exitCode} = await folder.run('', {log});
    closeSync(log);
    expect(exitCode).toBe(0);
  });

  it('broken rules exit 1 with and without a report, which says why', async () => {
    folder.write('r.logpro', '(print "before")\n(define x 1)\n  (expects:error "<&>")\n');
    const {exitCode, stdout} = await folder.command(['r.logpro', 'out.html'], 'x\n');
    expect(exitCode).toBe(1);
    expect(stdout.toString()).toBe(`before

ERROR: Syntax error in your command file!

 =>  r.logpro:3: unbound variable: expects:error (not supported)
     at r.logpro:3:3
    (expects:error "<&>")
    ^
  hint: did you mean expect:error?
`);
    expect(folder.read('out.html')).toContain('(expects:error "&lt;&amp;&gt;")');
    expect(folder.read('out.dat')).toBe(
      '[final]\nexit-code 1\nexit-status FAIL\nmessage rules error: r.logpro:3: unbound variable: expects:error (not supported)\n',
    );
  });

  it('goes on when a line is too long for its hook', async () => {
    folder.write(
      'r.logpro',
      '(hook:add "say" "echo #{escaped msg}")(expect:error in logfile = 0 "e" #/^y/ hook: "say")',
    );
    const {exitCode, stdout} = await folder.command(['r.logpro'], `${'y'.repeat(300_000)}\nyes\n`);
    expect(exitCode).toBe(1);
    expect(stdout.toString()).toMatch(/\nWARNING: the hook was not run: .*\ny/);
    expect(stdout.toString()).toContain("ERRMSG HOOK CALLED: echo 'yes'\nyes\nyes\n");
  });

  it('stops printing when nobody reads, and still judges and reports', async () => {
    folder.write('r.logpro', '(expect:error in logfile = 0 "e" #/last/)');
    folder.write('log', `${'line\n'.repeat(300_000)}last\n`);
    const script = `{ "$0" "$1" r.logpro out.html < log; echo $? > code; } | head -1`;
    execFileSync('/bin/sh', ['-c', script, process.execPath, await builtCommand()], {cwd: folder.path});
    expect(folder.read('code')).toBe('1\n');
    expect(folder.read('out.html')).toContain('EXIT CODE: 1 (FAIL)');
  });
});

describe('--json', () => {
  it('prints the result, and what hooks print goes elsewhere', async () => {
    folder.write('r.logpro', rules);
    const {exitCode, stdout, stderr} = await folder.command(
      ['--json', 'r.logpro', 'out.html'],
      'begin\nv=10\nerror \xe9 b\n',
    );
    const result = JSON.parse(stdout.toString());
    expect(exitCode).toBe(1);
    expect(stderr).toContain('hook');
    expect(result).toMatchObject({
      exitCode: 1,
      status: 'FAIL',
      message: 'error: e\ufffd',
      error: null,
      lines: 3,
      deciding: [{line: 2, text: 'error \xe9 b', rule: 'e\ufffd'}],
      rules: expect.arrayContaining([
        expect.objectContaining({
          number: 0,
          kind: 'value',
          measured: '10',
          passed: 1,
          isOk: true,
          file: 'r.logpro',
          line: 4,
        }),
        expect.objectContaining({number: 2, hits: 1, isOk: false, comparison: '=', count: 0}),
      ]),
    });
    expect(folder.has('out.html')).toBe(true);
  });

  it('says what is wrong with broken rules', async () => {
    folder.write('r.logpro', '\n(nope)');
    const {stdout} = await folder.command(['--json', 'r.logpro'], '');
    expect(JSON.parse(stdout.toString())).toMatchObject({
      exitCode: 1,
      rules: [],
      error: {message: 'unbound variable: nope (not supported)', file: 'r.logpro', line: 2, column: 1},
    });
  });
});

describe('--explain', () => {
  it('says for each rule what it matched, and what an earlier rule took', async () => {
    folder.write(
      'r.logpro',
      `(hook:add "touch" "touch hooked")
(expect:ignore in logfile >= 0 "noise" #/error budget/)
(expect:error in logfile = 0 "errors" #/error/ hook: "touch")
(expect:value in logfile 5 1 "v" #/v=(\\d+)/)
`,
    );
    const {exitCode, stdout} = await folder.command(
      ['--explain', 'r.logpro'],
      'error budget 1\nerror 2\nv=5\n',
    );
    expect(exitCode).toBe(1);
    expect(stdout.toString()).toBe(`OK   rule-0 Ignore "noise" in LogFileBody: wants >= 0, got 1
    /error budget/ at r.logpro:2:1
    line 0: error budget 1
FAIL rule-1 Error "errors" in LogFileBody: wants = 0, got 1
    /error/ at r.logpro:3:1
    line 1: error 2
    rule-0 "noise" took 1 matching line first: line 0
OK   rule-2 Value "v" in LogFileBody: wants 5 +/- 1, last 5, 1 pass, 0 fail
    /v=(\\d+)/ at r.logpro:4:1
    line 2: v=5
FAIL, exit code 1, 3 lines
`);
    expect([folder.has('summary.dat'), folder.has('hooked')]).toEqual([false, false]);
  });
});

import {readFileSync} from 'node:fs';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {WorkFolder} from './work-folder.ts';
import {exampleText, workedExamples} from './worked-example.ts';

let folder: WorkFolder;

beforeEach(() => {
  folder = new WorkFolder();
});

afterEach(() => {
  folder.remove();
});

describe('worked examples', () => {
  for (const example of workedExamples()) {
    it(`${example.number} ${example.title}`, async () => {
      folder.write('r.logpro', example.rules);
      const {result, exitCode, status} = await folder.run(example.log, {now: example.now});
      expect({exitCode, status}).toEqual({exitCode: example.exitCode, status: example.status});
      const message = /^message (.*)$/m.exec(folder.read('summary.dat'))?.[1];
      expect(message).toBe(example.message);
      for (const {rule, section, hits, values} of example.counts) {
        const found = result?.rules.find(
          (one) => one.rule.number === rule && (section === undefined || one.rule.section === section),
        );
        expect(found).toMatchObject({hits, ...values});
      }
      if (example.counts.length === 0) {
        expect(result?.rules).toEqual([]);
      }
    });
  }
});

describe('worked examples of broken rules', () => {
  const heading = '\nERROR: Syntax error in your command file!\n\n =>  ';

  it('B1 unknown form', async () => {
    folder.write('r.logpro', '(expect:fatal in logfile = 0 "e" #/zzz/)\n');
    const {exitCode, output, result} = await folder.run('zzz\n');
    expect(output).toContain(`${heading}r.logpro:1: unbound variable: expect:fatal`);
    expect(output).toContain('     at r.logpro:1:1\n  (expect:fatal in logfile = 0 "e" #/zzz/)\n  ^\n');
    expect([exitCode, result]).toEqual([1, undefined]);
  });

  it('B2 parenthesis never closed', async () => {
    folder.write('r.logpro', '(expect:error in logfile = 0 "e" #/zzz/\n');
    const {exitCode, output} = await folder.run('zzz\n');
    expect(output).toMatch(/ => {2}r\.logpro:1: .*never closed/);
    expect(exitCode).toBe(1);
  });

  it('B3 bad pattern literal', async () => {
    folder.write('r.logpro', '(expect:error in logfile = 0 "e" #/a(b/)\n');
    const {exitCode, output} = await folder.run('zzz\n');
    expect(output).toContain('the pattern /a(b/ is not valid');
    expect(exitCode).toBe(1);
  });

  it('B4 COUNT is a string', async () => {
    folder.write(
      'r.logpro',
      '(expect:error in logfile = "0" "e" #/zzz/)\n(expect:warning in logfile = 0 "w" #/ok/)\n',
    );
    const {exitCode, status, output, result} = await folder.run('ok\n');
    expect(output).toContain('ERROR: value must be a number, in expect:error at r.logpro:1:1\n');
    expect(result?.rules.map(({rule, hits}) => [rule.number, hits])).toEqual([[1, 1]]);
    expect([exitCode, status]).toEqual([1, 'FAIL']);
    expect(output).toMatch(/\nERROR: Logpro error, probably in your command file\.\n$/);
  });

  it('B5 exit in the rules', async () => {
    folder.write('r.logpro', '(expect:error in logfile = 0 "e" #/x/)\n(exit 2)\n');
    const {exitCode} = await folder.run('x\n', {htmlPath: 'out.html'});
    expect([exitCode, folder.read('out.html'), folder.read('out.dat')]).toEqual([2, '', '']);
  });
});

describe('other worked examples', () => {
  it('W1 waiver file', async () => {
    folder.write('w.logpro', '(expect:waive in logfile = 0 "ticket 77" #/ERROR 77/)');
    folder.write('main.logpro', '(expect:error in logfile = 0 "errors" #/ERROR/)');
    const {exitCode, status, result} = await folder.run('ERROR 77\n', {
      rulesPath: 'main.logpro',
      htmlPath: 'out.html',
      waiverPath: 'w.logpro',
    });
    expect([exitCode, status]).toEqual([4, 'WAIVE']);
    expect(result?.rules.map(({rule, hits}) => [rule.number, hits])).toEqual([
      [0, 1],
      [1, 0],
    ]);
    expect(folder.read('out.dat')).toContain('message waive: ticket 77\n');
  });

  it('16.1 standard output in full', async () => {
    folder.write(
      'r.logpro',
      `(expect:ignore   in "LogFileBody" >= 0 "known noise"  #/error budget/)
(expect:required in "LogFileBody" >= 1 "finish line"  #/^done in \\d+ s$/)
(expect:warning  in "LogFileBody" = 0 "no warnings"   #/warn/i)
(expect:error    in "LogFileBody" = 0 "no errors"     (list #/ERROR/ #/error/))
`,
    );
    const log = 'start\nerror budget 3\nWarning: slow disk\ndone in 12 s\n';
    const {exitCode, output} = await folder.run(log, {htmlPath: 'out.html'});
    expect(exitCode).toBe(2);
    expect(output).toBe(`LOGPRO: hit trigger LogFileBodyStart on line 0
start
LOGPRO Ignore: known noise >= 0 in section LogFileBody on line 1
error budget 3
LOGPRO Warning: no warnings = 0 in section LogFileBody on line 2
Warning: slow disk
LOGPRO Required: finish line >= 1 in section LogFileBody on line 3
done in 12 s
==========================LOGPRO SUMMARY==========================
Trigger: LogFileBodyStart              OK, count=1

Expects for LogFileBody section: 
Expect: rule-0 Ignore   in LogFileBody    OK, expected >= 0 of known noise, got 1, rx=/error budget/
Expect: rule-1 Required in LogFileBody    OK, expected >= 1 of finish line, got 1, rx=/^done in \\d+ s$/
Expect: rule-2 Warning  in LogFileBody  FAIL, expected = 0 of no warnings, got 1, rx=/warn/i
Expect: rule-3 Error    in LogFileBody    OK, expected = 0 of no errors, got 0, rx=/ERROR/, /error/
`);
    expect(folder.read('out.dat')).toBe(
      '[final]\nexit-code 2\nexit-status WARN\nmessage warning: no warnings\n',
    );
    const html = folder.read('out.html');
    expect(html).toContain(`<pre>
<a name="LogFileBodyStart"></a><a href="#LogFileBodyStart_table" class="trigger LogFileBodyStart">start</a>
<a name="key_0_1"></a><a href="#key_0_2" class="ignore">error budget 3</a>
<a name="key_2_1"></a><a href="#key_2_2" class="warning">Warning: slow disk</a>
<a name="key_1_1"></a><a href="#key_1_2" class="required">done in 12 s</a>
<a name="summary"></a>
`);
    expect(html).toContain(
      '<tr><td class="warning"><a name="key_2_2"></a><a href="#key_2_1">rule-2</a></td><td class="warning">Warning</td>' +
        '<td bgcolor="red">FAIL</td><td>=</td><td>0</td><td>no warnings</td><td>1</td><td>/warn/i</td></tr>',
    );
  });

  it('16.2 value rules and .dat', async () => {
    folder.write(
      'r.logpro',
      `(expect:value in "LogFileBody" 10 1 "temp" #/t=(\\S+)/)
(expect:value in "LogFileBody" 50 < "ms"   #/took (\\d+) ms/)
`,
    );
    const {exitCode, output} = await folder.run('t=10\nt=12\nt=9.5\ntook 49 ms\n');
    expect(exitCode).toBe(1);
    expect(folder.read('summary.dat')).toBe(`[rule-0]
operator in
section LogFileBody
desc temp
status FAIL
expected 10
measured 9.5
type +/-
tolerance 1
pass 2
fail 1

[rule-1]
operator in
section LogFileBody
desc ms
status OK
expected 50
measured 49
type <
pass 1
fail 0

[final]
exit-code 1
exit-status FAIL
message value: temp
`);
    for (const line of [
      'LOGPRO Value: temp 10 +/- got 12 which is FAIL 10 in section LogFileBody on line 1',
      'LOGPRO Value: ms  < 50 got 49 which is PASS 50 in section LogFileBody on line 3',
      'Expect: rule-0 Value    in LogFileBody  FAIL, expected 10 +/- 1 got 9.5, 2 pass, 1 fail, rx=/t=(\\S+)/',
      'Expect: rule-1 Value    in LogFileBody    OK, expected <  50 got 49, 1 pass, 0 fail, rx=/took (\\d+) ms/',
    ]) {
      expect(output.split('\n')).toContain(line);
    }
  });

  it('16.3 hooks', async () => {
    folder.write(
      'r.logpro',
      `(hook:add "say"  "echo got '#{m1}' from #{escaped line}")
(hook:add "once" "echo first: #{msg}" one-time: #t)
(hook:add "val"  "echo #{message}: #{measured} vs #{expected} #{tolerance}")
(expect:error   in logfile = 0 "bad" #/bad (\\w+)/ hook: "say")
(expect:warning in logfile = 0 "w" #/warn/ hook: "once")
(expect:value   in logfile 10 1 "temp" #/t=(\\d+)/ hook: "val")
`,
    );
    const {stdout} = await folder.command(['r.logpro'], 'bad thing is ok\nwarn 1\nwarn 2\nt=12\nt=9\n');
    expect(stdout.toString()).toContain(`LOGPRO Error: bad = 0 in section LogFileBody on line 0
ERRMSG HOOK CALLED: echo got 'thing' from 'bad thing'
got thing from bad thing
bad thing is ok
LOGPRO Warning: w = 0 in section LogFileBody on line 1
NONERR HOOK CALLED: echo first: warn 1
first: warn 1
warn 1
LOGPRO Warning: w = 0 in section LogFileBody on line 2
warn 2
`);
    expect(stdout.toString()).toContain(`VALUE HOOK CALLED: echo temp: 9 vs 10 1
temp: 9 vs 10 1
Expect: rule-2 Value    in LogFileBody  FAIL, expected 10 +/- 1 got 9, 1 pass, 1 fail, rx=/t=(\\d+)/
`);
  });
});

describe('the table of worked examples', () => {
  const table = readFileSync(new URL('worked-examples.md', import.meta.url), 'utf8');
  const rows = [...table.matchAll(/^\| ([EBW]?[\d.]+) \| (\S+) \| (.+?) \|$/gm)];
  const numbers = [...exampleText.matchAll(/^([EBW]\d+) /gm)].map(([, number]) => number);

  it('names every example of the specification once', () => {
    expect(rows.map(([, number]) => number)).toEqual([...numbers, '16.1', '16.2', '16.3']);
  });

  it.each(rows.map(([, number = '', file = '', title = '']) => ({number, file, title})))(
    '$number is a test of that name in $file',
    ({number, file, title}) => {
      const source = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
      const isGenerated = workedExamples().some((one) => `${one.number} ${one.title}` === title);
      expect(isGenerated || source.includes(`'${title}'`)).toBe(true);
      expect(title.startsWith(`${number} `)).toBe(true);
    },
  );
});

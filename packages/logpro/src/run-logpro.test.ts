import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {Readable} from 'node:stream';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {runLogpro} from './run-logpro.ts';

let cwd = '';

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'logpro-'));
});

afterEach(() => {
  rmSync(cwd, {recursive: true});
});

async function check(rules: string, log: string) {
  writeFileSync(join(cwd, 'r.logpro'), rules, 'latin1');
  let output = '';
  const outcome = await runLogpro({
    rulesPath: 'r.logpro',
    log: Readable.from([Buffer.from(log, 'latin1')]),
    htmlPath: 'r.html',
    cwd,
    env: {},
    output: (bytes) => {
      output += bytes.toString('latin1');
    },
  });
  const read = (name: string) => readFileSync(join(cwd, name), 'latin1');
  return {...outcome, output, dat: read('r.dat'), html: read('r.html')};
}

const error = '(expect:error in "LogFileBody" = 0 "no errors" #/error/i)';

describe('verdicts', () => {
  const cases: readonly (readonly [string, string, string, number, string])[] = [
    ['an error line fails', error, 'fine\nERROR: x\n', 1, 'FAIL'],
    ['no error line passes', error, 'fine\n', 0, 'PASS'],
    [
      'an ignore before the error shields it',
      `(expect:ignore in "LogFileBody" < 99 "known" #/error 7/)${error}`,
      'error 7\n',
      0,
      'PASS',
    ],
    [
      'an ignore after the error does not',
      `${error}(expect:ignore in "LogFileBody" < 99 "known" #/error 7/)`,
      'error 7\n',
      1,
      'FAIL',
    ],
    [
      'a required line that is missing fails',
      '(expect:required in "LogFileBody" > 0 "done" #/^done$/)',
      'not yet\n',
      1,
      'FAIL',
    ],
    ['a warning warns', '(expect:warning in "LogFileBody" = 0 "quiet" #/warn/)', 'warn\n', 2, 'WARN'],
    [
      'check beats fail',
      `(expect:check in "LogFileBody" = 0 "look" #/odd/)${error}`,
      'odd\nerror\n',
      3,
      'CHECK',
    ],
    [
      'abort beats check',
      '(expect:abort in "LogFileBody" = 0 "a" #/a/)(expect:check in "LogFileBody" = 0 "c" #/c/)',
      'a\nc\n',
      5,
      'ABORT',
    ],
    [
      'a value within its tolerance passes',
      '(expect:value in "LogFileBody" 10 2 "v" #/v=(\\d+)/)',
      'v=11\n',
      0,
      'PASS',
    ],
    ['a value outside fails', '(expect:value in "LogFileBody" 10 2 "v" #/v=(\\d+)/)', 'v=13\n', 1, 'FAIL'],
    [
      'a value that never came fails',
      '(expect:value in "LogFileBody" 10 2 "v" #/v=(\\d+)/)',
      '\n',
      1,
      'FAIL',
    ],
    ['an exit in the rules is the exit code', '(exit 3)', 'x\n', 3, 'CHECK'],
  ];
  it.each(cases)('%s', async (_, rules, log, exitCode, status) => {
    expect(await check(rules, log)).toMatchObject({exitCode, status});
  });
});

describe('sections', () => {
  const rules = `(trigger "Start" #/^begin/)(trigger "End" #/^end/)(section "Part" "Start" "End")
    (expect:error in "Part" = 0 "no x" #/x/)`;
  it('the start line belongs to a section, the end line does not', async () => {
    expect((await check(rules, 'x\nend x\n')).exitCode).toBe(0);
    expect((await check(rules, 'begin x\n')).exitCode).toBe(1);
    expect((await check(rules, 'begin\nend x\nx\n')).exitCode).toBe(0);
  });
});

describe('what it leaves', () => {
  it('marks lines on the output, counts in the summary, and names the deciding lines', async () => {
    const {output, dat, html, deciding} = await check(error, 'one\nError: <b>\n');
    expect(output).toContain('LOGPRO Error: no errors = 0 in section LogFileBody on line 1\nError: <b>\n');
    expect(output).toContain(
      'Expect: rule-0 Error    in LogFileBody  FAIL, expected = 0 of no errors, got 1, rx=/error/i\n',
    );
    expect(dat).toBe('[final]\nexit-code 1\nexit-status FAIL\nmessage error: no errors\n');
    expect(html).toContain('<a name="key_0_1"></a><a href="#key_0_2" class="error">Error: &lt;b&gt;</a>');
    expect(html).toContain('EXIT CODE: 1 (FAIL)');
    expect(deciding).toEqual([{line: 1, text: 'Error: <b>', rule: 'no errors'}]);
  });

  it('writes a block for each value rule', async () => {
    const {dat} = await check(
      '(expect:value in "LogFileBody" 1.9 0.5 "speed" #/speed (\\S+)/)',
      'speed 2.0\n',
    );
    expect(dat).toBe(
      '[rule-0]\noperator in\nsection LogFileBody\ndesc speed\nstatus OK\nexpected 1.9\nmeasured 2.0\ntype +/-\ntolerance 0.5\npass 1\nfail 0\n\n[final]\nexit-code 0\nexit-status PASS\n',
    );
  });
});

describe('bad input', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['an unclosed rule', '(expect:error in "LogFileBody"', 'r.logpro:1: this list is never closed'],
    ['an unknown form', '\n(expects:error 1)', 'r.logpro:2: unbound variable: expects:error (not supported)'],
    [
      'too few arguments',
      '(expect:error in "LogFileBody" = 0)',
      'r.logpro:1: expect:error takes WHERE SECTION OP COUNT NAME PATTERN, got 4 arguments',
    ],
    [
      'a pattern that does not compile',
      '(expect:error in "LogFileBody" = 0 "x" #/(/)',
      'r.logpro:1: the pattern /(/ is not valid',
    ],
  ];
  it.each(cases)('%s gets file and line, exit code 1, and a .dat that says so', async (_, rules, message) => {
    const outcome = await check(rules, 'x\n');
    expect(outcome.exitCode).toBe(1);
    expect(outcome.output).toContain(message);
    expect(outcome.dat).toContain(`message rules error: ${message}`);
  });

  it('bytes that are no UTF-8, NUL bytes and lone carriage returns pass through and count as lines', async () => {
    const {output, exitCode} = await check(error, 'a\xff\x00b\rerror\r\nlast');
    expect(output).toContain(
      'a\xff\x00b\nLOGPRO Error: no errors = 0 in section LogFileBody on line 1\nerror\nlast\n',
    );
    expect(exitCode).toBe(1);
  });
});

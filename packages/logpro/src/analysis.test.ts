import {describe, expect, it} from 'vitest';
import {LogAnalysis, type LogResult} from './analysis.ts';
import {loadRules} from './rules.ts';
import {harmlessWorld} from './rules-world.ts';

function analyse(rules: string, lines: readonly string[]): LogResult {
  const world = harmlessWorld({cwd: '/', env: {}, now: new Date(2026, 0, 1)});
  const analysis = new LogAnalysis(loadRules([{name: 'r.logpro', text: rules}], world));
  for (const line of lines) {
    analysis.line(line);
  }
  return analysis.finish();
}

describe('where the report opens', () => {
  const cases: readonly (readonly [
    name: string,
    rules: string,
    lines: readonly string[],
    anchor: string | undefined,
    deciding: readonly number[],
  ])[] = [
    ['nothing failed', '(expect:error in logfile = 0 "e" #/x/)', ['a'], undefined, []],
    ['the first error line', '(expect:error in logfile = 0 "e" #/x/)', ['a', 'x', 'x'], 'key_0_1', [1, 2]],
    [
      'the line that was one too many',
      '(expect:error in logfile < 2 "e" #/x/)',
      ['x', 'a', 'x'],
      'key_0_2',
      [2],
    ],
    ['one more than wanted', '(expect:required in logfile = 1 "e" #/x/)', ['x', 'a', 'x'], 'key_0_2', [2]],
    [
      'the row of a line that is missing',
      '(expect:required in logfile = 3 "e" #/x/)',
      ['x', 'x'],
      'key_0_3',
      [],
    ],
    [
      'what decides, not what fails first',
      '(expect:warning in logfile = 0 "w" #/w/)(expect:error in logfile = 0 "e" #/x/)',
      ['w', 'x'],
      'key_1_1',
      [1],
    ],
    [
      'a line, although a missing one stands before it in the summary',
      '(expect:required in logfile > 0 "r" #/r/)(expect:error in logfile = 0 "e" #/x/)',
      ['x'],
      'key_1_1',
      [0],
    ],
    [
      'the first value that is wrong',
      '(expect:value in logfile 1 0 "v" #/v=(.)/)',
      ['v=1', 'v=2'],
      'key_0_2',
      [1],
    ],
    ['a failing note decides nothing', '(expect:note in logfile = 0 "n" #/x/)', ['x'], undefined, []],
    [
      'hits of a rule for several sections are numbered through',
      '(trigger "B" #/^begin/)(section "S" "B" "E")(expect:note in (list "S" logfile) >= 0 "n" #/n/)(expect:error in (list logfile "S") = 0 "e" #/x/)',
      ['n', 'begin', 'n', 'x'],
      'key_1_1',
      [3],
    ],
  ];
  it.each(cases)('%s', (_, rules, lines, anchor, deciding) => {
    const result = analyse(rules, lines);
    expect([result.anchor, result.deciding.map(({line}) => line)]).toEqual([anchor, deciding]);
  });
});

describe('sections', () => {
  const marked = '(expect:note in "S" >= 0 "in" #/x/)(expect:note not-in "S" >= 0 "out" #/x/)';
  const cases: readonly (readonly [
    name: string,
    rules: string,
    log: string,
    inside: number,
    outside: number,
  ])[] = [
    [
      'open again as often as their triggers fire',
      `(trigger-with-limit "B" 2 #/b/)(trigger-with-limit "E" 2 #/e/)(section "S" "B" "E")${marked}`,
      'b x e x b x e x b x',
      2,
      3,
    ],
    [
      'a trigger without patterns, or of limit 0, never fires',
      `(trigger "B")(trigger-with-limit "B" 0 #/b/)(section "S" "B" "E")${marked}`,
      'b x',
      0,
      1,
    ],
    [
      'one trigger at both ends only opens',
      `(trigger-with-limit "B" 9 #/b/)(section "S" "B" "B")${marked}`,
      'x b x b x',
      2,
      1,
    ],
    [
      'of two definitions either opens and either closes',
      `(trigger "B" #/b/)(trigger "C" #/c/)(trigger "E" #/e/)(section "S" "B" "E")(section "S" "C" "F")${marked}`,
      'x b x c x e x',
      2,
      2,
    ],
    [
      'triggers take lists of patterns, too',
      `(trigger "B" (list #/q/ #/b/))(section "S" "B" "E")${marked}`,
      'b x',
      1,
      0,
    ],
    ['a section that nothing defines is neither open nor closed', marked, 'x', 0, 0],
  ];
  it.each(cases)('%s', (_, rules, log, inside, outside) => {
    const {rules: results} = analyse(rules, log.split(' '));
    expect(results.map(({hits}) => hits)).toEqual([inside, outside]);
  });
});

describe('values', () => {
  const cases: readonly (readonly [text: string, measured: string, passes: boolean])[] = [
    ['10', '10', true],
    ['+10', '10', true],
    ['11.0', '11.0', true],
    ['9.', '9.0', true],
    ['.5', '0.5', false],
    ['1e1', '10.0', true],
    ['21/2', '10.5', true],
    ['0.10', '0.1', false],
    ['+inf.0', '+inf.0', false],
    ['-inf.0', '-inf.0', false],
    ['+nan.0', '+nan.0', false],
    ['#xA', '10', true],
    ['1,000', '1,000', false],
    ['0xA', '0xA', false],
    ['12ms', '12ms', false],
    [' 5', ' 5', false],
    ['-', '-', false],
  ];
  it.each(cases)('%j is %j', (text, measured, passes) => {
    const {rules} = analyse('(expect:value in logfile 10 1 "v" #/v=(.*)$/)', [`v=${text}`]);
    expect(rules[0]).toMatchObject({measured, passed: passes ? 1 : 0, failed: passes ? 0 : 1});
  });

  it('a failing value counts for the kind that type: names', () => {
    expect(analyse(`(expect:value in logfile 1 0 "v" #/v=(.)/ type: 'warning)`, ['v=2'])).toMatchObject({
      exitCode: 2,
      message: 'warning: v',
    });
    expect(analyse(`(expect:error in logfile = 0 "v" #/v/ type: 'made-up)`, ['v'])).toMatchObject({
      exitCode: 0,
      message: 'made-up: v',
    });
  });

  it('group 0 is the whole match', () => {
    expect(analyse('(expect:value in logfile 1 0 "v" #/[0-9]/ matchnum: 0)', ['v=1']).exitCode).toBe(0);
  });
});

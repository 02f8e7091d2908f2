import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {checkRules} from './check-rules.ts';

let cwd = '';

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'logpro-'));
});

afterEach(() => {
  rmSync(cwd, {recursive: true});
});

/** Problems as a compiler prints them. */
function check(text: string, firstLine = 1): readonly string[] {
  return checkRules({name: 'r.logpro', text, firstLine}, {cwd, env: {}, now: new Date(2026, 0, 1)}).map(
    ({severity, message, place, hint}) =>
      `${place?.file}:${place?.line}:${place?.column}: ${severity}: ${message}${hint === undefined ? '' : ` (${hint})`}`,
  );
}

describe('problems in rules', () => {
  const cases: readonly (readonly [name: string, text: string, problems: readonly string[]])[] = [
    ['nothing', '(expect:error in logfile = 0 "e" #/x/ class: "c")', []],
    [
      'an unknown form',
      '\n  (expect:eror in logfile = 0 "e" #/x/)',
      ['r.logpro:2:3: error: unbound variable: expect:eror (not supported) (did you mean expect:error?)'],
    ],
    ['an open list', '(list 1)\n (list', ['r.logpro:2:2: error: this list is never closed']],
    [
      'too few arguments',
      '(expect:error in logfile = 0)',
      ['r.logpro:1:1: error: expect:error takes WHERE SECTION OP COUNT NAME PATTERN, got 4 arguments'],
    ],
    [
      'a bad pattern',
      '(trigger "t" "a(")',
      ['r.logpro:1:1: error: the pattern /a(/ is not valid: a group (...) is never closed'],
    ],
    [
      'a rule that cannot be registered, and what comes after it',
      '(expect:error 1 logfile = 0 "e" #/x/)\n(expect:error in \'x = 0 "e" #/x/)\n(expect:error in logfile 0 0 "e" #/x/)\n(expect:error in logfile = 0 \'e #/x/)\n(expect:error in logfile = 0 "e" #/x/ expires: 1)\n(expect:value in logfile "1" 0 "e" #/(x)/)',
      [
        'r.logpro:1:1: error: expect:error: where must be a symbol: in or not-in',
        'r.logpro:2:1: error: expect:error: section must be a string or a list of strings',
        'r.logpro:3:1: error: expect:error: comparison must be one of = < > <= >=',
        'r.logpro:4:1: error: expect:error: name must be a string',
        'r.logpro:5:1: error: expect:error: expires must be a string',
        'r.logpro:6:1: error: expect:value: expected must be a number',
      ],
    ],
    [
      'TOL that is neither',
      '(expect:value in logfile 1 "1" "e" #/(x)/)',
      ['r.logpro:1:1: error: expect:value: TOL must be a number or one of < > <= >= =, got 1'],
    ],
    [
      'arguments that are passed over',
      '(expect:error in logfile = 0 "e" #/x/ match: 1 class: "a" class: "b")\n(expect:error in logfile = 0 "e" #/x/ #/y/ class: "a")',
      [
        'r.logpro:1:1: warning: expect:error: the keyword match: is not known and ignored',
        'r.logpro:1:1: warning: expect:error: the keyword class: is given twice, the first one counts',
        'r.logpro:2:1: warning: expect:error: the argument /y/ is ignored, and so is the one behind it',
        'r.logpro:2:1: warning: expect:error: the argument a is ignored, and so is the one behind it',
      ],
    ],
    [
      'names that nothing has',
      '(trigger "Start" #/x/)\n(section "Part" "Strat" "End")\n(expect:error in "Prat" = 0 "e" #/x/ hook: "h")',
      [
        'r.logpro:2:1: warning: no trigger is named "Strat", so the section "Part" never opens',
        'r.logpro:3:1: warning: no section is named "Prat", so the rule "e" never matches',
        'r.logpro:3:1: warning: no hook is named "h"',
      ],
    ],
    [
      'a value without a group',
      '(expect:value in logfile 1 0 "v" #/v=\\d+/)',
      [
        'r.logpro:1:1: warning: the pattern has no group 1 to take the value from, so "v" always fails (put (...) around the number)',
      ],
    ],
    [
      'dates',
      '(expect:error in logfile = 0 "a" #/x/ expires: "06/30/2020")\n(expect:error in logfile = 0 "b" #/x/ expires: "soon")\n(expect:error in logfile = 0 "c" #/x/ expires: "13/45/2020")',
      [
        'r.logpro:1:1: note: the rule "a" expired on 06/30/2020 and is left out',
        "r.logpro:2:1: warning: Couldn't parse date: soon, date should be MM/DD/YY",
        'r.logpro:3:1: error: expires: 13/45/2020 is no date, it should be MM/DD/YYYY',
      ],
    ],
    [
      'old names',
      '(hook:value "a" "b")\n(expect:error before logfile = 0 "e" #/x/)',
      [
        'r.logpro:1:1: warning: hook:value is obsolete and ignored',
        'r.logpro:2:1: warning: expect:error: "before" never matches: use in or not-in',
      ],
    ],
    ['an exit', '(exit 1)', []],
    [
      'a section of two',
      '(section "a" "b")',
      ['r.logpro:1:1: error: section takes a name, a start and an end trigger, got 2 arguments'],
    ],
    ['a loop without end', '(define (f) (f)) (f)', [expect.stringContaining('r.logpro:1:')]],
  ];
  it.each(cases)('%s', (_, text, problems) => {
    expect(check(text)).toEqual(problems);
  });

  it('have the line of the file that the rules stand in', () => {
    expect(check('(list 1)\n(nope)', 10)).toEqual([
      'r.logpro:11:1: error: unbound variable: nope (not supported)',
    ]);
  });

  it('are found in files that are loaded, and have the text of their line', () => {
    writeFileSync(join(cwd, 'a.logpro'), '(load "b.logpro")');
    writeFileSync(join(cwd, 'b.logpro.scm'), '\n\t(expect:error in logfile = 0)');
    expect(checkRules('a.logpro', {cwd})).toMatchObject([
      {place: {file: 'b.logpro.scm', line: 2, column: 2, lineText: '\t(expect:error in logfile = 0)'}},
    ]);
  });

  it('a file that loads itself, or is not there', () => {
    writeFileSync(join(cwd, 'a.logpro'), '(load "a.logpro")');
    expect(checkRules('a.logpro', {cwd})).toMatchObject([{message: 'files load one another without end'}]);
    expect(checkRules('none.logpro', {cwd})).toMatchObject([{message: 'none.logpro cannot be read'}]);
  });

  it('commands in the rules are not run', () => {
    expect(check('(system "touch done") (create-directory "made" #t)')).toEqual([]);
    expect(checkRules('done', {cwd})).toMatchObject([{severity: 'error'}]);
  });
});

import {describe, expect, it} from 'vitest';
import type {Host} from './host.ts';
import {Interpreter} from './interpreter.ts';
import {SchemeError} from './scheme-error.ts';
import {display} from './values.ts';

function interpret(code: string, env: Record<string, string> = {}): string {
  const host: Host = {
    getenv: (name) => env[name],
    setenv: () => {},
    print: () => {},
    system: () => 0,
    createDirectory: () => {},
    fileExists: () => false,
    isDirectory: () => false,
    currentDirectory: () => '/here',
    hostName: () => 'nova',
    nowS: () => 0,
    processorCount: () => 4,
  };
  return display(new Interpreter({host, limits: {maxSteps: 2_000_000}}).evaluate(code));
}

describe('scheme.md 3.4: what is visible', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['(conc 2.0 " " 110e9 " " 1e21 " " 1.5e-7)', '2.0 110000000000.0 1e+21 1.5e-07'],
    ['(conc "a" 1 \'b #t #f (list 1 "x" #\\c))', 'a1b#t#f(1 x c)'],
    ['(conc (if #f #f))', '#<unspecified>'],
    ['(conc (getenv "NOT_SET"))', '#f'],
    ['(list (/ 10 4) (/ 10 5) (* 2 1.5) (max 1 2.0))', '(2.5 2 3.0 2.0)'],
    ['(list (string->number "1e3") (string->number "abc"))', '(1000.0 #f)'],
    ['(string-split "a b  c")', '(a b c)'],
    ['(length (string-split "a:b::c" ":" #t))', '4'],
    ['(string-intersperse (list "a" "b"))', 'a b'],
    ['(string-match "^a(.*)$" "abc")', '(abc bc)'],
    ['(string-search "b(.)" "abc")', '(bc c)'],
    ['(string-substitute "o" "0" "foo boo")', 'f0o boo'],
    ['(string-substitute "o" "0" "foo boo" #t)', 'f00 b00'],
    ['(string-translate "a b" " " "_")', 'a_b'],
    ['(alist-ref "b" \'(("a" . 1) ("b" . 2)) equal?)', '2'],
  ];
  it.each(cases)('%s', (code, printed) => {
    expect(interpret(code)).toBe(printed);
  });
});

describe('scheme.md 4.3: config expressions', () => {
  const idiom = `(string-intersperse (map (lambda (n) (conc "w/" n)) (sort
    (let loop ((i 0) (res '())) (if (< i (any->number (or (getenv "NUMTESTS") "2500"))) (loop (+ i 1) (cons i res)) res)) <)) " ")`;
  const cases: readonly (readonly [string, Record<string, string>, string])[] = [
    ['(+ 5 6 7)', {}, '18'],
    ['(if (getenv "USEHTTP") "http" "fs")', {}, 'fs'],
    ['(or (getenv "BASE") "/tmp/ann")', {}, '/tmp/ann'],
    [
      '(case (string->symbol (conc (getenv "d"))) ((none) "nbfake") (else "sleeprunner"))',
      {d: 'none'},
      'nbfake',
    ],
    ['(case (string->symbol (conc (getenv "d"))) ((none) "nbfake") (else "sleeprunner"))', {}, 'sleeprunner'],
    ['(max (- (common:get-num-cpus #f) 2) 1)', {}, '2'],
    [idiom, {NUMTESTS: '2'}, 'w/0 w/1'],
    ['(env:min-path "/opt/x:/bin" "/bin:/usr/bin")', {}, '/opt/x:/bin:/usr/bin'],
  ];
  it.each(cases)('%s', (code, env, printed) => {
    expect(interpret(code, env)).toBe(printed);
  });
});

describe('the evaluator', () => {
  it('knows internal defines, closures, named let, rest and optional parameters', () => {
    expect(interpret('(define (f x #!optional (y 7) . z) (list x y z)) (list (f 1) (f 1 2 3 4))')).toBe(
      '((1 7 ()) (1 2 (3 4)))',
    );
    expect(
      interpret('(define (make) (let ((n 0)) (lambda () (set! n (+ n 1)) n))) (define c (make)) (c) (c)'),
    ).toBe('2');
    expect(interpret('`(1 ,(+ 1 1) ,@(list 3 4))')).toBe('(1 2 3 4)');
  });

  it('runs a long tail loop without growing the stack', () => {
    expect(interpret('(let loop ((i 0)) (if (< i 100000) (loop (+ i 1)) i))')).toBe('100000');
  });

  const mistakes: readonly (readonly [string, string, number | undefined])[] = [
    ['(car 5)', 'car: expected a list, got 5', 1],
    ['\n (nothing 1)', 'unbound variable: nothing (not supported)', 2],
    ['(list 1', 'this list is never closed', 1],
    ['"abc', 'this string is never closed', 1],
    [')', '")" closes nothing', 1],
    ['(define (f) (+ 1 (f))) (f)', 'calls are nested too deeply: this looks like a recursion without end', 1],
    ['(let loop () (loop))', 'gave up after 2000000 steps: this looks like a loop without end', 1],
  ];
  it.each(mistakes)('says what is wrong with %j and where', (code, message, line) => {
    let error: unknown;
    try {
      interpret(code);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(SchemeError);
    expect(error).toMatchObject({message, line});
  });
});

/** The worked examples of scheme.md, and what the language promises beyond them. */
import {describe, expect, it} from 'vitest';
import {Interpreter} from './interpreter.ts';
import {SchemeReader} from './reader.ts';
import {SchemeExit} from './scheme-error.ts';
import {interpret, quietHost} from './testing-host.ts';
import {Keyword, Pattern, type Value, write} from './values.ts';

describe('scheme 3.4 what is visible', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['(conc 2.0 " " 110e9 " " 1e21 " " 1.5e-7)', '2.0 110000000000.0 1e+21 1.5e-07'],
    ['(conc "a" 1 \'b #t #f (list 1 "x" #\\c))', 'a1b#t#f(1 x c)'],
    ['(conc (if #f #f))', '#<unspecified>'],
    ['(conc (unsetenv "X"))', '#<unspecified>'],
    ["(conc (for-each print '()))", '#<unspecified>'],
    ['(conc (getenv "NOT_SET"))', '#f'],
    ['(list (/ 10 4) (/ 10 5) (* 2 1.5) (max 1 2.0))', '(2.5 2 3.0 2.0)'],
    ['(list (string->number "1e3") (string->number "abc"))', '(1000.0 #f)'],
    ['(string-split "a b  c")', '(a b c)'],
    ['(string-split "a:b::c" ":")', '(a b c)'],
    ['(string-split "a:b::c" ":" #t)', '(a b  c)'],
    ['(string-intersperse (list "a" "b"))', 'a b'],
    ['(create-directory "/x/y" #t)', '/x/y'],
    ['(map + (list 1 2 3) (list 10 20))', '(11 22)'],
    ['(sort (list 3 1 2) <)', '(1 2 3)'],
    ['(string-match "^a(.*)$" "abc")', '(abc bc)'],
    ['(string-match "b" "abc")', '#f'],
    ['(string-match "a(x)?bc" "abc")', '(abc #f)'],
    ['(string-search "b(.)" "abc")', '(bc c)'],
    ['(string-substitute "o" "0" "foo boo")', 'f0o boo'],
    ['(string-substitute "o" "0" "foo boo" #t)', 'f00 b00'],
    ['(string-substitute "f(.)" "\\\\1f" "foo")', 'ofo'],
    ['(system "cmd")', '0'],
    ['(string-translate "a b" " " "_")', 'a_b'],
    ['(alist-ref "b" \'(("a" . 1) ("b" . 2)) equal?)', '2'],
  ];
  it.each(cases)('scheme 3.4 %s', (code, printed) => {
    expect(interpret(code)).toBe(printed);
  });

  it('scheme 3.4 (print a b c) writes all arguments and a line break', () => {
    const printed: string[] = [];
    interpret('(print "a" 1 (list 2 "b"))', {host: quietHost({}, {print: (text) => printed.push(text)})});
    expect(printed.join('')).toBe('a1(2 b)\n');
  });
});

describe('scheme 8 the reader', () => {
  const read = (text: string, allowsPatterns = false): Value | undefined =>
    new SchemeReader(text, {allowsPatterns}).next();

  it('scheme 8 patterns', () => {
    expect(read('#/a\\/b/i', true)).toEqual(new Pattern('a\\/b', 'i'));
    expect(read('#r{a/b}', true)).toEqual(new Pattern('a/b', ''));
    expect(read('#/a/ix', true)).toEqual(read('#/a/xi', true));
    const reader = new SchemeReader('(x #/x[/]y/)', {allowsPatterns: true});
    expect(() => reader.next()).toThrow('"]" closes a list that "(" opened');
  });

  const data: readonly (readonly [string, string])[] = [
    ['"a\\\\d\\"q\\""', '"a\\\\d\\"q\\""'],
    ["'(1 ;; two\n2)", '(quote (1 2))'],
    ['(a . b)', '(a . b)'],
    ['(list 1 #;2 3)', '(list 1 3)'],
    ['#| a #| b |# c |# x', 'x'],
    ['[a (b) c]', '(a (b) c)'],
    ['#(1 "b")', '#(1 "b")'],
    ['(#x1F #b101 #o17 #d9 1/2 4/2 +inf.0)', '(31 5 15 9 0.5 2 +inf.0)'],
    ['"a\\\n   b\\x41"', '"abA"'],
    ['#<<END\none\ntwo\nEND', '"one\\ntwo"'],
    ['|a b|', 'a b'],
    ['(#\\a #\\space #\\x41)', '(#\\a #\\  #\\A)'],
  ];
  it.each(data)('scheme 8 reads %j', (text, written) => {
    expect(write(read(text) ?? false)).toBe(written);
  });

  it('scheme 8 keywords', () => {
    expect(read('class:')).toEqual(new Keyword('class'));
    expect(read('#:class')).toEqual(new Keyword('class'));
    expect(write(read(':') ?? false)).toBe(':');
  });

  const mistakes: readonly (readonly [string, string, number, number])[] = [
    ['(define (f x)', 'this list is never closed', 1, 1],
    ['(a\n  "b', 'this string is never closed', 2, 3],
    ['(+ 1 2))', '")" closes nothing', 1, 8],
    ['#q', '"#q" is not known here', 1, 1],
  ];
  it.each(mistakes)('scheme 8 %j: %s', (text, message, line, column) => {
    const reader = new SchemeReader(text);
    const all = () => {
      while (reader.next() !== undefined) {
        // Every form is wanted.
      }
    };
    expect(caught(all)).toMatchObject({message, line, column});
  });
});

describe('scheme 8 evaluation', () => {
  const cases: readonly (readonly [string, string])[] = [
    ["(let loop ((i 3)(r '())) (if (= i 0) r (loop (- i 1) (cons i r))))", '(1 2 3)'],
    [
      '(define (range n m) (if (= n m) (list n) (cons n (range ((if (< n m) + -) n 1) m)))) (range 2 5)',
      '(2 3 4 5)',
    ],
    ['(apply + 1 2 (list 3 4))', '10'],
    ['(map + (list 1 2 3) (list 10 20))', '(11 22)'],
    ["(cond ((assv 2 '((1 . a) (2 . b))) => cdr) (else 0))", 'b'],
    ['(if \'() "true" "false")', 'true'],
    ['`(1 ,(+ 1 1) ,@(list 3 4))', '(1 2 3 4)'],
    ['((lambda (a #!key (k 5)) (+ a k)) 1 k: 2)', '3'],
    ['((lambda (a #!key (k 5)) (+ a k)) 1 z: 2)', '6'],
    ['((lambda (a #!optional (b 7)) (+ a b)) 1)', '8'],
    ['(handle-exceptions exn "bad" (car 5))', 'bad'],
    ['(do ((i 0 (+ i 1)) (s 0 (+ s i))) ((= i 4) s))', '6'],
    ['(let ((h (make-hash-table))) (hash-table-set! h "k" 1) (hash-table-ref/default h "k" 0))', '1'],
    ['(let loop ((i 0)) (if (< i 1000000) (loop (+ i 1)) i))', '1000000'],
  ];
  it.each(cases)('scheme 8 %s', (code, printed) => {
    expect(interpret(code)).toBe(printed);
  });

  const mistakes: readonly (readonly [string, string, number])[] = [
    ['\n(foo 1)', 'unbound variable: foo (not supported)', 2],
    ['((lambda (x) x) 1 2)', 'lambda: too many arguments, got 2', 1],
    ['("abc" 1)', 'call of something that is no procedure', 1],
    ['(+ 1 "a")', '+: expected a number, got a', 1],
    ['(define (f x) x)\n(list 1\n (f))', 'f: too few arguments, got 0', 3],
  ];
  it.each(mistakes)('scheme 8 %s: %s', (code, message, line) => {
    expect(caught(() => interpret(code))).toMatchObject({message, line});
  });
});

describe('the special forms', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['(define (f x #!optional (y 7) . z) (list x y z)) (list (f 1) (f 1 2 3 4))', '((1 7 ()) (1 2 (3 4)))'],
    ['(define (make) (let ((n 0)) (lambda () (set! n (+ n 1)) n))) (define c (make)) (c) (c)', '2'],
    ['(define (f) (define a 1) (define (g) (+ a b)) (define b 2) (g)) (f)', '3'],
    ['(let* ((a 1) (b (+ a 1))) (list a b))', '(1 2)'],
    [
      '(letrec ((even (lambda (n) (if (= n 0) #t (odd (- n 1))))) (odd (lambda (n) (if (= n 0) #f (even (- n 1)))))) (even 101))',
      '#f',
    ],
    ['(case 3 ((1 2) "low") ((3 4) "mid") (else "high"))', 'mid'],
    ["(case 'x ((1) 1))", '#<unspecified>'],
    ['(list (and) (or) (and 1 2) (or #f 3) (when #f 1) (unless #f 1 2))', '(#t #f 2 3 #<unspecified> 2)'],
    ['(let-values (((a b) (values 1 2)) ((c) (values 3))) (list a b c))', '(1 2 3)'],
    ['(receive (a . rest) (values 1 2 3) (list a rest))', '(1 (2 3))'],
    ["(let-optionals '(1) ((a 8) (b 9)) (list a b))", '(1 9)'],
    ['(map (cut + <> 10) (list 1 2))', '(11 12)'],
    ['((cut list 1 <...>) 2 3)', '(1 2 3)'],
    ['(define p (delay (begin (set! n (+ n 1)) n))) (define n 0) (list (force p) (force p))', '(1 1)'],
    ['(define f (case-lambda ((a) 1) ((a b) 2) ((a . r) 3))) (list (f 0) (f 0 0) (f 0 0 0))', '(1 2 3)'],
    ['(define p (make-parameter 1)) (list (p) (parameterize ((p 2)) (p)) (p))', '(1 2 1)'],
    ['(define-syntax swap (syntax-rules () ((_ a b) (list b a)))) (swap 1 2)', '(2 1)'],
    [
      '(define-syntax my-or (syntax-rules () ((_) #f) ((_ x) x) ((_ x y ...) (if x x (my-or y ...))))) (my-or #f #f 3)',
      '3',
    ],
    ['(call/cc (lambda (return) (for-each (lambda (x) (if (> x 1) (return x))) (list 1 2 3)) 0))', '2'],
    ['(handle-exceptions e ((condition-property-accessor \'exn \'message) e) (error "no" 5))', 'no 5'],
    ['(use regex) (import x) `#(1 ,(+ 1 1))', '#(1 2)'],
    ['(define (when x) (list "mine" x)) (when 1)', '(mine 1)'],
    ['(define (+ a b) (* a b)) (+ 3 4)', '12'],
  ];
  it.each(cases)('%s', (code, printed) => {
    expect(interpret(code)).toBe(printed);
  });
});

describe('limits', () => {
  it('a recursion of 50,000 calls is no problem', () => {
    expect(interpret('(define (f n) (if (= n 0) 0 (+ 1 (f (- n 1))))) (f 50000)')).toBe('50000');
  });

  const endless: readonly (readonly [string, string])[] = [
    ['(define (f) (+ 1 (f))) (f)', 'calls are nested too deeply: this looks like a recursion without end'],
    [
      '(define (f x) (map f (list x))) (f 1)',
      'calls are nested too deeply: this looks like a recursion without end',
    ],
    ['(let loop () (loop))', 'gave up after 20000 steps: this looks like a loop without end'],
    [
      '(let loop ((s "x")) (loop (string-append s s)))',
      'gave up: more than 10000 list members or characters were made',
    ],
    [
      '(let loop ((s (list 1))) (loop (append s s)))',
      'gave up: more than 10000 list members or characters were made',
    ],
    ['(iota 1000000000000)', 'gave up: more than 10000 list members or characters were made'],
  ];
  it.each(endless)('%s', (code, message) => {
    const limits = {maxSteps: 20_000, maxDepth: 1000, maxCells: 10_000};
    expect(caught(() => interpret(code, {limits}))).toMatchObject({message, line: 1});
  });

  it('the time limit ends a loop', () => {
    expect(() => interpret('(let loop () (loop))', {limits: {maxMs: 0}})).toThrow(
      'gave up after 0 seconds: this looks like a loop without end',
    );
  });

  it('exit unwinds to the program and cannot be caught', () => {
    expect(() => interpret('(handle-exceptions e 1 (exit 3))')).toThrow(SchemeExit);
  });

  it('what the host does not offer says so', () => {
    expect(() => interpret('(read-lines "/etc/passwd")')).toThrow('read-lines is not allowed here');
  });
});

describe('a body', () => {
  it('forgets what it defined, and reports what stands after a ) too many', () => {
    const interpreter = new Interpreter({host: quietHost()});
    expect(interpreter.evaluateBody('(define x 5) (+ x 1)) more')).toEqual({value: 6, surplus: ') more'});
    expect(() => interpreter.evaluateBody('x')).toThrow('unbound variable: x');
    expect(() => interpreter.evaluateBody(') 1')).toThrow('")" closes nothing');
  });

  it('a host sees lists as arrays, and may give them', () => {
    const interpreter = new Interpreter({host: quietHost()});
    const seen: unknown[] = [];
    interpreter.defineProcedure('host', (args) => {
      seen.push(...args);
      return ['a', ['b']];
    });
    expect(interpreter.evaluate('(car (cdr (host (list 1 (list 2)) (cons 1 2))))')).toEqual(['b']);
    expect(seen[0]).toEqual([1, [2]]);
  });
});

describe('scheme 3.3 procedures', () => {
  const {names} = new Interpreter({host: quietHost()});
  const groups: Readonly<Record<string, string>> = {
    numbers:
      '+ - * / = < > <= >= max min number? zero? number->string string->number any->number abs quotient remainder modulo round floor ceiling truncate even? odd? integer? exact->inexact inexact->exact expt sqrt random',
    lists:
      'list cons car cdr cadr cddr caar cdadr cddddr append reverse length null? pair? list? map for-each apply filter member assoc sort list-ref memq assq assv fold fold-right reduce any every remove delete-duplicates iota last take drop list-tail alist-ref first second third',
    strings:
      'conc string-append string-split string-intersperse substring string-length string=? string? string-null? string-translate ->string string-join string-upcase string-downcase string-ref string->list list->string string<? string-ci=? string-contains string-index string-pad-left string-trim-both sprintf format',
    symbols:
      'string->symbol symbol->string symbol? eq? eqv? equal? not char->integer integer->char char? char-upcase',
    patterns: 'regexp string-match string-search string-substitute regexp? string-split-fields regexp-escape',
    tables:
      'make-hash-table hash-table-set! hash-table-ref hash-table-ref/default hash-table-keys hash-table-delete! hash-table-exists? hash-table-values hash-table->alist hash-table-walk hash-table-update!/default vector vector-ref vector-set! vector-length vector->list list->vector',
    system:
      'getenv get-environment-variable setenv unsetenv create-directory file-exists? directory? current-directory get-host-name current-seconds system exit load print thread-sleep! read-lines with-input-from-file with-input-from-pipe read-line read glob delete-file file-read-access? current-user-name pathname-directory pathname-file display write newline pp error void procedure? boolean?',
  };
  it.each(Object.entries(groups))('%s', (_, list) => {
    expect(list.split(' ').filter((name) => !names.includes(name))).toEqual([]);
  });

  const cases: readonly (readonly [string, string])[] = [
    [
      '(list (quotient 7 2) (remainder -7 2) (modulo -7 2) (round 2.5) (round 3.5) (abs -3))',
      '(3 -1 1 2.0 4.0 3)',
    ],
    ['(list (expt 2 10) (sqrt 16) (sqrt 2) (* 100000000 100000000000))', '(1024 4 1.4142135623731 1e+19)'],
    [
      '(list (number->string 255 16) (string->number "ff" 16) (any->number \'5) (any->number #f))',
      '(ff 255 5 #f)',
    ],
    [
      "(list (fold + 0 (list 1 2)) (fold-right cons '() (list 1 2)) (reduce max 0 (list 3 9 4)))",
      '(3 (1 2) 9)',
    ],
    ['(list (any even? (list 1 2)) (every even? (list 2 4)) (remove even? (list 1 2 3)))', '(#t #t (1 3))'],
    [
      '(list (delete-duplicates (list 1 2 1 "a" "a" \'(1) \'(1))) (iota 3) (iota 2 5 10))',
      '((1 2 a (1)) (0 1 2) (5 15))',
    ],
    [
      '(list (take (list 1 2 3) 2) (drop (list 1 2 3) 2) (last (list 1 2 3)) (list-tail (list 1 2) 1))',
      '((1 2) (3) 3 (2))',
    ],
    [
      '(list (string-pad-left "7" 3 #\\0) (string-index "abc" #\\c) (string-contains "abc" "bc"))',
      '(007 2 1)',
    ],
    ['(list (sprintf "~a-~s" "x" "y") (format #f "~A" 1))', '(x-"y" 1)'],
    ['(let ((v (vector 1 2))) (vector-set! v 0 9) (vector->list v))', '(9 2)'],
    [
      "(let ((h (make-hash-table))) (hash-table-update!/default h '(1) (lambda (x) (+ x 1)) 0) (hash-table->alist h))",
      '(((1) . 1))',
    ],
    ['(string-split-fields "[0-9]+" "a1b22")', '(1 22)'],
    ['(list (pathname-directory "/a/b.c") (pathname-file "/a/b.c"))', '(/a b)'],
    ['(sort (vector 2 1) <)', '#(1 2)'],
  ];
  it.each(cases)('%s', (code, printed) => {
    expect(interpret(code)).toBe(printed);
  });

  const mistakes: readonly (readonly [string, string])[] = [
    ['(car 5)', 'car: expected a list, got 5'],
    ["(cdr '())", 'cdr: the list is empty'],
    ['(vector-ref (vector 1) 5)', 'vector-ref: there are only 1 members'],
    ['(quotient 1 0)', 'division by zero'],
    ['(hash-table-ref (make-hash-table) "x")', 'hash-table-ref: no entry x'],
    ['(substring "abc" 2 1)', 'substring: the end 1 is before the start 2'],
    ['(regexp (string-match "(" "a"))', 'string-match: Invalid regular expression: /(/: Unterminated group'],
  ];
  it.each(mistakes)('%s: %s', (code, message) => {
    expect(caught(() => interpret(code))).toMatchObject({message});
  });

  it('reads files, commands and JSON through the host', () => {
    const host = quietHost(
      {},
      {
        readFile: () => '{"a": [1, 2.5, null], "b": {"c": true}}',
        readCommand: () => '(x 1) second\nline',
        readInput: pieces('one\n', 'two\n'),
      },
    );
    expect(interpret('(with-input-from-file "f" (lambda () (json-read)))', {host})).toBe(
      '#((a 1 2.5 #<unspecified>) (b . #((c . #t))))',
    );
    expect(
      interpret(
        '(with-input-from-pipe "c" (lambda () (list (read) (read) (read-line) (read-line) (read-line))))',
        {host},
      ),
    ).toBe('((x 1) second  line #!eof)');
    expect(interpret('(read-lines)', {host})).toBe('(one two)');
  });

  it('takes forms from the input that they read, piece by piece', () => {
    const host = quietHost(
      {},
      {
        readInput: pieces(
          '(read-line) \nsome text\n(list (json-read)\n',
          '(json-read))\n["}\\"", {"a":\n',
          '1}] 12 (+ 1',
          ')\n(car 5)\n) (ignored)\n(foo',
        ),
      },
    );
    const interpreter = new Interpreter({host});
    const next = () => {
      const value = interpreter.evaluateNext();
      return value === undefined ? undefined : write(value);
    };
    expect(next()).toBe('"some text"');
    expect(next()).toBe('(("}\\"" #(("a" . 1))) 12)');
    expect(next()).toBe('1');
    expect(caught(next)).toMatchObject({message: 'car: expected a list, got 5', line: 7});
    expect(caught(next)).toMatchObject({message: '")" closes nothing', line: 8, column: 1});
    expect(caught(next)).toMatchObject({message: 'this list is never closed', line: 9});
    expect(next()).toBeUndefined();
  });

  it('says the place of a file that loads another, and goes on counting from there', () => {
    const host = quietHost({}, {readFile: () => '\n\n(define x 1)'});
    expect(caught(() => interpret('(load "a")\n(begin (load "a") (car x))', {host}))).toMatchObject({
      line: 2,
    });
  });
});

/** Gives one piece after the other, then nothing. */
function pieces(...texts: readonly string[]): () => string | undefined {
  const left = [...texts];
  return () => left.shift();
}

function caught(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}

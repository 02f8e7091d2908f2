/** Properties of reader and evaluator under random input; `npm run fuzz -- scheme` tries many more cases. */
import fc from 'fast-check';
import {expect, it} from 'vitest';
import {Interpreter} from './interpreter.ts';
import {SchemeReader} from './reader.ts';
import {SchemeError, SchemeExit} from './scheme-error.ts';
import {interpret, quietHost} from './testing-host.ts';
import {Character, isEqual, listOf, Real, symbol, type Value, Vector, write} from './values.ts';

const numRuns = Number(process.env.MEGATEST_FUZZ_RUNS ?? 200);
const limits = {maxSteps: 2000, maxDepth: 500, maxCells: 20_000, maxMs: 5000};

function evaluateSafely(text: string): void {
  try {
    new Interpreter({host: quietHost(), limits, allowsPatterns: true}).evaluate(text);
  } catch (error) {
    if (!(error instanceof SchemeError || error instanceof SchemeExit)) {
      throw error;
    }
  }
}

it('random text is read and evaluated, or it is a mistake of the program', () => {
  fc.assert(
    fc.property(fc.string({maxLength: 200, unit: 'binary'}), (text) => evaluateSafely(text)),
    {numRuns},
  );
});

const {names} = new Interpreter({host: quietHost()});
const forms =
  'quote quasiquote if define set! lambda begin let let* letrec cond case and or when unless do let-values receive let-optionals cut delay case-lambda parameterize handle-exceptions define-syntax syntax-rules use'.split(
    ' ',
  );
const word = fc.oneof(
  fc.constantFrom(...names),
  fc.constantFrom(...forms),
  fc.constantFrom(
    'x',
    'y',
    '1',
    '-2',
    '2.5',
    '"s"',
    '#t',
    '#f',
    "'()",
    '#\\a',
    'k:',
    '#!optional',
    '#!rest',
    '#!key',
    '...',
  ),
  fc.constantFrom('else', '=>', ',x', ',@x', '`', '.', '#(1 2)', '#/a/', '100000000000', '<>'),
);
const form = fc.letrec<{node: string}>((tie) => ({
  node: fc.oneof(
    {maxDepth: 5, withCrossShrink: true},
    word,
    fc.array(tie('node'), {maxLength: 5}).map((parts) => `(${parts.join(' ')})`),
  ),
})).node;

it('any forms of known names are evaluated, or they are a mistake of the program', () => {
  fc.assert(
    fc.property(fc.array(form, {maxLength: 3}), (parts) => evaluateSafely(parts.join('\n'))),
    {numRuns: numRuns * 3},
  );
});

const datum = fc.letrec<{value: Value}>((tie) => ({
  value: fc.oneof(
    {maxDepth: 4},
    fc.maxSafeInteger(),
    fc.double({noNaN: true, noDefaultInfinity: true}).map((value) => new Real(Number(value.toPrecision(15)))),
    fc.string().map((text) => text.replaceAll('\r', '')),
    fc.boolean(),
    fc.stringMatching(/^[a-z!$%&*/<=>?^_~][a-z0-9!$%&*+/<=>?^_~-]{0,6}$/).map(symbol),
    fc.stringMatching(/^[a-zA-Z0-9]$/).map((text) => new Character(text)),
    fc.array(tie('value'), {maxLength: 4}).map((items) => listOf(items)),
    fc.array(tie('value'), {maxLength: 3}).map((items) => new Vector([...items])),
    fc
      .tuple(fc.array(tie('value'), {minLength: 1, maxLength: 3}), fc.integer())
      .map(([items, tail]) => listOf(items, tail)),
  ),
})).value;

it('what is written reads as the same value', () => {
  fc.assert(
    fc.property(datum, (value) => {
      const read = new SchemeReader(write(value)).next();
      expect(read !== undefined && isEqual(read, value), write(value)).toBe(true);
    }),
    {numRuns},
  );
});

type Sum = {readonly text: string; readonly value: number};
const sum = fc.letrec<{node: Sum}>((tie) => ({
  node: fc.oneof(
    {maxDepth: 4},
    fc.integer({min: -50, max: 50}).map((value) => ({text: String(value), value})),
    fc
      .tuple(fc.constantFrom('+', '-', '*', 'max', 'let', 'if', 'lambda'), tie('node'), tie('node'))
      .map(combine),
  ),
})).node;

function combine([operator, a, b]: [string, Sum, Sum]): Sum {
  switch (operator) {
    case 'let':
      return {text: `(let ((v ${a.text})) (+ v (let ((v ${b.text})) v)))`, value: a.value + b.value};
    case 'if':
      return {text: `(if (< ${a.text} ${b.text}) ${a.text} ${b.text})`, value: Math.min(a.value, b.value)};
    case 'lambda':
      return {text: `((lambda (p q) (- p q)) ${a.text} ${b.text})`, value: a.value - b.value};
    case 'max':
      return {text: `(max ${a.text} ${b.text})`, value: Math.max(a.value, b.value)};
    default: {
      const value =
        operator === '+' ? a.value + b.value : operator === '-' ? a.value - b.value : a.value * b.value;
      return {text: `(${operator} ${a.text} ${b.text})`, value};
    }
  }
}

it('arithmetic agrees with that of the host', () => {
  fc.assert(
    fc.property(sum, ({text, value}) => {
      expect(Number(interpret(text))).toBe(value + 0);
    }),
    {numRuns},
  );
});

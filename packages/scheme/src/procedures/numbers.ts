/** Numbers (spec scheme.md 3.3). */
import {parseNumber} from '../reader.ts';
import {SchemeError} from '../scheme-error.ts';
import {display, numberOf, Real, SchemeSymbol} from '../values.ts';
import {arithmetic, count, type Implementation, number, type ProcedureTable} from './arguments.ts';

function fold(who: string, start: number, combine: (a: number, b: number) => number): Implementation {
  return (args) => {
    let sum = start;
    for (const arg of args) {
      sum = combine(sum, number(arg, who));
    }
    return arithmetic(args, sum);
  };
}

function chain(who: string, holds: (a: number, b: number) => boolean): Implementation {
  return (args) => {
    let before = number(args[0], who);
    let isTrue = true;
    for (let at = 1; at < args.length; at += 1) {
      const value = number(args[at], who);
      isTrue = isTrue && holds(before, value);
      before = value;
    }
    return isTrue;
  };
}

function unary(who: string, compute: (value: number) => number): Implementation {
  return (args) => arithmetic(args, compute(number(args[0], who)));
}

function inverse(who: string, combine: (a: number, b: number) => number, start: number): Implementation {
  return (args) => {
    const values = args.map((arg) => number(arg, who));
    const [first, ...rest] = values;
    if (first === undefined) {
      throw new SchemeError(`${who}: too few arguments, got 0`);
    }
    return arithmetic(args, rest.length === 0 ? combine(start, first) : rest.reduce(combine, first));
  };
}

function divide(a: number, b: number): number {
  if (b === 0) {
    throw new SchemeError('division by zero');
  }
  return a / b;
}

function whole(who: string, compute: (a: number, b: number) => number): Implementation {
  return (args) => {
    const by = number(args[1], who);
    if (by === 0) {
      throw new SchemeError('division by zero');
    }
    // Without the sum a negative zero could come out.
    return arithmetic(args, compute(number(args[0], who), by) + 0);
  };
}

function extreme(who: string, pick: (...values: readonly number[]) => number): Implementation {
  return (args) => {
    number(args[0], who);
    return arithmetic(
      args,
      args.reduce<number>((best, arg) => pick(best, number(arg, who)), number(args[0], who)),
    );
  };
}

const isNumber: Implementation = ([value]) => value !== undefined && numberOf(value) !== undefined;

/** `#f` for what is no number; another base when one is given. */
const parse: Implementation = ([value, base]) => {
  if (value instanceof SchemeSymbol) {
    return parseNumber(value.name) ?? false;
  }
  if (typeof value !== 'string') {
    return value !== undefined && numberOf(value) !== undefined ? value : false;
  }
  if (base !== undefined && base !== 10) {
    const radix = count(base, 'string->number', 36);
    const parsed = /^[+-]?[0-9a-z]+$/i.test(value) && radix >= 2 ? Number.parseInt(value, radix) : Number.NaN;
    return Number.isNaN(parsed) ? false : parsed;
  }
  return parseNumber(value) ?? false;
};

export function numbers(): ProcedureTable {
  return {
    '+': fold('+', 0, (a, b) => a + b),
    '*': fold('*', 1, (a, b) => a * b),
    '-': inverse('-', (a, b) => a - b, 0),
    '/': inverse('/', divide, 1),
    '=': chain('=', (a, b) => a === b),
    '<': chain('<', (a, b) => a < b),
    '>': chain('>', (a, b) => a > b),
    '<=': chain('<=', (a, b) => a <= b),
    '>=': chain('>=', (a, b) => a >= b),
    max: extreme('max', Math.max),
    min: extreme('min', Math.min),
    abs: unary('abs', Math.abs),
    round: unary('round', (value) => {
      const floor = Math.floor(value);
      return value - floor === 0.5 ? (floor % 2 === 0 ? floor : floor + 1) : Math.round(value);
    }),
    floor: unary('floor', Math.floor),
    ceiling: unary('ceiling', Math.ceil),
    truncate: unary('truncate', Math.trunc),
    quotient: whole('quotient', (a, b) => Math.trunc(a / b)),
    remainder: whole('remainder', (a, b) => a % b),
    modulo: whole('modulo', (a, b) => ((a % b) + b) % b),
    expt: (args) => arithmetic(args, number(args[0], 'expt') ** number(args[1], 'expt')),
    sqrt: unary('sqrt', Math.sqrt),
    random: ([limit]) => Math.floor(Math.random() * count(limit, 'random', Number.MAX_SAFE_INTEGER)),
    'exact->inexact': ([value]) => new Real(number(value, 'exact->inexact')),
    'inexact->exact': ([value]) => {
      const exact = number(value, 'inexact->exact');
      return Number.isInteger(exact) ? exact : (value ?? false);
    },
    'number?': isNumber,
    'integer?': ([value]) => value !== undefined && Number.isInteger(numberOf(value)),
    'exact?': ([value]) => typeof value === 'number',
    'inexact?': ([value]) => value instanceof Real,
    'zero?': ([value]) => number(value, 'zero?') === 0,
    'positive?': ([value]) => number(value, 'positive?') > 0,
    'negative?': ([value]) => number(value, 'negative?') < 0,
    'even?': ([value]) => number(value, 'even?') % 2 === 0,
    'odd?': ([value]) => Math.abs(number(value, 'odd?') % 2) === 1,
    'number->string': ([value = '', base]) => {
      const exact = number(value, 'number->string');
      return base === undefined || base === 10
        ? display(value)
        : exact.toString(Math.max(2, count(base, 'number->string', 36)));
    },
    'string->number': parse,
    'any->number': parse,
  };
}

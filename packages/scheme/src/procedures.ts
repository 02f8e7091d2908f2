/**
 * The procedures that every piece of Scheme finds defined (spec scheme.md 3.3). Whatever touches the world (files, environment,
 * shell, clock) goes through the `Host` that the caller gives.
 */
import type {Environment, Evaluator} from './evaluator.ts';
import {parseNumber} from './reader.ts';
import {SchemeError, SchemeExit} from './scheme-error.ts';
import {
  Character,
  Dotted,
  display,
  isEqual,
  isList,
  Keyword,
  numberOf,
  Pattern,
  Procedure,
  Real,
  SchemeSymbol,
  symbol,
  unspecified,
  type Value,
} from './values.ts';

/** What a piece of Scheme may reach of the world. */
export type Host = {
  getenv(name: string): string | undefined;
  setenv(name: string, value: string | undefined): void;
  print(text: string): void;
  /** Runs a shell command and returns its exit code. */
  system(command: string): number;
  createDirectory(path: string, withParents: boolean): void;
  fileExists(path: string): boolean;
  isDirectory(path: string): boolean;
  currentDirectory(): string;
  hostName(): string;
  nowS(): number;
  processorCount(): number;
};

type Implementation = (args: readonly Value[]) => Value;

export function defineProcedures(environment: Environment, evaluator: Evaluator, host: Host): void {
  const groups = [numbers(), lists(evaluator), strings(), patterns(), tables(evaluator), world(host)];
  for (const group of groups) {
    for (const [name, implementation] of Object.entries(group)) {
      environment.define(name, new Procedure(name, implementation));
    }
  }
}

export function text(value: Value | undefined, who: string): string {
  if (typeof value !== 'string') {
    throw new SchemeError(
      `${who}: expected a string, got ${value === undefined ? 'nothing' : display(value)}`,
    );
  }
  return value;
}

function number(value: Value | undefined, who: string): number {
  const result = value === undefined ? undefined : numberOf(value);
  if (result === undefined) {
    throw new SchemeError(
      `${who}: expected a number, got ${value === undefined ? 'nothing' : display(value)}`,
    );
  }
  return result;
}

function list(value: Value | undefined, who: string): readonly Value[] {
  if (value === undefined || !isList(value)) {
    throw new SchemeError(`${who}: expected a list, got ${value === undefined ? 'nothing' : display(value)}`);
  }
  return value;
}

/** An integer stays one when all arguments are integers and the result is whole. */
function arithmetic(args: readonly Value[], result: number): Value {
  return args.some((arg) => arg instanceof Real) || !Number.isInteger(result) ? new Real(result) : result;
}

function numbers(): Readonly<Record<string, Implementation>> {
  const fold = (who: string, start: number, combine: (a: number, b: number) => number): Implementation => {
    return (args) =>
      arithmetic(
        args,
        args.reduce<number>((sum, arg) => combine(sum, number(arg, who)), start),
      );
  };
  const chain = (who: string, holds: (a: number, b: number) => boolean): Implementation => {
    return (args) => {
      const values = args.map((arg) => number(arg, who));
      return values.slice(1).every((value, index) => holds(values[index] ?? 0, value));
    };
  };
  const unary = (who: string, compute: (value: number) => number): Implementation => {
    return (args) => arithmetic(args, compute(number(args[0], who)));
  };
  const inverse = (who: string, combine: (a: number, b: number) => number, start: number): Implementation => {
    return (args) => {
      const [first = start, ...rest] = args.map((arg) => number(arg, who));
      return arithmetic(args, rest.length === 0 ? combine(start, first) : rest.reduce(combine, first));
    };
  };
  const parse: Implementation = (args) => {
    const [value] = args;
    return typeof value === 'string'
      ? (parseNumber(value) ?? false)
      : value !== undefined && numberOf(value) !== undefined
        ? value
        : false;
  };
  return {
    '+': fold('+', 0, (a, b) => a + b),
    '*': fold('*', 1, (a, b) => a * b),
    '-': inverse('-', (a, b) => a - b, 0),
    '/': inverse('/', (a, b) => a / b, 1),
    '=': chain('=', (a, b) => a === b),
    '<': chain('<', (a, b) => a < b),
    '>': chain('>', (a, b) => a > b),
    '<=': chain('<=', (a, b) => a <= b),
    '>=': chain('>=', (a, b) => a >= b),
    max: (args) => arithmetic(args, Math.max(...args.map((arg) => number(arg, 'max')))),
    min: (args) => arithmetic(args, Math.min(...args.map((arg) => number(arg, 'min')))),
    abs: unary('abs', Math.abs),
    round: unary('round', (value) => {
      const floor = Math.floor(value);
      return value - floor === 0.5 ? (floor % 2 === 0 ? floor : floor + 1) : Math.round(value);
    }),
    floor: unary('floor', Math.floor),
    ceiling: unary('ceiling', Math.ceil),
    truncate: unary('truncate', Math.trunc),
    quotient: (args) => Math.trunc(number(args[0], 'quotient') / number(args[1], 'quotient')),
    remainder: (args) => number(args[0], 'remainder') % number(args[1], 'remainder'),
    modulo: (args) => {
      const by = number(args[1], 'modulo');
      return ((number(args[0], 'modulo') % by) + by) % by;
    },
    expt: (args) => arithmetic(args, number(args[0], 'expt') ** number(args[1], 'expt')),
    sqrt: unary('sqrt', Math.sqrt),
    'exact->inexact': (args) => new Real(number(args[0], 'exact->inexact')),
    'inexact->exact': (args) => Math.trunc(number(args[0], 'inexact->exact')),
    'number?': (args) => args[0] !== undefined && numberOf(args[0]) !== undefined,
    'integer?': (args) => args[0] !== undefined && Number.isInteger(numberOf(args[0])),
    'zero?': (args) => number(args[0], 'zero?') === 0,
    'even?': (args) => number(args[0], 'even?') % 2 === 0,
    'odd?': (args) => Math.abs(number(args[0], 'odd?') % 2) === 1,
    'number->string': (args) => display(args[0] ?? ''),
    'string->number': parse,
    'any->number': parse,
  };
}

function lists(evaluator: Evaluator): Readonly<Record<string, Implementation>> {
  const cdr = (value: Value | undefined): Value => {
    if (value instanceof Dotted) {
      return value.items.length > 1 ? new Dotted(value.items.slice(1), value.tail) : value.tail;
    }
    const items = list(value, 'cdr');
    if (items.length === 0) {
      throw new SchemeError('cdr: the list is empty');
    }
    return items.slice(1);
  };
  const car = (value: Value | undefined): Value => {
    const [first] = value instanceof Dotted ? value.items : list(value, 'car');
    if (first === undefined) {
      throw new SchemeError('car: the list is empty');
    }
    return first;
  };
  const steps: Record<string, Implementation> = {};
  for (const letters of [
    'a',
    'd',
    'aa',
    'ad',
    'da',
    'dd',
    'aad',
    'add',
    'dad',
    'daa',
    'dda',
    'ddd',
    'aaa',
    'ada',
    'addd',
    'dddd',
  ]) {
    steps[`c${letters}r`] = (args) =>
      [...letters]
        .reverse()
        .reduce<Value>((value, letter) => (letter === 'a' ? car(value) : cdr(value)), args[0] ?? []);
  }
  const find = (same: (a: Value, b: Value) => boolean): Implementation => {
    return ([wanted = false, items]) => {
      const all = list(items, 'member');
      const at = all.findIndex((item) => same(item, wanted));
      return at < 0 ? false : all.slice(at);
    };
  };
  const firstOf = (pair: Value): Value | undefined =>
    pair instanceof Dotted ? pair.items[0] : isList(pair) ? pair[0] : undefined;
  const associate: Implementation = ([wanted = false, items]) =>
    list(items, 'assoc').find((pair) => {
      const key = firstOf(pair);
      return key !== undefined && isEqual(key, wanted);
    }) ?? false;
  const mapping = (who: string, args: readonly Value[]): Value[] => {
    const [procedure, ...rest] = args;
    const columns = rest.map((items) => list(items, who));
    const length = Math.min(...columns.map((items) => items.length));
    return Array.from({length}, (_, index) =>
      evaluator.apply(
        procedure,
        columns.map((items) => items[index] ?? unspecified),
      ),
    );
  };
  return {
    ...steps,
    list: (args) => args,
    cons: ([head = unspecified, tail = []]) => {
      if (isList(tail)) {
        return [head, ...tail];
      }
      return tail instanceof Dotted ? new Dotted([head, ...tail.items], tail.tail) : new Dotted([head], tail);
    },
    append: (args) => args.flatMap((items) => list(items, 'append')),
    reverse: ([items]) => [...list(items, 'reverse')].reverse(),
    length: ([items]) => list(items, 'length').length,
    'null?': ([value]) => value !== undefined && isList(value) && value.length === 0,
    'pair?': ([value]) =>
      value instanceof Dotted || (value !== undefined && isList(value) && value.length > 0),
    'list?': ([value]) => value !== undefined && isList(value),
    map: (args) => mapping('map', args),
    'for-each': (args) => {
      mapping('for-each', args);
      return unspecified;
    },
    apply: (args) => evaluator.apply(args[0], [...args.slice(1, -1), ...list(args.at(-1), 'apply')]),
    filter: ([keep, items]) =>
      list(items, 'filter').filter((item) => evaluator.apply(keep, [item]) !== false),
    remove: ([drop, items]) =>
      list(items, 'remove').filter((item) => evaluator.apply(drop, [item]) === false),
    any: ([test, items]) => list(items, 'any').some((item) => evaluator.apply(test, [item]) !== false),
    every: ([test, items]) => list(items, 'every').every((item) => evaluator.apply(test, [item]) !== false),
    fold: ([combine, start = unspecified, items]) =>
      list(items, 'fold').reduce<Value>((sum, item) => evaluator.apply(combine, [item, sum]), start),
    'fold-right': ([combine, start = unspecified, items]) =>
      list(items, 'fold-right').reduceRight<Value>(
        (sum, item) => evaluator.apply(combine, [item, sum]),
        start,
      ),
    member: find(isEqual),
    memq: find((a, b) => a === b),
    memv: find(isEqual),
    assoc: associate,
    assq: associate,
    assv: associate,
    'alist-ref': ([wanted = false, items]) => {
      const pair = associate([wanted, items ?? []]);
      return pair === false ? false : cdr(pair);
    },
    sort: ([items, less]) =>
      [...list(items, 'sort')].sort((a, b) =>
        evaluator.apply(less, [a, b]) !== false ? -1 : evaluator.apply(less, [b, a]) !== false ? 1 : 0,
      ),
    'list-ref': ([items, index]) => list(items, 'list-ref')[number(index, 'list-ref')] ?? false,
    'list-tail': ([items, index]) => list(items, 'list-tail').slice(number(index, 'list-tail')),
    take: ([items, count]) => list(items, 'take').slice(0, number(count, 'take')),
    drop: ([items, count]) => list(items, 'drop').slice(number(count, 'drop')),
    last: ([items]) => list(items, 'last').at(-1) ?? false,
    first: ([items]) => car(items),
    second: ([items]) => list(items, 'second')[1] ?? false,
    third: ([items]) => list(items, 'third')[2] ?? false,
    iota: ([count]) => Array.from({length: number(count, 'iota')}, (_, index) => index),
    'delete-duplicates': ([items]) =>
      list(items, 'delete-duplicates').filter(
        (item, index, all) => all.findIndex((other) => isEqual(other, item)) === index,
      ),
    'eq?': ([a = false, b = true]) => a === b,
    'eqv?': ([a = false, b = true]) => isEqual(a, b),
    'equal?': ([a = false, b = true]) => isEqual(a, b),
    not: ([value]) => value === false,
    'procedure?': ([value]) => value instanceof Procedure,
    vector: (args) => args,
    'vector-ref': ([items, index]) => list(items, 'vector-ref')[number(index, 'vector-ref')] ?? false,
    'vector-length': ([items]) => list(items, 'vector-length').length,
    'vector->list': ([items]) => list(items, 'vector->list'),
    'list->vector': ([items]) => list(items, 'list->vector'),
  };
}

function strings(): Readonly<Record<string, Implementation>> {
  const conc: Implementation = (args) => args.map(display).join('');
  const split: Implementation = ([value, separators = ' \t\n', keepsEmpty = false]) => {
    const set = text(separators, 'string-split');
    const pieces: string[] = [''];
    for (const char of text(value, 'string-split')) {
      if (set.includes(char)) {
        pieces.push('');
      } else {
        pieces[pieces.length - 1] += char;
      }
    }
    return keepsEmpty === false ? pieces.filter((piece) => piece !== '') : pieces;
  };
  const join: Implementation = ([items, separator = ' ']) =>
    list(items, 'string-intersperse')
      .map((item) => text(item, 'string-intersperse'))
      .join(text(separator, 'string-intersperse'));
  const compare = (who: string, holds: (a: string, b: string) => boolean): Implementation => {
    return ([a, b]) => holds(text(a, who), text(b, who));
  };
  return {
    conc,
    '->string': conc,
    'string-append': (args) => args.map((arg) => text(arg, 'string-append')).join(''),
    'string-split': split,
    'string-intersperse': join,
    'string-join': join,
    substring: ([value, from, to]) =>
      text(value, 'substring').slice(
        number(from, 'substring'),
        to === undefined ? undefined : number(to, 'substring'),
      ),
    'string-length': ([value]) => text(value, 'string-length').length,
    'string=?': compare('string=?', (a, b) => a === b),
    'string<?': compare('string<?', (a, b) => a < b),
    'string>?': compare('string>?', (a, b) => a > b),
    'string-ci=?': compare('string-ci=?', (a, b) => a.toLowerCase() === b.toLowerCase()),
    'string?': ([value]) => typeof value === 'string',
    'string-null?': ([value]) => value === '',
    'string-upcase': ([value]) => text(value, 'string-upcase').toUpperCase(),
    'string-downcase': ([value]) => text(value, 'string-downcase').toLowerCase(),
    'string-contains': ([value, part]) => {
      const at = text(value, 'string-contains').indexOf(text(part, 'string-contains'));
      return at < 0 ? false : at;
    },
    'string-index': ([value, char]) => {
      const at = text(value, 'string-index').indexOf(display(char ?? ''));
      return at < 0 ? false : at;
    },
    'string-pad-left': ([value, width, char]) =>
      text(value, 'string-pad-left').padStart(
        number(width, 'string-pad-left'),
        char === undefined ? ' ' : display(char),
      ),
    'string-trim-both': ([value]) => text(value, 'string-trim-both').trim(),
    'string-ref': ([value, index]) =>
      new Character(text(value, 'string-ref')[number(index, 'string-ref')] ?? ''),
    'string->list': ([value]) => [...text(value, 'string->list')].map((char) => new Character(char)),
    'list->string': ([items]) => list(items, 'list->string').map(display).join(''),
    'string-translate': ([value, from, to = '']) => {
      const [source, target] = [text(from, 'string-translate'), text(to, 'string-translate')];
      return [...text(value, 'string-translate')]
        .map((char) => (source.includes(char) ? (target[source.indexOf(char)] ?? '') : char))
        .join('');
    },
    'string->symbol': ([value]) => symbol(text(value, 'string->symbol')),
    'symbol->string': ([value]) =>
      value instanceof SchemeSymbol ? value.name : text(value, 'symbol->string'),
    'symbol?': ([value]) => value instanceof SchemeSymbol,
    'char?': ([value]) => value instanceof Character,
    'char->integer': ([value]) => display(value ?? '').charCodeAt(0),
    'integer->char': ([value]) => new Character(String.fromCharCode(number(value, 'integer->char'))),
  };
}

/** A JavaScript expression for a pattern given as a string or a `Pattern`. */
export function toRegExp(value: Value | undefined, who: string): RegExp {
  const pattern = value instanceof Pattern ? value : new Pattern(text(value, who), '');
  try {
    return new RegExp(pattern.source, pattern.flags.includes('i') ? 'i' : '');
  } catch (error) {
    throw new SchemeError(`${who}: ${error instanceof Error ? error.message : 'bad pattern'}`);
  }
}

function patterns(): Readonly<Record<string, Implementation>> {
  const groups = (found: RegExpExecArray | null): Value =>
    found === null ? false : [...found].map((group) => group ?? false);
  return {
    regexp: ([source, ignoresCase = false, isExtended = false, isUtf8 = false]) => {
      const flags = [
        ignoresCase !== false ? 'i' : '',
        isExtended !== false ? 'x' : '',
        isUtf8 !== false ? 'u' : '',
      ].join('');
      return source instanceof Pattern ? source : new Pattern(text(source, 'regexp'), flags);
    },
    'regexp?': ([value]) => value instanceof Pattern,
    'string-match': ([pattern, value]) => {
      const regex = toRegExp(pattern, 'string-match');
      return groups(new RegExp(`^(?:${regex.source})$`, regex.flags).exec(text(value, 'string-match')));
    },
    'string-search': ([pattern, value]) =>
      groups(toRegExp(pattern, 'string-search').exec(text(value, 'string-search'))),
    'string-substitute': ([pattern, replacement, value, all = false]) => {
      const regex = toRegExp(pattern, 'string-substitute');
      return text(value, 'string-substitute').replace(
        new RegExp(regex.source, regex.flags + (all === false ? '' : 'g')),
        (...found: unknown[]) =>
          text(replacement, 'string-substitute').replace(/\\(\d)/g, (_, digit: string) =>
            String(found[Number(digit)] ?? ''),
          ),
      );
    },
  };
}

function tables(evaluator: Evaluator): Readonly<Record<string, Implementation>> {
  const table = (value: Value | undefined): Map<unknown, Value> => {
    if (!(value instanceof Map)) {
      throw new SchemeError('expected a hash table');
    }
    return value;
  };
  const key = (value: Value | undefined): unknown =>
    value !== undefined && isList(value) ? display(value) : value;
  return {
    'make-hash-table': () => new Map(),
    'hash-table-set!': ([map, name, value = unspecified]) => {
      table(map).set(key(name), value);
      return unspecified;
    },
    'hash-table-ref': ([map, name, otherwise]) => {
      const value = table(map).get(key(name));
      if (value === undefined && otherwise === undefined) {
        throw new SchemeError(`hash-table-ref: no entry ${display(name ?? '')}`);
      }
      return value ?? evaluator.apply(otherwise, []);
    },
    'hash-table-ref/default': ([map, name, otherwise = false]) => table(map).get(key(name)) ?? otherwise,
    'hash-table-keys': ([map]) => [...table(map).keys()] as Value[],
    'hash-table-values': ([map]) => [...table(map).values()],
    'hash-table-exists?': ([map, name]) => table(map).has(key(name)),
    'hash-table-delete!': ([map, name]) => {
      table(map).delete(key(name));
      return unspecified;
    },
    'hash-table?': ([value]) => value instanceof Map,
  };
}

function world(host: Host): Readonly<Record<string, Implementation>> {
  const getenv: Implementation = ([name]) => host.getenv(text(name, 'getenv')) ?? false;
  const nicePath: Implementation = ([path]) => {
    const parts: string[] = [];
    const whole = text(path, 'nice-path');
    for (const part of (whole.startsWith('/') ? whole : `${host.currentDirectory()}/${whole}`).split('/')) {
      if (part === '..') {
        parts.pop();
      } else if (part !== '' && part !== '.') {
        parts.push(part);
      }
    }
    return `/${parts.join('/')}`;
  };
  return {
    getenv,
    'get-environment-variable': getenv,
    setenv: ([name, value]) => {
      host.setenv(text(name, 'setenv'), display(value ?? ''));
      return unspecified;
    },
    unsetenv: ([name]) => {
      host.setenv(text(name, 'unsetenv'), undefined);
      return unspecified;
    },
    print: (args) => {
      host.print(`${args.map(display).join('')}\n`);
      return unspecified;
    },
    system: ([command]) => host.system(text(command, 'system')),
    'create-directory': ([path, withParents = false]) => {
      const directory = text(path, 'create-directory');
      host.createDirectory(directory, withParents !== false);
      return directory;
    },
    'file-exists?': ([path]) => host.fileExists(text(path, 'file-exists?')),
    'directory?': ([path]) => host.isDirectory(text(path, 'directory?')),
    'current-directory': () => host.currentDirectory(),
    'get-host-name': () => host.hostName(),
    'current-seconds': () => host.nowS(),
    'common:get-num-cpus': () => host.processorCount(),
    'nice-path': nicePath,
    'common:nice-path': nicePath,
    'env:min-path': (args) => {
      const parts = args.flatMap((arg) => text(arg, 'env:min-path').split(':'));
      return [...new Set(parts)].join(':');
    },
    exit: ([code]) => {
      throw new SchemeExit(code === undefined ? 0 : number(code, 'exit'));
    },
    'keyword?': ([value]) => value instanceof Keyword,
    error: (args) => {
      throw new SchemeError(args.map(display).join(' '));
    },
  };
}

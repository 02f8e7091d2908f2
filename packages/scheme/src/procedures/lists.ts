/** Lists and vectors (spec scheme.md 3.3). */
import type {Machine} from '../machine.ts';
import {SchemeError} from '../scheme-error.ts';
import {
  display,
  isEqual,
  isSame,
  itemsOf,
  listOf,
  nil,
  Pair,
  Procedure,
  unspecified,
  type Value,
  Vector,
} from '../values.ts';
import {count, type Implementation, list, number, type ProcedureTable} from './arguments.ts';

const most = Number.MAX_SAFE_INTEGER;

function car(value: Value | undefined, who = 'car'): Value {
  if (!(value instanceof Pair)) {
    throw noPair(value, who);
  }
  return value.car;
}

function cdr(value: Value | undefined, who = 'cdr'): Value {
  if (!(value instanceof Pair)) {
    throw noPair(value, who);
  }
  return value.cdr;
}

function noPair(value: Value | undefined, who: string): SchemeError {
  return new SchemeError(
    value === nil
      ? `${who}: the list is empty`
      : `${who}: expected a list, got ${value === undefined ? 'nothing' : display(value).slice(0, 80)}`,
  );
}

/** `car`, `cadr` ... `cddddr`. */
function accessors(): ProcedureTable {
  const table: Record<string, Implementation> = {};
  let names = [''];
  for (let letters = 1; letters <= 4; letters += 1) {
    names = names.flatMap((name) => [`a${name}`, `d${name}`]);
    for (const name of names) {
      const who = `c${name}r`;
      const steps = [...name].reverse();
      table[who] = ([start]) =>
        steps.reduce<Value>(
          (value, letter) => (letter === 'a' ? car(value, who) : cdr(value, who)),
          start ?? unspecified,
        );
    }
  }
  return table;
}

type Same = (a: Value, b: Value) => boolean;

/** The rest of the list from the first member that is the wanted one. */
function member(who: string, same: Same): Implementation {
  return ([wanted = false, items]) => {
    for (let rest: Value | undefined = items; rest instanceof Pair; rest = rest.cdr) {
      if (same(wanted, rest.car)) {
        return rest;
      }
    }
    list(items, who);
    return false;
  };
}

function associate(who: string, same: Same): Implementation {
  return ([wanted = false, items]) =>
    list(items, who).find((pair) => pair instanceof Pair && same(wanted, pair.car)) ?? false;
}

export function lists(machine: Machine): ProcedureTable {
  const make = (items: readonly Value[], tail: Value = nil): Value => {
    machine.allocate(items.length);
    return listOf(items, tail);
  };
  const call = (procedure: Value | undefined, ...args: readonly Value[]) => machine.call(procedure, args);
  const holds = (test: Value | undefined, ...args: readonly Value[]) => call(test, ...args) !== false;
  const mapping = (who: string, [procedure, ...rest]: readonly Value[]): Value[] => {
    const columns = rest.map((items) => list(items, who));
    const length = columns.length === 0 ? 0 : Math.min(...columns.map((items) => items.length));
    const results: Value[] = [];
    for (let at = 0; at < length; at += 1) {
      results.push(
        machine.call(
          procedure,
          columns.map((items) => items[at] ?? unspecified),
        ),
      );
    }
    return results;
  };
  const sameBy = (test: Value | undefined): Same => {
    return test === undefined ? isEqual : (a, b) => holds(test, a, b);
  };
  const folding = (who: string, isRight: boolean): Implementation => {
    return ([combine, start = unspecified, ...rest]) => {
      const columns = rest.map((items) => list(items, who));
      const length = columns.length === 0 ? 0 : Math.min(...columns.map((items) => items.length));
      let sum = start;
      for (let turn = 0; turn < length; turn += 1) {
        const at = isRight ? length - 1 - turn : turn;
        sum = machine.call(combine, [...columns.map((items) => items[at] ?? unspecified), sum]);
      }
      return sum;
    };
  };
  return {
    ...accessors(),
    ...vectors(make),
    list: (args) => make(args),
    cons: ([head = unspecified, tail = nil]) => {
      machine.allocate(1);
      return new Pair(head, tail);
    },
    'cons*': (args) => make(args.slice(0, -1), args.at(-1)),
    'make-list': ([length, fill = unspecified]) => {
      const size = count(length, 'make-list', most);
      machine.allocate(size);
      return listOf(new Array<Value>(size).fill(fill));
    },
    append: (args) =>
      args
        .slice(0, -1)
        .reduceRight<Value>((tail, items) => make(list(items, 'append'), tail), args.at(-1) ?? nil),
    reverse: ([items]) => make([...list(items, 'reverse')].reverse()),
    length: ([items]) => list(items, 'length').length,
    'null?': ([value]) => value === nil,
    'pair?': ([value]) => value instanceof Pair,
    'list?': ([value]) => itemsOf(value) !== undefined,
    map: (args) => make(mapping('map', args)),
    'append-map': (args) =>
      make(mapping('append-map', args).flatMap((items) => [...list(items, 'append-map')])),
    'filter-map': (args) => make(mapping('filter-map', args).filter((value) => value !== false)),
    'for-each': (args) => {
      mapping('for-each', args);
      return unspecified;
    },
    filter: ([keep, items]) => make(list(items, 'filter').filter((item) => holds(keep, item))),
    remove: ([drop, items]) => make(list(items, 'remove').filter((item) => !holds(drop, item))),
    find: ([test, items]) => list(items, 'find').find((item) => holds(test, item)) ?? false,
    any: ([test, items]) => {
      for (const item of list(items, 'any')) {
        const value = call(test, item);
        if (value !== false) {
          return value;
        }
      }
      return false;
    },
    every: ([test, items]) => {
      let value: Value = true;
      for (const item of list(items, 'every')) {
        value = call(test, item);
        if (value === false) {
          break;
        }
      }
      return value;
    },
    fold: folding('fold', false),
    'fold-right': folding('fold-right', true),
    reduce: ([combine, initial = unspecified, items]) => {
      const [first, ...rest] = list(items, 'reduce');
      return first === undefined
        ? initial
        : rest.reduce<Value>((sum, item) => call(combine, item, sum), first);
    },
    member: (args) => member('member', sameBy(args[2]))(args),
    memq: member('memq', isSame),
    memv: member('memv', isSame),
    assoc: (args) => associate('assoc', sameBy(args[2]))(args),
    assq: associate('assq', isSame),
    assv: associate('assv', isSame),
    'alist-ref': ([wanted = false, items, test, otherwise = false]) => {
      const pair = associate('alist-ref', test === undefined ? isSame : sameBy(test))([wanted, items ?? nil]);
      return pair instanceof Pair ? pair.cdr : otherwise;
    },
    sort: ([first, second]) => {
      // Both orders of the arguments are in use.
      const [items, less] = first instanceof Procedure ? [second, first] : [first, second];
      const sorted = [...(items instanceof Vector ? items.items : list(items, 'sort'))].sort((a, b) =>
        holds(less, a, b) ? -1 : holds(less, b, a) ? 1 : 0,
      );
      return items instanceof Vector ? new Vector(sorted) : make(sorted);
    },
    'list-ref': ([items, index]) => item(list(items, 'list-ref'), index, 'list-ref'),
    'list-tail': ([items, index]) => tail(items, index, 'list-tail'),
    'list-copy': ([items]) => make(list(items, 'list-copy')),
    'list-index': ([test, items]) => {
      const at = list(items, 'list-index').findIndex((one) => holds(test, one));
      return at < 0 ? false : at;
    },
    take: ([items, length]) => make(list(items, 'take').slice(0, count(length, 'take', most))),
    drop: ([items, length]) => tail(items, length, 'drop'),
    last: ([items]) => list(items, 'last').at(-1) ?? car(items, 'last'),
    first: ([items]) => car(items, 'first'),
    second: ([items]) => item(list(items, 'second'), 1, 'second'),
    third: ([items]) => item(list(items, 'third'), 2, 'third'),
    fourth: ([items]) => item(list(items, 'fourth'), 3, 'fourth'),
    iota: ([length, start = 0, step = 1]) => {
      const size = count(length, 'iota', most);
      machine.allocate(size);
      const [from, by] = [number(start, 'iota'), number(step, 'iota')];
      return listOf(Array.from({length: size}, (_, index) => from + index * by));
    },
    'delete-duplicates': ([items, test]) =>
      make(distinct(list(items, 'delete-duplicates'), sameBy(test), test)),
    delete: ([unwanted = false, items]) =>
      make(list(items, 'delete').filter((one) => !isEqual(one, unwanted))),
  };
}

/** The first of equals; texts and numbers are looked up instead of compared one by one, item lists are long. */
function distinct(items: readonly Value[], same: Same, test: Value | undefined): readonly Value[] {
  const seen = new Set<Value>();
  const kept: Value[] = [];
  for (const one of items) {
    const isSimple = test === undefined && typeof one !== 'object';
    if (isSimple ? !seen.has(one) : !kept.some((other) => same(other, one))) {
      seen.add(one);
      kept.push(one);
    }
  }
  return kept;
}

function item(items: readonly Value[], index: Value | undefined, who: string): Value {
  const value = items[number(index, who)];
  if (value === undefined) {
    throw new SchemeError(`${who}: there are only ${items.length} members`);
  }
  return value;
}

function tail(items: Value | undefined, index: Value | undefined, who: string): Value {
  let rest: Value = items ?? nil;
  for (let left = count(index, who, most); left > 0; left -= 1) {
    rest = cdr(rest, who);
  }
  return rest;
}

function vector(value: Value | undefined, who: string): Vector {
  if (!(value instanceof Vector)) {
    throw new SchemeError(
      `${who}: expected a vector, got ${value === undefined ? 'nothing' : display(value).slice(0, 80)}`,
    );
  }
  return value;
}

function vectors(make: (items: readonly Value[]) => Value): ProcedureTable {
  return {
    vector: (args) => new Vector([...args]),
    'make-vector': ([length, fill = unspecified]) =>
      new Vector([...list(make(new Array<Value>(count(length, 'make-vector', 10_000_000)).fill(fill)), '')]),
    'vector?': ([value]) => value instanceof Vector,
    'vector-ref': ([items, index]) => item(vector(items, 'vector-ref').items, index, 'vector-ref'),
    'vector-set!': ([items, index, value = unspecified]) => {
      const target = vector(items, 'vector-set!').items;
      item(target, index, 'vector-set!');
      target[number(index, 'vector-set!')] = value;
      return unspecified;
    },
    'vector-length': ([items]) => vector(items, 'vector-length').items.length,
    'vector->list': ([items]) => make(vector(items, 'vector->list').items),
    'list->vector': ([items]) => new Vector([...list(items, 'list->vector')]),
  };
}

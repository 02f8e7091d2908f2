/** Hash tables (spec scheme.md 3.3). */
import type {Machine} from '../machine.ts';
import {SchemeError} from '../scheme-error.ts';
import {display, listOf, Pair, Real, unspecified, type Value, Vector, write} from '../values.ts';
import {list, type ProcedureTable} from './arguments.ts';

function table(value: Value | undefined, who: string): Map<unknown, Value> {
  if (!(value instanceof Map)) {
    throw new SchemeError(
      `${who}: expected a hash table, got ${value === undefined ? 'nothing' : display(value)}`,
    );
  }
  return value;
}

/** Keys that are equal, but not the same object, mean the same entry. */
class StructuredKey {
  readonly value: Value;
  constructor(value: Value) {
    this.value = value;
  }
}
const structuredKeys = new WeakMap<Map<unknown, Value>, Map<string, StructuredKey>>();

function keyIn(map: Map<unknown, Value>, value: Value | undefined): unknown {
  if (!(value instanceof Pair) && !(value instanceof Vector) && !(value instanceof Real)) {
    return value;
  }
  const known = structuredKeys.get(map) ?? new Map<string, StructuredKey>();
  structuredKeys.set(map, known);
  const text = write(value);
  const key = known.get(text) ?? new StructuredKey(value);
  known.set(text, key);
  return key;
}

function datumOf(key: unknown): Value {
  return key instanceof StructuredKey ? key.value : (key as Value);
}

export function tables(machine: Machine): ProcedureTable {
  const find = (who: string, map: Value | undefined, key: Value | undefined): Value | undefined => {
    const target = table(map, who);
    return target.get(keyIn(target, key));
  };
  const put = (who: string, map: Value | undefined, key: Value | undefined, value: Value): Value => {
    machine.allocate(1);
    const target = table(map, who);
    target.set(keyIn(target, key), value);
    return unspecified;
  };
  const look = (
    who: string,
    map: Value | undefined,
    key: Value | undefined,
    otherwise: Value | undefined,
  ) => {
    const value = find(who, map, key);
    if (value === undefined && otherwise === undefined) {
      throw new SchemeError(`${who}: no entry ${display(key ?? '')}`);
    }
    return value ?? machine.call(otherwise, []);
  };
  const pairs = (map: Value | undefined, who: string): readonly (readonly [Value, Value])[] =>
    [...table(map, who)].map(([key, value]) => [datumOf(key), value]);
  return {
    'make-hash-table': () => new Map(),
    'hash-table?': ([value]) => value instanceof Map,
    'hash-table-set!': ([map, key, value = unspecified]) => put('hash-table-set!', map, key, value),
    'hash-table-ref': ([map, key, otherwise]) => look('hash-table-ref', map, key, otherwise),
    'hash-table-ref/default': ([map, key, otherwise = false]) =>
      find('hash-table-ref/default', map, key) ?? otherwise,
    'hash-table-keys': ([map]) => listOf(pairs(map, 'hash-table-keys').map(([key]) => key)),
    'hash-table-values': ([map]) => listOf(pairs(map, 'hash-table-values').map(([, value]) => value)),
    'hash-table->alist': ([map]) =>
      listOf(pairs(map, 'hash-table->alist').map(([key, value]) => new Pair(key, value))),
    'alist->hash-table': ([items]) => {
      const made: Value = new Map();
      for (const pair of list(items, 'alist->hash-table')) {
        if (pair instanceof Pair) {
          put('alist->hash-table', made, pair.car, pair.cdr);
        }
      }
      return made;
    },
    'hash-table-size': ([map]) => table(map, 'hash-table-size').size,
    'hash-table-exists?': ([map, key]) => find('hash-table-exists?', map, key) !== undefined,
    'hash-table-delete!': ([map, key]) => {
      const target = table(map, 'hash-table-delete!');
      target.delete(keyIn(target, key));
      return unspecified;
    },
    'hash-table-walk': ([map, visit]) => {
      for (const [key, value] of pairs(map, 'hash-table-walk')) {
        machine.call(visit, [key, value]);
      }
      return unspecified;
    },
    'hash-table-update!': ([map, key, update, otherwise]) =>
      put(
        'hash-table-update!',
        map,
        key,
        machine.call(update, [look('hash-table-update!', map, key, otherwise)]),
      ),
    'hash-table-update!/default': ([map, key, update, otherwise = false]) => {
      const before = find('hash-table-update!/default', map, key) ?? otherwise;
      return put('hash-table-update!/default', map, key, machine.call(update, [before]));
    },
  };
}

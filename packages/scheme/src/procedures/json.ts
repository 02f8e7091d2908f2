/** `(json-read)`: objects become vectors of pairs and arrays lists, as the original's library gave them (spec scheme.md 5.1). */
import {SchemeError} from '../scheme-error.ts';
import {listOf, Pair, Real, unspecified, type Value, Vector} from '../values.ts';

export function readJson(text: string): Value {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new SchemeError(`json-read: ${error instanceof Error ? error.message : 'bad text'}`);
  }
  return fromJson(parsed);
}

function fromJson(value: unknown): Value {
  if (typeof value === 'string' || typeof value === 'boolean') {
    return value;
  }
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) ? value : new Real(value);
  }
  if (Array.isArray(value)) {
    return listOf(value.map(fromJson));
  }
  if (typeof value === 'object' && value !== null) {
    return new Vector(Object.entries(value).map(([key, member]) => new Pair(key, fromJson(member))));
  }
  return unspecified;
}

/**
 * The values of the small Scheme, and how they print (spec scheme.md 3.4).
 *
 * Lists are JavaScript arrays (an improper list carries its last cdr in a `Dotted`), `#f` is `false`, integers and reals are
 * kept apart because they print differently: an integer is a `number`, a real a `Real`.
 */

export class SchemeSymbol {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** `name:` or `#:name`. */
export class Keyword {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

export class Real {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

export class Character {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** A list that does not end in the empty list: `(a . b)`. */
export class Dotted {
  readonly items: readonly Value[];
  readonly tail: Value;
  constructor(items: readonly Value[], tail: Value) {
    this.items = items;
    this.tail = tail;
  }
}

export class Unspecified {}
export const unspecified = new Unspecified();

export class Procedure {
  readonly name: string;
  readonly call: (args: readonly Value[]) => Value;
  constructor(name: string, call: (args: readonly Value[]) => Value) {
    this.name = name;
    this.call = call;
  }
}

/** A pattern: `#/regex/flags` or the result of `(regexp "...")`. */
export class Pattern {
  readonly source: string;
  readonly flags: string;
  constructor(source: string, flags: string) {
    this.source = source;
    this.flags = flags;
  }
}

export type Value =
  | string
  | number
  | boolean
  | Real
  | SchemeSymbol
  | Keyword
  | Character
  | Dotted
  | Unspecified
  | Procedure
  | Pattern
  | Map<unknown, Value>
  | readonly Value[];

const symbols = new Map<string, SchemeSymbol>();

/** The one symbol of this name, so that symbols can be compared by identity. */
export function symbol(name: string): SchemeSymbol {
  const known = symbols.get(name);
  if (known !== undefined) {
    return known;
  }
  const made = new SchemeSymbol(name);
  symbols.set(name, made);
  return made;
}

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

export function numberOf(value: Value): number | undefined {
  return typeof value === 'number' ? value : value instanceof Real ? value.value : undefined;
}

/** The text that `display` and `conc` give. */
export function display(value: Value): string {
  if (typeof value === 'string') {
    return value;
  }
  if (typeof value === 'boolean') {
    return value ? '#t' : '#f';
  }
  if (typeof value === 'number') {
    return String(value);
  }
  if (value instanceof Real) {
    return printReal(value.value);
  }
  if (value instanceof SchemeSymbol) {
    return value.name;
  }
  if (value instanceof Keyword) {
    return `${value.name}:`;
  }
  if (value instanceof Character) {
    return value.text;
  }
  if (value instanceof Dotted) {
    return `(${value.items.map(display).join(' ')} . ${display(value.tail)})`;
  }
  if (value instanceof Procedure) {
    return `#<procedure ${value.name}>`;
  }
  if (value instanceof Pattern) {
    return `/${value.source}/${value.flags}`;
  }
  if (value instanceof Map) {
    return '#<hash-table>';
  }
  if (value instanceof Unspecified) {
    return '#<unspecified>';
  }
  return `(${value.map(display).join(' ')})`;
}

/** Up to 15 significant digits, always with a point or an exponent of at least two digits. */
export function printReal(value: number): string {
  if (Number.isNaN(value)) {
    return '+nan.0';
  }
  if (!Number.isFinite(value)) {
    return value > 0 ? '+inf.0' : '-inf.0';
  }
  const text = String(Number(value.toPrecision(15)));
  const exponent = /^(.*)e([+-])(\d+)$/.exec(text);
  if (exponent !== null) {
    return `${exponent[1]}e${exponent[2]}${exponent[3]?.padStart(2, '0')}`;
  }
  return text.includes('.') ? text : `${text}.0`;
}

export function isEqual(a: Value, b: Value): boolean {
  if (a === b) {
    return true;
  }
  if (a instanceof Real && b instanceof Real) {
    return a.value === b.value;
  }
  if (a instanceof Character && b instanceof Character) {
    return a.text === b.text;
  }
  if (isList(a) && isList(b)) {
    return a.length === b.length && a.every((item, index) => isEqual(item, b[index] ?? false));
  }
  if (a instanceof Dotted && b instanceof Dotted) {
    return isEqual(a.items, b.items) && isEqual(a.tail, b.tail);
  }
  return false;
}

/**
 * The values of the small Scheme, and how they print (spec scheme.md 3.4).
 *
 * `#f` is `false` and nothing else is false; integers and reals are kept apart because they print differently: an integer is a
 * `number`, a real a `Real`. Lists are pairs inside; procedures that a host adds see them as arrays (`toHost`).
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

export class Pair {
  readonly car: Value;
  readonly cdr: Value;
  constructor(car: Value, cdr: Value) {
    this.car = car;
    this.cdr = cdr;
  }
}

/** The empty list. */
export class Nil {
  readonly kind = 'nil';
}
export const nil = new Nil();

export class Vector {
  readonly items: Value[];
  constructor(items: Value[]) {
    this.items = items;
  }
}

export class Unspecified {
  readonly kind = 'unspecified';
}
export const unspecified = new Unspecified();

/** What a port gives at its end. */
export class EndOfFile {
  readonly kind = 'end of file';
}
export const endOfFile = new EndOfFile();

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

/** What `delay` makes: its value is computed at the first `force`. */
export class Delayed {
  #compute: (() => Value) | undefined;
  #value: Value = false;
  constructor(compute: () => Value) {
    this.#compute = compute;
  }

  force(): Value {
    if (this.#compute !== undefined) {
      const value = this.#compute();
      if (this.#compute !== undefined) {
        this.#value = value;
        this.#compute = undefined;
      }
    }
    return this.#value;
  }
}

/** Several values at once, as `values` gives them to `let-values`. */
export class MultipleValues {
  readonly items: readonly Value[];
  constructor(items: readonly Value[]) {
    this.items = items;
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
  | Pair
  | Nil
  | Vector
  | Unspecified
  | EndOfFile
  | Procedure
  | Pattern
  | Delayed
  | MultipleValues
  | Map<unknown, Value>;

/** A value as a host's own procedures see it: proper lists are arrays. */
export type HostValue = Value | readonly HostValue[];

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

export function listOf(items: readonly Value[], tail: Value = nil): Value {
  let list = tail;
  for (let at = items.length - 1; at >= 0; at -= 1) {
    list = new Pair(items[at] ?? unspecified, list);
  }
  return list;
}

/** The members of a proper list; `undefined` for anything else. */
export function itemsOf(value: Value | undefined): Value[] | undefined {
  const items: Value[] = [];
  let rest = value;
  while (rest instanceof Pair) {
    items.push(rest.car);
    rest = rest.cdr;
  }
  return rest === nil ? items : undefined;
}

export function toHost(value: Value): HostValue {
  return itemsOf(value)?.map(toHost) ?? value;
}

export function fromHost(value: HostValue): Value {
  return isList(value) ? listOf(value.map(fromHost)) : value;
}

/** Whether a host's procedure was given a list. */
export function isList(value: HostValue): value is readonly HostValue[] {
  return Array.isArray(value);
}

export function numberOf(value: HostValue): number | undefined {
  return typeof value === 'number' ? value : value instanceof Real ? value.value : undefined;
}

/** The text that `display` and `conc` give. */
export function display(value: HostValue): string {
  return print(value, false);
}

/** The text that `write` gives: strings and characters can be read again. */
export function write(value: HostValue): string {
  return print(value, true);
}

function print(value: HostValue, isWritten: boolean): string {
  if (typeof value === 'string') {
    return isWritten ? `"${value.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')}"` : value;
  }
  if (typeof value === 'boolean') {
    return value ? '#t' : '#f';
  }
  if (typeof value === 'number') {
    return String(value);
  }
  if (value instanceof Pair) {
    return printPairs(value, isWritten);
  }
  if (isList(value)) {
    return `(${value.map((item) => print(item, isWritten)).join(' ')})`;
  }
  if (value === nil) {
    return '()';
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
    return isWritten ? `#\\${value.text}` : value.text;
  }
  if (value instanceof Vector) {
    return `#(${value.items.map((item) => print(item, isWritten)).join(' ')})`;
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
  if (value instanceof EndOfFile) {
    return '#!eof';
  }
  if (value instanceof Delayed) {
    return '#<promise>';
  }
  if (value instanceof MultipleValues) {
    return value.items.map((item) => print(item, isWritten)).join(' ');
  }
  return '#<unspecified>';
}

function printPairs(value: Pair, isWritten: boolean): string {
  const texts: string[] = [];
  let rest: Value = value;
  while (rest instanceof Pair) {
    texts.push(print(rest.car, isWritten));
    rest = rest.cdr;
  }
  return `(${texts.join(' ')}${rest === nil ? '' : ` . ${print(rest, isWritten)}`})`;
}

/** Up to 15 significant digits, always with a point or an exponent of at least two digits. */
export function printReal(value: number): string {
  if (Number.isNaN(value)) {
    return '+nan.0';
  }
  if (!Number.isFinite(value)) {
    return value > 0 ? '+inf.0' : '-inf.0';
  }
  const [mantissa = '', power = '0'] = value.toExponential(14).split('e');
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 15) {
    const sign = exponent < 0 ? '-' : '+';
    const digits = String(Math.abs(exponent)).padStart(2, '0');
    return `${mantissa.replace(/\.?0+$/, '')}e${sign}${digits}`;
  }
  const text = String(Number(value.toPrecision(15)));
  return text.includes('.') ? text : `${text}.0`;
}

/** The same object, symbol, character or number of the same kind. */
export function isSame(a: Value, b: Value): boolean {
  if (a === b) {
    return true;
  }
  if (a instanceof Real) {
    return b instanceof Real && a.value === b.value;
  }
  if (a instanceof Character) {
    return b instanceof Character && a.text === b.text;
  }
  return a instanceof Keyword && b instanceof Keyword && a.name === b.name;
}

export function isEqual(a: Value, b: Value): boolean {
  let [left, right] = [a, b];
  while (left instanceof Pair && right instanceof Pair) {
    if (!isEqual(left.car, right.car)) {
      return false;
    }
    [left, right] = [left.cdr, right.cdr];
  }
  if (left instanceof Vector && right instanceof Vector) {
    const {items} = right;
    return (
      left.items.length === items.length &&
      left.items.every((item, index) => isEqual(item, items[index] ?? unspecified))
    );
  }
  return isSame(left, right);
}

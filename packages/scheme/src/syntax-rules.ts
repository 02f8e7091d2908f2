/** `define-syntax` with `syntax-rules` (spec scheme.md 3.2); names in a template mean what they mean where the macro is used. */
import {SchemeError} from './scheme-error.ts';
import {isEqual, itemsOf, nil, Pair, SchemeSymbol, symbol, type Value} from './values.ts';

const dots = symbol('...');

type Bindings = Map<string, Value | readonly Bindings[]>;

/** What the first rule that matches makes of `form`. */
export function expandMacro(macro: Value, form: Pair): Value {
  const [head, literalList = nil, ...rules] = itemsOf(macro) ?? [];
  if (head !== symbol('syntax-rules')) {
    throw new SchemeError('define-syntax: only syntax-rules is supported');
  }
  const literals = new Set((itemsOf(literalList) ?? []).map((literal) => nameIn(literal)));
  for (const rule of rules) {
    const [pattern, template = nil] = itemsOf(rule) ?? [];
    const bindings: Bindings = new Map();
    // The first word of a pattern is the macro's own name.
    if (pattern instanceof Pair && matches(pattern.cdr, form.cdr, literals, bindings)) {
      return fill(template, bindings);
    }
  }
  throw new SchemeError(`${nameIn(form.car) ?? 'macro'}: no rule of this macro fits`);
}

function nameIn(value: Value): string | undefined {
  return value instanceof SchemeSymbol ? value.name : undefined;
}

function matches(
  pattern: Value,
  form: Value,
  literals: ReadonlySet<string | undefined>,
  bindings: Bindings,
): boolean {
  if (pattern instanceof SchemeSymbol) {
    if (literals.has(pattern.name)) {
      return form === pattern;
    }
    bindings.set(pattern.name, form);
    return true;
  }
  if (!(pattern instanceof Pair)) {
    return isEqual(pattern, form);
  }
  if (pattern.cdr instanceof Pair && pattern.cdr.car === dots) {
    const after = lengthOf(pattern.cdr.cdr);
    const repeated: Bindings[] = [];
    let rest = form;
    for (let left = lengthOf(form) - after; left > 0 && rest instanceof Pair; left -= 1) {
      const inner: Bindings = new Map();
      if (!matches(pattern.car, rest.car, literals, inner)) {
        return false;
      }
      repeated.push(inner);
      rest = rest.cdr;
    }
    for (const name of namesIn(pattern.car)) {
      bindings.set(name, repeated);
    }
    return matches(pattern.cdr.cdr, rest, literals, bindings);
  }
  return (
    form instanceof Pair &&
    matches(pattern.car, form.car, literals, bindings) &&
    matches(pattern.cdr, form.cdr, literals, bindings)
  );
}

function lengthOf(list: Value): number {
  let count = 0;
  for (let rest = list; rest instanceof Pair; rest = rest.cdr) {
    count += 1;
  }
  return count;
}

function namesIn(pattern: Value): readonly string[] {
  if (pattern instanceof Pair) {
    return [...namesIn(pattern.car), ...namesIn(pattern.cdr)];
  }
  return pattern instanceof SchemeSymbol && pattern !== dots ? [pattern.name] : [];
}

function fill(template: Value, bindings: Bindings): Value {
  if (template instanceof SchemeSymbol) {
    const value = bindings.get(template.name);
    if (Array.isArray(value)) {
      throw new SchemeError(`syntax-rules: ${template.name} needs "..." after it`);
    }
    return value === undefined ? template : (value as Value);
  }
  if (!(template instanceof Pair)) {
    return template;
  }
  if (!(template.cdr instanceof Pair && template.cdr.car === dots)) {
    return new Pair(fill(template.car, bindings), fill(template.cdr, bindings));
  }
  const repeated = namesIn(template.car)
    .map((name) => bindings.get(name))
    .find((value): value is readonly Bindings[] => Array.isArray(value));
  const rest = fill(template.cdr.cdr, bindings);
  return (repeated ?? []).reduceRight<Value>(
    (tail, inner) => new Pair(fill(template.car, new Map([...bindings, ...inner])), tail),
    rest,
  );
}

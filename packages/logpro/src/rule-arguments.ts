/** The arguments of a rule, `WHERE SECTION OP COUNT NAME PATTERN` and keywords (spec logpro.md 5, 6). */
import {
  display,
  isList,
  Keyword,
  numberOf,
  Pattern,
  Procedure,
  SchemeError,
  SchemeSymbol,
  type Value,
} from '@megatest/scheme';
import {LogPattern} from './log-pattern.ts';
import type {Comparison, CountCondition, Rule, ValueCondition} from './rule-set.ts';

/** The rule cannot be registered, but the others can be used. */
export class MalformedRule extends Error {}

export type RuleArguments = Omit<Rule, 'number' | 'section' | 'place'> & {
  readonly sections: readonly string[];
  readonly expires: string | undefined;
  /** About arguments that are passed over. */
  readonly warnings: readonly string[];
};

const positional = 6;
const keywordNames = ['expires', 'hook', 'class', 'type', 'matchnum'];
const wheres = ['in', 'not-in'];

/** Throws a `MalformedRule`, or a `SchemeError` for what makes the whole file useless. */
export function ruleArguments(form: string, formKind: string, args: readonly Value[]): RuleArguments {
  if (args.length < positional) {
    throw new SchemeError(
      `${form} takes WHERE SECTION ${form === 'expect:value' ? 'EXPECTED TOL' : 'OP COUNT'} NAME PATTERN, got ${args.length} arguments`,
    );
  }
  const [where = '', section = '', third = '', fourth = '', name = '', pattern = ''] = args;
  const patterns = toPatterns(pattern);
  const {options, warnings} = keywordArguments(args.slice(positional));
  const condition =
    form === 'expect:value' ? valueCondition(form, third, fourth, options) : countCondition(third, fourth);
  if (!(where instanceof SchemeSymbol)) {
    throw new MalformedRule('where must be a symbol: in or not-in');
  }
  const sections = typeof section === 'string' ? [section] : isList(section) ? section : [];
  const sectionNames = sections.filter((one) => typeof one === 'string');
  if (sectionNames.length === 0 || sectionNames.length < sections.length) {
    throw new MalformedRule('section must be a string or a list of strings');
  }
  if (typeof name !== 'string') {
    throw new MalformedRule('name must be a string');
  }
  const expires = options.get('expires') ?? false;
  if (expires !== false && typeof expires !== 'string') {
    throw new MalformedRule('expires must be a string');
  }
  const kind = options.get('type');
  const neverMatches = wheres.includes(where.name) ? [] : [`"${where.name}" never matches: use in or not-in`];
  return {
    kind: kind === undefined ? formKind : display(kind),
    where: where.name,
    sections: sectionNames,
    name,
    patterns,
    cssClass: display(options.get('class') ?? ''),
    hook: display(options.get('hook') ?? ''),
    condition,
    expires: expires === false ? undefined : expires,
    warnings: [...warnings, ...neverMatches],
  };
}

/** A pattern literal, a string, or a list of them. */
export function toPatterns(value: Value): readonly LogPattern[] {
  if (isList(value)) {
    return value.flatMap((one) => toPatterns(one));
  }
  if (!(value instanceof Pattern) && typeof value !== 'string') {
    throw new SchemeError(`a pattern is wanted, got ${display(value)}`);
  }
  const [source, flags] = typeof value === 'string' ? [value, ''] : [value.source, value.flags];
  try {
    return [new LogPattern(source, flags)];
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new SchemeError(`the pattern /${source}/${flags} is not valid: ${error.message}`);
    }
    throw error;
  }
}

const comparisons: readonly Comparison[] = ['=', '<', '>', '<=', '>='];

function comparisonOf(value: Value): Comparison | undefined {
  return value instanceof Procedure ? comparisons.find((one) => one === value.name) : undefined;
}

function countCondition(operator: Value, count: Value): CountCondition {
  const comparison = comparisonOf(operator);
  if (comparison === undefined) {
    throw new MalformedRule('comparison must be one of = < > <= >=');
  }
  const wanted = numberOf(count);
  if (wanted === undefined) {
    throw new MalformedRule('value must be a number');
  }
  return {type: 'count', comparison, count: wanted, countText: display(count)};
}

function valueCondition(
  form: string,
  expected: Value,
  tolerance: Value,
  options: ReadonlyMap<string, Value>,
): ValueCondition {
  const limit = numberOf(tolerance) ?? comparisonOf(tolerance);
  if (limit === undefined) {
    throw new SchemeError(`${form}: TOL must be a number or one of < > <= >= =, got ${display(tolerance)}`);
  }
  const wanted = numberOf(expected);
  if (wanted === undefined) {
    throw new MalformedRule('expected must be a number');
  }
  return {
    type: 'value',
    expected: wanted,
    expectedText: display(expected),
    tolerance: limit,
    toleranceText: typeof limit === 'string' ? limit : display(tolerance),
    group: numberOf(options.get('matchnum') ?? 1) ?? 1,
  };
}

/**
 * Arguments after the positional ones are read in pairs, as ever: an unknown keyword and its value are passed over, and a stray
 * argument hides the keyword behind it. Of two keywords with the same name the first counts.
 */
function keywordArguments(args: readonly Value[]): {
  readonly options: ReadonlyMap<string, Value>;
  readonly warnings: readonly string[];
} {
  const options = new Map<string, Value>();
  const warnings: string[] = [];
  for (let at = 0; at < args.length; at += 2) {
    const [key = false, value] = args.slice(at, at + 2);
    if (!(key instanceof Keyword)) {
      warnings.push(`the argument ${display(key)} is ignored, and so is the one behind it`);
    } else if (value === undefined) {
      warnings.push(`the keyword ${key.name}: has no value`);
    } else if (!keywordNames.includes(key.name)) {
      warnings.push(`the keyword ${key.name}: is not known and ignored`);
    } else if (options.has(key.name)) {
      warnings.push(`the keyword ${key.name}: is given twice, the first one counts`);
    } else {
      options.set(key.name, value);
    }
  }
  return {options, warnings};
}

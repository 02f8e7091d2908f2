/** A rules file: triggers, sections, rules and hooks, as its Scheme forms define them (spec logpro.md 3 to 7). */
import {existsSync, readFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {
  display,
  Interpreter,
  isList,
  Keyword,
  numberOf,
  Pattern,
  Procedure,
  SchemeError,
  type SchemeHost,
  SchemeSymbol,
  unspecified,
  type Value,
} from '@megatest/scheme';
import {compilePattern} from './log-pattern.ts';

export type LogPattern = {readonly regex: RegExp; readonly text: string};

export type Trigger = {
  readonly name: string;
  readonly limit: number;
  readonly isOptional: boolean;
  readonly patterns: readonly LogPattern[];
};
export type LogSection = {readonly name: string; readonly start: string; readonly end: string};
export type Comparison = '=' | '<' | '>' | '<=' | '>=';

export type Rule = {
  readonly number: number;
  /** What a failure of it means: `error`, `required`, `warning` ... */
  readonly kind: string;
  readonly where: string;
  readonly section: string;
  readonly name: string;
  readonly patterns: readonly LogPattern[];
  readonly cssClass: string;
  readonly hook: string;
  readonly condition:
    | {
        readonly type: 'count';
        readonly comparison: Comparison;
        readonly count: number;
        readonly countText: string;
      }
    | {
        readonly type: 'value';
        readonly expected: number;
        readonly expectedText: string;
        readonly tolerance: number | Comparison;
        readonly toleranceText: string;
        readonly group: number;
      };
};

export type Hook = {readonly command: string; readonly isOneTime: boolean};

export type RuleSet = {
  readonly triggers: readonly Trigger[];
  readonly sections: readonly LogSection[];
  readonly rules: readonly Rule[];
  readonly hooks: Map<string, Hook>;
  /** What the rules printed while they were loaded, and notices. */
  readonly output: string;
  /** Rules that could not be registered: the verdict fails if nothing worse does. */
  readonly malformed: readonly string[];
};

/** The rules cannot be used; the message has file and line. */
export class RulesError extends Error {
  override readonly name = 'RulesError';
}

/** Effect of each form when its condition fails. */
export const KINDS: Readonly<
  Record<
    string,
    {
      readonly label: string;
      readonly tally: 'skip' | 'abort' | 'check' | 'fail' | 'warn' | 'waive' | undefined;
    }
  >
> = {
  error: {label: 'Error', tally: 'fail'},
  required: {label: 'Required', tally: 'fail'},
  'required-warn': {label: 'Required-warn', tally: 'warn'},
  warning: {label: 'Warning', tally: 'warn'},
  waive: {label: 'Waive', tally: 'waive'},
  check: {label: 'Check', tally: 'check'},
  abort: {label: 'Abort', tally: 'abort'},
  skip: {label: 'Skip', tally: 'skip'},
  ignore: {label: 'Ignore', tally: undefined},
  note: {label: 'Note', tally: undefined},
  value: {label: 'Value', tally: 'fail'},
};

const forms: Readonly<Record<string, string>> = {
  expect: 'error',
  'expect:error': 'error',
  'expect:required': 'required',
  'expect:required-warn': 'required-warn',
  'expect:warning': 'warning',
  'expect:warn': 'warning',
  'expect:waive': 'waive',
  'expect:waived': 'waive',
  'expect:waiver': 'waive',
  'expect:check': 'check',
  'expect:abort': 'abort',
  'expect:skip': 'skip',
  'expect:ignore': 'ignore',
  'expect:note': 'note',
  'expect:value': 'value',
};

export type RuleFile = {readonly name: string; readonly text: string};

/** Loads rule files in order (a waiver file comes first). `host` is what the rules may reach of the world. */
export function loadRules(
  files: readonly RuleFile[],
  cwd: string,
  host: Omit<SchemeHost, 'print'>,
  now: Date,
): RuleSet {
  const loader = new RuleLoader(cwd, host, now);
  for (const file of files) {
    loader.load(file);
  }
  return loader.finish();
}

class RuleLoader {
  readonly #interpreter: Interpreter;
  readonly #cwd: string;
  readonly #now: Date;
  readonly #triggers: Trigger[] = [
    {name: 'LogFileBodyStart', limit: 1, isOptional: false, patterns: [{regex: /.*/, text: '/.*/'}]},
  ];
  readonly #sections: LogSection[] = [
    {name: 'LogFileBody', start: 'LogFileBodyStart', end: 'LogFileBodyEnd'},
  ];
  readonly #rules: Rule[] = [];
  readonly #hooks = new Map<string, Hook>();
  readonly #malformed: string[] = [];
  readonly #loading: string[] = [];
  #output = '';
  #nextNumber = 0;

  constructor(cwd: string, host: Omit<SchemeHost, 'print'>, now: Date) {
    this.#cwd = cwd;
    this.#now = now;
    const print = (text: string) => {
      this.#output += text;
    };
    this.#interpreter = new Interpreter({host: {...host, print}, allowsPatterns: true});
    this.#defineForms();
  }

  load(file: RuleFile): void {
    this.#loading.push(file.name);
    if (this.#loading.length > 50) {
      throw new RulesError(`${file.name}: files load one another without end`);
    }
    try {
      this.#interpreter.evaluate(file.text);
    } catch (error) {
      if (error instanceof SchemeError || error instanceof SyntaxError) {
        const place =
          error instanceof SchemeError && error.line !== undefined ? `${file.name}:${error.line}` : file.name;
        throw new RulesError(`${place}: ${error.message}`);
      }
      throw error;
    } finally {
      this.#loading.pop();
    }
  }

  finish(): RuleSet {
    return {
      triggers: this.#triggers,
      sections: this.#sections,
      rules: this.#rules,
      hooks: this.#hooks,
      output: this.#output,
      malformed: this.#malformed,
    };
  }

  #defineForms(): void {
    const define = (name: string, call: (args: readonly Value[]) => void) =>
      this.#interpreter.defineProcedure(name, (args) => {
        call(args);
        return unspecified;
      });
    for (const name of ['in', 'not-in', 'before', 'after']) {
      this.#interpreter.define(name, new SchemeSymbol(name));
    }
    this.#interpreter.define('logfile', 'LogFileBody');
    define('trigger', ([name, ...patterns]) => this.#trigger(name, 1, false, patterns));
    define('trigger-with-limit', ([name, limit, ...patterns]) =>
      this.#trigger(name, numberOf(limit ?? 0) ?? 0, false, patterns),
    );
    define('trigger:non-required', ([name, ...patterns]) => this.#trigger(name, 1, true, patterns));
    define('section', (args) => {
      if (args.length !== 3) {
        throw new SchemeError(
          `section takes a name, a start and an end trigger, got ${args.length} arguments`,
        );
      }
      const [name = '', start = '', end = ''] = args.map(display);
      this.#sections.push({name, start, end});
    });
    define('hook:add', ([name, command, ...rest]) => {
      const options = keywords(rest);
      this.#hooks.set(display(name ?? ''), {
        command: display(command ?? ''),
        isOneTime: (options.get('one-time') ?? false) !== false,
      });
    });
    for (const name of ['hook:first-error', 'hook:first-warning', 'hook:value']) {
      define(name, () => {
        this.#output += `WARNING: ${name} is obsolete and ignored\n`;
      });
    }
    define('logpro:set!', () => {});
    define('logpro:unset!', () => {});
    define('logpro:get', () => {});
    define('load', ([path]) => this.#loadFile(display(path ?? ''), this.#cwd));
    define('load-relative', ([path]) =>
      this.#loadFile(display(path ?? ''), dirname(this.#loading.at(-1) ?? this.#cwd)),
    );
    for (const [form, kind] of Object.entries(forms)) {
      define(form, (args) => this.#rule(form, kind, args));
    }
  }

  #loadFile(path: string, from: string): void {
    const candidates = [path, `${path}.scm`].map((name) => (name.startsWith('/') ? name : join(from, name)));
    const found = candidates.find((candidate) => existsSync(candidate));
    if (found === undefined) {
      throw new SchemeError(`cannot load ${path}: there is no such file in ${from}`);
    }
    this.load({name: found, text: readFileSync(found, 'latin1')});
  }

  #trigger(name: Value | undefined, limit: number, isOptional: boolean, patterns: readonly Value[]): void {
    this.#triggers.push({
      name: display(name ?? ''),
      limit,
      isOptional,
      patterns: patterns.flatMap((pattern) => toPatterns(pattern)),
    });
  }

  #rule(form: string, defaultKind: string, args: readonly Value[]): void {
    if (args.length < 6) {
      throw new SchemeError(
        `${form} takes WHERE SECTION OP COUNT NAME PATTERN, got ${args.length} arguments`,
      );
    }
    const [where = '', sections = '', third = '', fourth = '', name = '', pattern = ''] = args;
    const options = keywords(args.slice(6));
    const number = this.#nextNumber;
    this.#nextNumber += 1;
    const type = options.get('type');
    const kind = type === undefined ? defaultKind : display(type);
    const isValue = form === 'expect:value';
    const condition = isValue ? valueCondition(form, third, fourth, options) : countCondition(third, fourth);
    const patterns = toPatterns(pattern);
    const names =
      typeof sections === 'string' ? [sections] : isList(sections) ? sections.map(display) : undefined;
    if (
      !(where instanceof SchemeSymbol) ||
      names === undefined ||
      condition === undefined ||
      typeof name !== 'string'
    ) {
      const what = !(where instanceof SchemeSymbol)
        ? 'WHERE must be in, not-in, before or after'
        : names === undefined
          ? 'SECTION must be a string or a list of strings'
          : condition === undefined
            ? 'OP must be one of = < > <= >= and COUNT a number'
            : 'NAME must be a string';
      const text = `ERROR: ${this.#loading.at(-1) ?? ''}: ${form}: ${what}`;
      this.#malformed.push(text);
      this.#output += `${text}\n`;
      return;
    }
    if (this.#hasExpired(options.get('expires'), name)) {
      return;
    }
    for (const section of names) {
      this.#rules.push({
        number,
        kind,
        where: where.name,
        section,
        name,
        patterns,
        cssClass: display(options.get('class') ?? ''),
        hook: display(options.get('hook') ?? ''),
        condition,
      });
    }
  }

  #hasExpired(expires: Value | undefined, name: string): boolean {
    if (expires === undefined || expires === false) {
      return false;
    }
    if (typeof expires !== 'string') {
      throw new SchemeError('expires: must be a string');
    }
    const date = /^(\d+)\/(\d+)\/(\d+)$/.exec(expires);
    if (date === null) {
      this.#output += `WARNING: Couldn't parse date: ${expires}, date should be MM/DD/YY\n`;
      return false;
    }
    const [month, day, year] = [Number(date[1]), Number(date[2]), Number(date[3])];
    if (month < 1 || month > 12 || day < 1 || day > 31) {
      throw new SchemeError(`expires: ${expires} is no date`);
    }
    const start = new Date(2000, month - 1, day);
    start.setFullYear(year, month - 1, day);
    const hasExpired = this.#now >= start;
    if (hasExpired) {
      this.#output += `NOTE: the rule "${name}" expired on ${expires}\n`;
    }
    return hasExpired;
  }
}

const comparisons = new Set(['=', '<', '>', '<=', '>=']);

function comparisonOf(value: Value): Comparison | undefined {
  return value instanceof Procedure && comparisons.has(value.name) ? (value.name as Comparison) : undefined;
}

function countCondition(operator: Value, count: Value): Rule['condition'] | undefined {
  const comparison = comparisonOf(operator);
  const wanted = numberOf(count);
  return comparison === undefined || wanted === undefined
    ? undefined
    : {type: 'count', comparison, count: wanted, countText: display(count)};
}

function valueCondition(
  form: string,
  expected: Value,
  tolerance: Value,
  options: ReadonlyMap<string, Value>,
): Rule['condition'] | undefined {
  const wanted = numberOf(expected);
  const limit = numberOf(tolerance) ?? comparisonOf(tolerance);
  if (limit === undefined) {
    throw new SchemeError(`${form}: TOL must be a number or one of < > <= >= =`);
  }
  if (wanted === undefined) {
    return undefined;
  }
  const toleranceText = typeof limit === 'string' ? limit : display(tolerance);
  return {
    type: 'value',
    expected: wanted,
    expectedText: display(expected),
    tolerance: limit,
    toleranceText,
    group: numberOf(options.get('matchnum') ?? 1) ?? 1,
  };
}

/** Keyword arguments; of two with the same name the first counts, and what is no keyword is passed over in pairs. */
function keywords(args: readonly Value[]): ReadonlyMap<string, Value> {
  const options = new Map<string, Value>();
  for (let at = 0; at + 1 < args.length; at += 2) {
    const key = args[at];
    if (key instanceof Keyword && !options.has(key.name)) {
      options.set(key.name, args[at + 1] ?? false);
    }
  }
  return options;
}

function toPatterns(value: Value): readonly LogPattern[] {
  if (isList(value)) {
    return value.flatMap((one) => toPatterns(one));
  }
  const pattern =
    value instanceof Pattern ? value : typeof value === 'string' ? new Pattern(value, '') : undefined;
  if (pattern === undefined) {
    throw new SchemeError(`a pattern is wanted, got ${display(value)}`);
  }
  try {
    return [{regex: compilePattern(pattern.source, pattern.flags), text: display(pattern)}];
  } catch (error) {
    throw new SchemeError(
      `the pattern ${display(pattern)} is not valid: ${error instanceof Error ? error.message : error}`,
    );
  }
}

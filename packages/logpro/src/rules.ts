/** Loads rules files: evaluates their Scheme forms, which define triggers, sections, rules and hooks (spec logpro.md 3 to 7). */
import {dirname, isAbsolute, join} from 'node:path';
import {
  display,
  Interpreter,
  Keyword,
  Procedure,
  SchemeError,
  type SchemeHost,
  SchemeSymbol,
  unspecified,
  type Value,
} from '@megatest/scheme';
import {hasPassed, parseExpiry} from './expiry.ts';
import {LogPattern} from './log-pattern.ts';
import {nearestName} from './nearest-name.ts';
import {MalformedRule, ruleArguments, toPatterns} from './rule-arguments.ts';
import {
  type Hook,
  KINDS,
  type LogSection,
  type Remark,
  type Rule,
  type RuleSet,
  type Trigger,
} from './rule-set.ts';
import {type Place, placeAt, printPlace, RulesError} from './rules-error.ts';
import {topLevelForms} from './top-level-forms.ts';

export type RuleFile = {
  /** As the user wrote it; relative to the current directory. */
  readonly name: string;
  readonly text: string;
  /** Line of a larger file on which `text` begins, such as a testconfig. */
  readonly firstLine?: number;
};

/** What rules may reach of the world. */
export type RulesWorld = {
  readonly host: SchemeHost;
  readonly currentDirectory: string;
  /** The text of a file, as Latin-1; `undefined` when there is none. */
  readonly readFile: (path: string) => string | undefined;
  readonly now: Date;
};

/**
 * Loads rules files in order; a waiver file comes first. Throws a `RulesError` for rules that cannot be used; `remarks` then has what
 * was found before.
 */
export function loadRules(files: readonly RuleFile[], world: RulesWorld, remarks: Remark[] = []): RuleSet {
  const loader = new RuleLoader(world, remarks);
  for (const file of files) {
    loader.load(file);
  }
  return loader.finish();
}

/** Files that load one another without end stop here. */
const maxNestedFiles = 50;

class RuleLoader {
  readonly #world: RulesWorld;
  readonly #interpreter: Interpreter;
  readonly #triggers: Trigger[] = [
    {
      name: 'LogFileBodyStart',
      limit: 1,
      isOptional: false,
      patterns: [new LogPattern('.*', '')],
      place: undefined,
    },
  ];
  readonly #sections: LogSection[] = [
    {name: 'LogFileBody', start: 'LogFileBodyStart', end: 'LogFileBodyEnd', place: undefined},
  ];
  readonly #rules: Rule[] = [];
  readonly #hooks = new Map<string, Hook>();
  readonly #remarks: Remark[];
  /** The forms that are being evaluated; the innermost one, of the file loaded last, stands last. */
  readonly #places: Place[] = [];
  /** What may have been meant by a name that is not defined. */
  readonly #names: readonly string[];
  #nextNumber = 0;

  constructor(world: RulesWorld, remarks: Remark[]) {
    this.#world = world;
    this.#remarks = remarks;
    this.#interpreter = new Interpreter({host: world.host, allowsPatterns: true});
    this.#defineForms();
    this.#names = this.#interpreter.names;
  }

  load(file: RuleFile): void {
    for (const form of topLevelForms(file.text)) {
      const start = placeAt(file.name, file.text, form.offset, file.firstLine);
      this.#places.push(start);
      try {
        this.#interpreter.evaluate(form.text);
      } catch (error) {
        throw error instanceof SchemeError ? this.#located(error, file, form.offset) : error;
      } finally {
        this.#places.pop();
      }
    }
  }

  /** An error inside a form has its place in that form; turned into one in the file. */
  #located(error: SchemeError, file: RuleFile, formOffset: number): RulesError {
    const lines = file.text
      .slice(formOffset)
      .split('\n')
      .slice(0, (error.line ?? 1) - 1);
    const offset = lines.reduce((sum, line) => sum + line.length + 1, formOffset) + (error.column ?? 1) - 1;
    const unbound = /^unbound variable: (\S+)/.exec(error.message)?.[1];
    const near = unbound === undefined ? undefined : nearestName(unbound, this.#names);
    const hint = near === undefined ? undefined : `did you mean ${near}?`;
    return new RulesError(error.message, placeAt(file.name, file.text, offset, file.firstLine), hint);
  }

  finish(): RuleSet {
    return {
      triggers: this.#triggers,
      sections: this.#sections,
      rules: this.#rules,
      hooks: this.#hooks,
      remarks: this.#remarks,
    };
  }

  get #place(): Place {
    return this.#places.at(-1) ?? {file: '', line: 1, column: 1, lineText: ''};
  }

  /** Prints what `text` says about the form that is being evaluated, and keeps it for those who check rules without running them. */
  #remark(severity: Remark['severity'], message: string, text: string): void {
    this.#remarks.push({severity, message, place: this.#place});
    this.#world.host.print(`${text}\n`);
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
    define('trigger', ([name, ...patterns]) => this.#trigger('trigger', name, 1, false, patterns));
    define('trigger-with-limit', ([name, limit, ...patterns]) =>
      this.#trigger('trigger-with-limit', name, limit, false, patterns),
    );
    define('trigger:non-required', ([name, ...patterns]) =>
      this.#trigger('trigger:non-required', name, 1, true, patterns),
    );
    define('section', (args) => this.#section(args));
    define('hook:add', (args) => this.#hook(args));
    for (const name of ['hook:first-error', 'hook:first-warning', 'hook:value']) {
      define(name, () => this.#warn(`${name} is obsolete and ignored`));
    }
    for (const name of ['logpro:set!', 'logpro:get', 'logpro:unset!']) {
      // A table of settings whose only key was looked at before the rules could change it.
      define(name, () => {});
    }
    define('load', ([path]) => this.#loadFile(text('load', 'a file name', path), ''));
    define('load-relative', ([path]) =>
      this.#loadFile(text('load-relative', 'a file name', path), dirname(this.#place.file)),
    );
    for (const [kind, {forms}] of KINDS) {
      for (const form of forms) {
        define(form, (args) => this.#rule(form, kind, args));
      }
    }
  }

  #warn(message: string): void {
    this.#remark('warning', message, `WARNING: ${printPlace(this.#place)}: ${message}`);
  }

  /** `folder` is what a relative path is relative to, itself relative to the current directory. */
  #loadFile(path: string, folder: string): void {
    if (this.#places.length > maxNestedFiles) {
      throw new SchemeError('files load one another without end');
    }
    for (const candidate of [path, `${path}.scm`]) {
      const name = isAbsolute(candidate) ? candidate : join(folder, candidate);
      const text = this.#world.readFile(isAbsolute(name) ? name : join(this.#world.currentDirectory, name));
      if (text !== undefined) {
        this.load({name, text});
        return;
      }
    }
    throw new SchemeError(`cannot load ${path}: there is no such file`);
  }

  #trigger(
    form: string,
    name: Value | undefined,
    limit: Value | undefined,
    isOptional: boolean,
    patterns: readonly Value[],
  ): void {
    if (typeof limit !== 'number') {
      throw new SchemeError(`${form}: the limit must be an integer, got ${shown(limit)}`);
    }
    this.#triggers.push({
      name: text(form, 'a name', name),
      limit,
      isOptional,
      patterns: patterns.flatMap((pattern) => toPatterns(pattern)),
      place: this.#place,
    });
  }

  #section(args: readonly Value[]): void {
    const [name, start, end] = args;
    if (args.length !== 3) {
      throw new SchemeError(`section takes a name, a start and an end trigger, got ${args.length} arguments`);
    }
    this.#sections.push({
      name: text('section', 'a name', name),
      start: text('section', 'the name of a trigger', start),
      end: text('section', 'the name of a trigger', end),
      place: this.#place,
    });
  }

  #hook(args: readonly Value[]): void {
    const [name, command, ...rest] = args;
    const at = rest.findIndex((value) => value instanceof Keyword && value.name === 'one-time');
    this.#hooks.set(text('hook:add', 'a name', name), {
      command: text('hook:add', 'a shell command', command),
      isOneTime: at >= 0 && (rest[at + 1] ?? false) !== false,
    });
  }

  #rule(form: string, formKind: string, args: readonly Value[]): void {
    const number = this.#nextNumber;
    this.#nextNumber += 1;
    try {
      const {sections, expires, warnings, ...rule} = ruleArguments(form, formKind, args);
      for (const warning of warnings) {
        this.#warn(`${form}: ${warning}`);
      }
      if (expires !== undefined && this.#hasExpired(expires, rule.name)) {
        return;
      }
      for (const section of sections) {
        this.#rules.push({...rule, number, section, place: this.#place});
      }
    } catch (error) {
      if (!(error instanceof MalformedRule)) {
        throw error;
      }
      this.#remark(
        'error',
        `${form}: ${error.message}`,
        `ERROR: ${error.message}, in ${form} at ${printPlace(this.#place)}`,
      );
    }
  }

  #hasExpired(expires: string, name: string): boolean {
    const date = parseExpiry(expires);
    if (date === 'not a date') {
      const message = `Couldn't parse date: ${expires}, date should be MM/DD/YY`;
      this.#remark('warning', message, `WARNING: ${message}`);
      return false;
    }
    const hasExpired = hasPassed(date, this.#world.now);
    if (hasExpired) {
      const message = `the rule "${name}" expired on ${expires} and is left out`;
      this.#remark('note', message, `NOTE: ${printPlace(this.#place)}: ${message}`);
    }
    return hasExpired;
  }
}

function text(form: string, what: string, value: Value | undefined): string {
  if (typeof value !== 'string') {
    throw new SchemeError(`${form}: ${what} must be a string, got ${shown(value)}`);
  }
  return value;
}

function shown(value: Value | undefined): string {
  return value === undefined ? 'nothing' : value instanceof Procedure ? value.name : display(value);
}

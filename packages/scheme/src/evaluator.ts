/**
 * Evaluates the small Scheme. Special forms stand here, procedures in `procedures.ts`; a tail call is a turn of the loop in
 * `evaluate`, so it does not grow the stack, and every turn counts as a step, so that nothing runs for ever.
 */
import {SchemeError} from './scheme-error.ts';
import {
  Dotted,
  isEqual,
  isList,
  Keyword,
  Procedure,
  SchemeSymbol,
  symbol,
  unspecified,
  type Value,
} from './values.ts';

export type Limits = {
  /** Turns of the evaluator in one evaluation. */
  readonly maxSteps: number;
  /** Nested calls that are not tail calls. */
  readonly maxDepth: number;
};

export const defaultLimits: Limits = {maxSteps: 5_000_000, maxDepth: 1500};

export class Environment {
  readonly #values = new Map<string, Value>();
  readonly #parent: Environment | undefined;

  constructor(parent?: Environment) {
    this.#parent = parent;
  }

  define(name: string, value: Value): void {
    this.#values.set(name, value);
  }

  lookup(name: string): Value | undefined {
    return this.#values.get(name) ?? this.#parent?.lookup(name);
  }

  assign(name: string, value: Value): boolean {
    if (this.#values.has(name)) {
      this.#values.set(name, value);
      return true;
    }
    return this.#parent?.assign(name, value) ?? false;
  }
}

/** A procedure made by `lambda`; kept apart so that calling it in tail position can be a loop. */
class Closure extends Procedure {
  readonly parameters: Value;
  readonly body: readonly Value[];
  readonly environment: Environment;

  constructor(
    name: string,
    parameters: Value,
    body: readonly Value[],
    environment: Environment,
    evaluator: Evaluator,
  ) {
    super(name, (args) => evaluator.run(body, evaluator.bind(this, args)));
    this.parameters = parameters;
    this.body = body;
    this.environment = environment;
  }
}

/** Forms that only loaded libraries or traced calls in the original. */
const ignoredForms = new Set(['use', 'require-extension', 'import', 'require-library', 'declare', 'trace']);

export class Evaluator {
  readonly #limits: Limits;
  #steps = 0;
  #depth = 0;

  constructor(limits: Limits = defaultLimits) {
    this.#limits = limits;
  }

  /** Evaluates forms in order and returns the last value. */
  run(forms: readonly Value[], environment: Environment): Value {
    let value: Value = unspecified;
    for (const form of forms) {
      value = this.evaluate(form, environment);
    }
    return value;
  }

  evaluate(start: Value, startEnvironment: Environment): Value {
    this.#depth += 1;
    if (this.#depth > this.#limits.maxDepth) {
      this.#depth = 0;
      throw new SchemeError('calls are nested too deeply: this looks like a recursion without end');
    }
    try {
      return this.#loop(start, startEnvironment);
    } finally {
      this.#depth = Math.max(0, this.#depth - 1);
    }
  }

  #loop(start: Value, startEnvironment: Environment): Value {
    let form = start;
    let environment = startEnvironment;
    for (;;) {
      this.#steps += 1;
      if (this.#steps > this.#limits.maxSteps) {
        throw new SchemeError(
          `gave up after ${this.#limits.maxSteps} steps: this looks like a loop without end`,
        );
      }
      if (form instanceof SchemeSymbol) {
        const value = environment.lookup(form.name);
        if (value === undefined) {
          throw new SchemeError(`unbound variable: ${form.name} (not supported)`);
        }
        return value;
      }
      if (!isList(form)) {
        return form;
      }
      const [head, ...rest] = form;
      if (head === undefined) {
        throw new SchemeError('an empty list cannot be called');
      }
      if (head instanceof SchemeSymbol && environment.lookup(head.name) === undefined) {
        const next = this.#special(head.name, rest, environment);
        if (next === undefined) {
          throw new SchemeError(`unbound variable: ${head.name} (not supported)`);
        }
        if (next.kind === 'value') {
          return next.value;
        }
        form = next.form;
        environment = next.environment;
        continue;
      }
      const procedure = this.evaluate(head, environment);
      const args = rest.map((argument) => this.evaluate(argument, environment));
      if (procedure instanceof Closure) {
        environment = this.bind(procedure, args);
        for (const earlier of procedure.body.slice(0, -1)) {
          this.evaluate(earlier, environment);
        }
        form = procedure.body.at(-1) ?? unspecified;
        continue;
      }
      return this.apply(procedure, args);
    }
  }

  apply(procedure: Value | undefined, args: readonly Value[]): Value {
    if (!(procedure instanceof Procedure)) {
      throw new SchemeError('call of something that is no procedure');
    }
    return procedure.call(args);
  }

  bind(closure: Closure, args: readonly Value[]): Environment {
    const environment = new Environment(closure.environment);
    const {parameters} = closure;
    const names = isList(parameters) ? parameters : parameters instanceof Dotted ? parameters.items : [];
    const rest = parameters instanceof Dotted ? parameters.tail : isList(parameters) ? undefined : parameters;
    let index = 0;
    let mode: 'required' | 'optional' | 'rest' | 'key' = 'required';
    for (const parameter of names) {
      const [nameForm, defaultForm] = isList(parameter) ? parameter : [parameter];
      if (!(nameForm instanceof SchemeSymbol)) {
        throw new SchemeError(`${closure.name}: a parameter must be a name`);
      }
      const {name} = nameForm;
      if (name === '#!optional' || name === '#!rest' || name === '#!key') {
        mode = name === '#!optional' ? 'optional' : name === '#!rest' ? 'rest' : 'key';
      } else if (mode === 'rest') {
        environment.define(name, args.slice(index));
      } else if (mode === 'key') {
        const at = args.findIndex(
          (arg, position) => position >= index && arg instanceof Keyword && arg.name === name,
        );
        const given = at < 0 ? undefined : args[at + 1];
        environment.define(
          name,
          given ?? (defaultForm === undefined ? false : this.evaluate(defaultForm, environment)),
        );
      } else if (index < args.length) {
        environment.define(name, args[index] ?? false);
        index += 1;
      } else if (mode === 'optional') {
        environment.define(name, defaultForm === undefined ? false : this.evaluate(defaultForm, environment));
      } else {
        throw new SchemeError(`${closure.name}: too few arguments, got ${args.length}`);
      }
    }
    if (rest instanceof SchemeSymbol) {
      environment.define(rest.name, args.slice(index));
    } else if (index < args.length && mode !== 'rest' && mode !== 'key') {
      throw new SchemeError(`${closure.name}: too many arguments, got ${args.length}`);
    }
    return environment;
  }

  #special(name: string, rest: readonly Value[], environment: Environment): Next | undefined {
    const value = (result: Value): Next => ({kind: 'value', value: result});
    const tail = (forms: readonly Value[], inside: Environment): Next => {
      this.run(forms.slice(0, -1), inside);
      return {kind: 'tail', form: forms.at(-1) ?? unspecified, environment: inside};
    };
    const [first = unspecified, second, third] = rest;
    switch (name) {
      case 'quote':
        return value(first);
      case 'quasiquote':
        return value(this.#quasi(first, environment));
      case 'if':
        if (this.evaluate(first, environment) !== false) {
          return tail([second ?? unspecified], environment);
        }
        return tail([third ?? unspecified], environment);
      case 'define':
        return value(this.#define(first, rest.slice(1), environment));
      case 'set!': {
        const target = first instanceof SchemeSymbol ? first.name : '';
        if (!environment.assign(target, this.evaluate(second ?? unspecified, environment))) {
          throw new SchemeError(`unbound variable: ${target}`);
        }
        return value(unspecified);
      }
      case 'lambda':
        return value(new Closure('lambda', first, rest.slice(1), environment, this));
      case 'begin':
        return tail(rest, environment);
      case 'let':
        if (first instanceof SchemeSymbol) {
          return this.#namedLet(first, second ?? [], rest.slice(2), environment);
        }
        return tail(rest.slice(1), this.#letBindings(first, environment, 'let'));
      case 'let*':
      case 'letrec':
      case 'letrec*':
        return tail(rest.slice(1), this.#letBindings(first, environment, name));
      case 'cond':
        return this.#cond(rest, environment, tail);
      case 'case': {
        const key = this.evaluate(first, environment);
        for (const clause of rest.slice(1)) {
          const [data, ...body] = isList(clause) ? clause : [];
          const matches =
            data === symbol('else') ||
            (data !== undefined && isList(data) && data.some((one) => isEqual(one, key)));
          if (matches) {
            return tail(body, environment);
          }
        }
        return value(unspecified);
      }
      case 'and': {
        let result: Value = true;
        for (const form of rest) {
          result = this.evaluate(form, environment);
          if (result === false) {
            break;
          }
        }
        return value(result);
      }
      case 'or': {
        let result: Value = false;
        for (const form of rest) {
          result = this.evaluate(form, environment);
          if (result !== false) {
            break;
          }
        }
        return value(result);
      }
      case 'when':
        return this.evaluate(first, environment) !== false
          ? tail(rest.slice(1), environment)
          : value(unspecified);
      case 'unless':
        return this.evaluate(first, environment) === false
          ? tail(rest.slice(1), environment)
          : value(unspecified);
      case 'handle-exceptions':
        try {
          return value(this.run(rest.slice(2), environment));
        } catch (error) {
          if (!(error instanceof SchemeError)) {
            throw error;
          }
          const inside = new Environment(environment);
          inside.define(first instanceof SchemeSymbol ? first.name : 'exn', error.message);
          return tail([second ?? unspecified], inside);
        }
      default:
        return ignoredForms.has(name) ? value(unspecified) : undefined;
    }
  }

  #define(target: Value, body: readonly Value[], environment: Environment): Value {
    if (target instanceof SchemeSymbol) {
      environment.define(target.name, this.evaluate(body[0] ?? unspecified, environment));
      return unspecified;
    }
    const [name, ...parameters] = isList(target) ? target : target instanceof Dotted ? target.items : [];
    if (!(name instanceof SchemeSymbol)) {
      throw new SchemeError('define needs a name');
    }
    const list: Value =
      target instanceof Dotted
        ? parameters.length > 0
          ? new Dotted(parameters, target.tail)
          : target.tail
        : parameters;
    environment.define(name.name, new Closure(name.name, list, body, environment, this));
    return unspecified;
  }

  #letBindings(
    bindings: Value,
    environment: Environment,
    kind: 'let' | 'let*' | 'letrec' | 'letrec*',
  ): Environment {
    const inside = new Environment(environment);
    for (const binding of isList(bindings) ? bindings : []) {
      const [name, form] = isList(binding) ? binding : [binding];
      if (!(name instanceof SchemeSymbol)) {
        throw new SchemeError(`${kind}: a binding needs a name`);
      }
      inside.define(
        name.name,
        form === undefined ? unspecified : this.evaluate(form, kind === 'let' ? environment : inside),
      );
    }
    return inside;
  }

  #namedLet(name: SchemeSymbol, bindings: Value, body: readonly Value[], environment: Environment): Next {
    const pairs = (isList(bindings) ? bindings : []).map((binding) =>
      isList(binding) ? binding : [binding],
    );
    const inside = new Environment(environment);
    const loop = new Closure(
      name.name,
      pairs.map((pair) => pair[0] ?? unspecified),
      body,
      inside,
      this,
    );
    inside.define(name.name, loop);
    const first = this.bind(
      loop,
      pairs.map((pair) => this.evaluate(pair[1] ?? unspecified, environment)),
    );
    this.run(body.slice(0, -1), first);
    return {kind: 'tail', form: body.at(-1) ?? unspecified, environment: first};
  }

  #cond(
    clauses: readonly Value[],
    environment: Environment,
    tail: (forms: readonly Value[], inside: Environment) => Next,
  ): Next {
    for (const clause of clauses) {
      const [test, ...body] = isList(clause) ? clause : [];
      if (test === undefined) {
        throw new SchemeError('cond: a clause must be a list');
      }
      const result = test === symbol('else') ? true : this.evaluate(test, environment);
      if (result === false) {
        continue;
      }
      if (body.length === 0) {
        return {kind: 'value', value: result};
      }
      if (body[0] === symbol('=>')) {
        return {
          kind: 'value',
          value: this.apply(this.evaluate(body[1] ?? unspecified, environment), [result]),
        };
      }
      return tail(body, environment);
    }
    return {kind: 'value', value: unspecified};
  }

  #quasi(form: Value, environment: Environment): Value {
    if (!isList(form)) {
      return form;
    }
    if (form[0] === symbol('unquote')) {
      return this.evaluate(form[1] ?? unspecified, environment);
    }
    return form.flatMap((item): readonly Value[] => {
      if (isList(item) && item[0] === symbol('unquote-splicing')) {
        const spliced = this.evaluate(item[1] ?? unspecified, environment);
        return isList(spliced) ? spliced : [spliced];
      }
      return [this.#quasi(item, environment)];
    });
  }
}

type Next =
  | {readonly kind: 'value'; readonly value: Value}
  | {readonly kind: 'tail'; readonly form: Value; readonly environment: Environment};

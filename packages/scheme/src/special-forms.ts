/** The special forms (spec scheme.md 3.2): each compiles itself, or is rewritten into simpler ones. */
import {bindingsOf, nameOf} from './bindings.ts';
import type {Compiler} from './compile.ts';
import {Frame, type Node, TailProcedure} from './machine.ts';
import {Case, Combine, Constant, Custom, If, Let, Sequence} from './nodes.ts';
import {Parameter} from './procedures/control.ts';
import {SchemeError} from './scheme-error.ts';
import {Scope} from './scope.ts';
import {
  Delayed,
  itemsOf,
  listOf,
  nil,
  Pair,
  SchemeSymbol,
  symbol,
  unspecified,
  type Value,
  Vector,
} from './values.ts';

export type SpecialForm = (
  compiler: Compiler,
  args: readonly Value[],
  scope: Scope | undefined,
  form: Value,
) => Node;

const isElse = symbol('else');
const arrow = symbol('=>');
/** Names that no program can write, for variables of rewritten forms. */
const temporary = symbol(' value');
const loopName = symbol(' loop');

const call = (...parts: readonly Value[]): Value => listOf(parts);

export const specialForms: ReadonlyMap<string, SpecialForm> = new Map<string, SpecialForm>([
  ['quote', (_, [datum = unspecified]) => new Constant(datum)],
  ['quasiquote', (compiler, [form = unspecified], scope) => quasi(compiler, form, scope)],
  [
    'if',
    (compiler, [test = unspecified, then = unspecified, otherwise = unspecified], scope) =>
      new If(
        compiler.compile(test, scope),
        compiler.compile(then, scope),
        compiler.compile(otherwise, scope),
      ),
  ],
  ['define', compileDefine],
  [
    'set!',
    (compiler, [name, value = unspecified], scope) =>
      compiler.assign(nameOf(name, 'set!'), compiler.compile(value, scope), scope),
  ],
  [
    'lambda',
    (compiler, [parameters = nil, ...body], scope) => compiler.lambda('lambda', parameters, body, scope),
  ],
  ['begin', (compiler, forms, scope) => compiler.sequence(forms, scope)],
  ['let', compileLet],
  ['let*', compileLetStar],
  ['letrec', compileLetrec],
  ['letrec*', compileLetrec],
  ['cond', compileCond],
  ['case', compileCase],
  [
    'and',
    (compiler, forms, scope) =>
      new Sequence(
        forms.map((form) => compiler.compile(form, scope)),
        (value) => value === false,
        true,
      ),
  ],
  [
    'or',
    (compiler, forms, scope) =>
      new Sequence(
        forms.map((form) => compiler.compile(form, scope)),
        (value) => value !== false,
        false,
      ),
  ],
  [
    'when',
    (compiler, [test = unspecified, ...body], scope) =>
      new If(compiler.compile(test, scope), compiler.sequence(body, scope), new Constant(unspecified)),
  ],
  [
    'unless',
    (compiler, [test = unspecified, ...body], scope) =>
      new If(compiler.compile(test, scope), new Constant(unspecified), compiler.sequence(body, scope)),
  ],
  ['do', compileDo],
  ['let-values', compileLetValues],
  ['let*-values', compileLetValues],
  [
    'receive',
    (compiler, [names = nil, producer = unspecified, ...body], scope) =>
      compiler.compile(receive(names, producer, body), scope),
  ],
  ['let-optionals', compileLetOptionals],
  ['let-optionals*', compileLetOptionals],
  ['cut', compileCut],
  ['delay', compileDelay],
  ['case-lambda', compileCaseLambda],
  ['parameterize', compileParameterize],
  ['handle-exceptions', compileHandleExceptions],
  [
    'define-syntax',
    (compiler, [name, rules = unspecified], scope) => {
      (scope?.macros ?? compiler.globals.macros).set(nameOf(name, 'define-syntax'), rules);
      return new Constant(unspecified);
    },
  ],
  // These only loaded libraries or traced calls in the original.
  ...['use', 'require-extension', 'import', 'require-library', 'declare', 'trace'].map(
    (name): [string, SpecialForm] => [name, () => new Constant(unspecified)],
  ),
]);

function compileDefine(
  compiler: Compiler,
  [target = unspecified, ...body]: readonly Value[],
  scope: Scope | undefined,
): Node {
  if (!(target instanceof Pair)) {
    return compiler.define(nameOf(target, 'define'), compiler.compile(body[0] ?? unspecified, scope), scope);
  }
  if (target.car instanceof Pair) {
    // (define ((f a) b) ...) is a procedure that gives a procedure.
    const inner = listOf([symbol('lambda'), target.cdr, ...body]);
    return compileDefine(compiler, [target.car, inner], scope);
  }
  const name = nameOf(target.car, 'define');
  return compiler.define(name, compiler.lambda(name, target.cdr, body, scope), scope);
}

function compileLet(
  compiler: Compiler,
  [first = nil, ...rest]: readonly Value[],
  scope: Scope | undefined,
): Node {
  if (first instanceof SchemeSymbol) {
    const [bindings, ...body] = rest;
    const pairs = bindingsOf(bindings, 'let');
    const loop = call(symbol('lambda'), listOf(pairs.map(({name}) => symbol(name))), ...body);
    return compiler.compile(
      call(call(symbol('letrec'), call(call(first, loop)), first), ...pairs.map(({value}) => value)),
      scope,
    );
  }
  const pairs = bindingsOf(first, 'let');
  const inner = new Scope(
    pairs.map(({name}) => name),
    scope,
  );
  const initials = pairs.map(({value}) => compiler.compile(value, scope));
  return new Let(initials, compiler.body(rest, inner));
}

function compileLetStar(
  compiler: Compiler,
  [bindings = nil, ...body]: readonly Value[],
  scope: Scope | undefined,
): Node {
  const pairs = itemsOf(bindings) ?? [];
  if (pairs.length <= 1) {
    return compileLet(compiler, [bindings, ...body], scope);
  }
  const [first = nil, ...others] = pairs;
  return compileLet(compiler, [call(first), call(symbol('let*'), listOf(others), ...body)], scope);
}

function compileLetrec(
  compiler: Compiler,
  [bindings = nil, ...body]: readonly Value[],
  scope: Scope | undefined,
): Node {
  const defines = bindingsOf(bindings, 'letrec').map(({name, value}) =>
    call(symbol('define'), symbol(name), value),
  );
  return new Let([], compiler.body([...defines, ...body], new Scope([], scope)));
}

function compileCond(compiler: Compiler, clauses: readonly Value[], scope: Scope | undefined): Node {
  const [clause, ...others] = clauses;
  if (clause === undefined) {
    return new Constant(unspecified);
  }
  const [test, ...body] = itemsOf(clause) ?? [];
  if (test === undefined) {
    throw new SchemeError('cond: a clause must be a list');
  }
  if (test === isElse) {
    return compiler.sequence(body, scope);
  }
  const rest: Value = others.length === 0 ? unspecified : call(symbol('cond'), ...others);
  if (body.length === 0) {
    return compiler.compile(call(symbol('or'), test, rest), scope);
  }
  if (body[0] === arrow) {
    const use = call(symbol('if'), temporary, call(body[1] ?? unspecified, temporary), rest);
    return compiler.compile(call(symbol('let'), call(call(temporary, test)), use), scope);
  }
  return new If(
    compiler.compile(test, scope),
    compiler.sequence(body, scope),
    others.length === 0 ? new Constant(unspecified) : compileCond(compiler, others, scope),
  );
}

function compileCase(
  compiler: Compiler,
  [key = unspecified, ...clauses]: readonly Value[],
  scope: Scope | undefined,
): Node {
  return new Case(
    compiler.compile(key, scope),
    clauses.map((clause) => {
      const [data = nil, ...body] = itemsOf(clause) ?? [];
      return {data: data === isElse ? 'else' : (itemsOf(data) ?? []), body: compiler.sequence(body, scope)};
    }),
  );
}

function compileDo(
  compiler: Compiler,
  [variables = nil, ending = nil, ...body]: readonly Value[],
  scope: Scope | undefined,
): Node {
  const parts = (itemsOf(variables) ?? []).map((variable) => itemsOf(variable) ?? []);
  const [test = unspecified, ...results] = itemsOf(ending) ?? [];
  const steps = parts.map(([name = unspecified, , step]) => step ?? name);
  return compiler.compile(
    call(
      symbol('let'),
      loopName,
      listOf(parts.map(([name = unspecified, initial = unspecified]) => call(name, initial))),
      call(
        symbol('if'),
        test,
        call(symbol('begin'), ...results),
        call(symbol('begin'), ...body, call(loopName, ...steps)),
      ),
    ),
    scope,
  );
}

function receive(names: Value, producer: Value, body: readonly Value[]): Value {
  return call(
    symbol('call-with-values'),
    call(symbol('lambda'), nil, producer),
    call(symbol('lambda'), names, ...body),
  );
}

function compileLetValues(
  compiler: Compiler,
  [bindings = nil, ...body]: readonly Value[],
  scope: Scope | undefined,
): Node {
  const nested = (itemsOf(bindings) ?? []).reduceRight<readonly Value[]>((inner, binding) => {
    const [names = nil, producer = unspecified] = itemsOf(binding) ?? [];
    return [receive(names, producer, inner)];
  }, body);
  return compiler.compile(call(symbol('let'), nil, ...nested), scope);
}

function compileLetOptionals(
  compiler: Compiler,
  [args = nil, bindings = nil, ...body]: readonly Value[],
  scope: Scope | undefined,
): Node {
  const rest = temporary;
  const isNone = call(symbol('null?'), rest);
  const pairs = bindingsOf(bindings, 'let-optionals').flatMap(({name, value}) => [
    call(symbol(name), call(symbol('if'), isNone, value, call(symbol('car'), rest))),
    call(rest, call(symbol('if'), isNone, call(symbol('quote'), nil), call(symbol('cdr'), rest))),
  ]);
  return compiler.compile(call(symbol('let*'), call(call(rest, args), ...pairs), ...body), scope);
}

/** `(cut f <> 1)` is a procedure of the places marked `<>`; `<...>` takes all further arguments. */
function compileCut(compiler: Compiler, args: readonly Value[], scope: Scope | undefined): Node {
  const names: Value[] = [];
  const rest = symbol(' rest');
  let takesRest = false;
  const parts = args.flatMap((part) => {
    if (part === symbol('<...>')) {
      takesRest = true;
      return [];
    }
    if (part !== symbol('<>')) {
      return [part];
    }
    const name = symbol(` argument ${names.length}`);
    names.push(name);
    return [name];
  });
  const body = takesRest ? call(symbol('apply'), ...parts, rest) : call(...parts);
  return compiler.lambda('cut', listOf(names, takesRest ? rest : nil), [body], scope);
}

function compileDelay(
  compiler: Compiler,
  [form = unspecified]: readonly Value[],
  scope: Scope | undefined,
): Node {
  const node = compiler.compile(form, scope);
  return new Custom((machine, frame) => new Delayed(() => machine.run(() => node.execute(machine, frame))));
}

function compileCaseLambda(compiler: Compiler, clauses: readonly Value[], scope: Scope | undefined): Node {
  const shapes = clauses.map((clause) => {
    const [parameters = nil, ...body] = itemsOf(clause) ?? [];
    let count = 0;
    let rest = parameters;
    for (; rest instanceof Pair; rest = rest.cdr) {
      count += 1;
    }
    return {count, takesMore: rest !== nil, node: compiler.lambda('case-lambda', parameters, body, scope)};
  });
  return new Combine(
    (procedures, machine) =>
      new TailProcedure(
        'case-lambda',
        (inner, args) => {
          const at = shapes.findIndex(({count, takesMore}) =>
            takesMore ? args.length >= count : args.length === count,
          );
          if (at < 0) {
            throw new SchemeError(`case-lambda: no clause takes ${args.length} arguments`);
          }
          return inner.apply(procedures[at], args);
        },
        machine,
      ),
    shapes.map(({node}) => node),
  );
}

function compileParameterize(
  compiler: Compiler,
  [bindings = nil, ...body]: readonly Value[],
  scope: Scope | undefined,
): Node {
  const pairs = (itemsOf(bindings) ?? []).map((binding) =>
    (itemsOf(binding) ?? []).map((part) => compiler.compile(part, scope)),
  );
  const inner = compiler.sequence(body, scope);
  return new Custom((machine, frame) => {
    const value = (node: Node | undefined): Value =>
      node === undefined ? unspecified : machine.run(() => node.execute(machine, frame));
    const settings = pairs.map(([parameter, setting]) => {
      const target = value(parameter);
      if (!(target instanceof Parameter)) {
        throw new SchemeError('parameterize: a parameter is wanted');
      }
      return {target, setting: value(setting), before: target.value};
    });
    try {
      for (const {target, setting} of settings) {
        target.value = setting;
      }
      return machine.run(() => inner.execute(machine, frame));
    } finally {
      for (const {target, before} of settings) {
        target.value = before;
      }
    }
  });
}

/** `(handle-exceptions NAME HANDLER BODY...)`: only mistakes of the program are caught, neither `exit` nor a limit of the host. */
function compileHandleExceptions(
  compiler: Compiler,
  [name, handler = unspecified, ...body]: readonly Value[],
  scope: Scope | undefined,
): Node {
  const inner = new Scope([nameOf(name, 'handle-exceptions')], scope);
  const onError = compiler.compile(handler, inner);
  const attempt = compiler.sequence(body, scope);
  return new Custom((machine, frame) => {
    try {
      return machine.run(() => attempt.execute(machine, frame));
    } catch (error) {
      if (!(error instanceof SchemeError)) {
        throw error;
      }
      const condition = new Map<unknown, Value>([['message', error.message]]);
      return machine.goOn(onError, new Frame([condition], frame));
    }
  });
}

function quasi(compiler: Compiler, form: Value, scope: Scope | undefined): Node {
  if (form instanceof Vector) {
    return new Combine(
      ([list]) => new Vector(itemsOf(list) ?? []),
      [quasi(compiler, listOf(form.items), scope)],
    );
  }
  if (!(form instanceof Pair)) {
    return new Constant(form);
  }
  if (form.car === symbol('unquote')) {
    return compiler.sequence(itemsOf(form.cdr) ?? [], scope);
  }
  const {car} = form;
  const rest = quasi(compiler, form.cdr, scope);
  if (car instanceof Pair && car.car === symbol('unquote-splicing')) {
    const spliced = compiler.sequence(itemsOf(car.cdr) ?? [], scope);
    return new Combine(
      ([items = nil, tail = nil]) => listOf(itemsOf(items) ?? [items], tail),
      [spliced, rest],
    );
  }
  return new Combine(
    ([head = unspecified, tail = nil]) => new Pair(head, tail),
    [quasi(compiler, car, scope), rest],
  );
}

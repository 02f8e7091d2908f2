/** Compiles forms to nodes: names become slots and cells once, not at every look (spec scheme.md 3.2, 7). */
import type {Globals} from './globals.ts';
import {type Bind, Closure, Frame, type Node, type Parameters, type Place, TailProcedure} from './machine.ts';
import {
  Assign,
  Call,
  type Cell,
  Constant,
  Global,
  Lambda,
  Local,
  Sequence,
  StandardCall,
  storeLocal,
} from './nodes.ts';
import {SchemeError} from './scheme-error.ts';
import {findMacro, findName, Scope} from './scope.ts';
import {specialForms} from './special-forms.ts';
import {expandMacro} from './syntax-rules.ts';
import {itemsOf, Keyword, listOf, nil, Pair, Procedure, SchemeSymbol, type Value} from './values.ts';

export class Compiler {
  readonly globals: Globals;
  readonly #placeOf: (form: Value) => Place | undefined;

  constructor(globals: Globals, placeOf: (form: Value) => Place | undefined) {
    this.globals = globals;
    this.#placeOf = placeOf;
  }

  compile(form: Value, scope: Scope | undefined): Node {
    if (form instanceof SchemeSymbol) {
      return this.#reference(form.name, scope, undefined);
    }
    if (form === nil) {
      throw new SchemeError('an empty list cannot be called');
    }
    if (!(form instanceof Pair)) {
      return new Constant(form);
    }
    const args = itemsOf(form.cdr);
    if (args === undefined) {
      throw this.fail('a call must be a proper list', form);
    }
    const head = form.car;
    if (head instanceof SchemeSymbol && findName(head.name, scope) === undefined) {
      const special = this.#special(head.name, form, args, scope);
      if (special !== undefined) {
        return special;
      }
    }
    return this.#call(form, head, args, scope);
  }

  #special(name: string, form: Pair, args: readonly Value[], scope: Scope | undefined): Node | undefined {
    const macro = findMacro(name, scope) ?? this.globals.macros.get(name);
    if (macro !== undefined) {
      return this.compile(expandMacro(macro, form), scope);
    }
    const compileSpecial = specialForms.get(name);
    return compileSpecial === undefined || this.globals.isDefined(name)
      ? undefined
      : compileSpecial(this, args, scope, form);
  }

  #call(form: Value, head: Value, args: readonly Value[], scope: Scope | undefined): Node {
    const operands = args.map((arg) => this.compile(arg, scope));
    const place = this.#placeOf(form);
    if (head instanceof SchemeSymbol && findName(head.name, scope) === undefined) {
      const cell = this.globals.cell(head.name);
      const {value} = cell;
      if (value instanceof Procedure && !(value instanceof Closure) && !(value instanceof TailProcedure)) {
        return new StandardCall(cell, value, operands, place);
      }
      return new Call(new Global(cell, place), operands, place);
    }
    return new Call(this.compile(head, scope), operands, place);
  }

  #reference(name: string, scope: Scope | undefined, place: Place | undefined): Node {
    const found = findName(name, scope);
    return found === undefined
      ? new Global(this.globals.cell(name), place)
      : new Local(name, found.depth, found.slot);
  }

  /** Forms of a procedure or a `let`: their definitions are variables of `scope`. */
  body(forms: readonly Value[], scope: Scope): Node {
    this.#declare(forms, scope);
    return this.sequence(forms, scope);
  }

  sequence(forms: readonly Value[], scope: Scope | undefined): Node {
    const nodes = forms.map((form) => this.compile(form, scope));
    const [only] = nodes;
    return only !== undefined && nodes.length === 1 ? only : new Sequence(nodes);
  }

  #declare(forms: readonly Value[], scope: Scope): void {
    for (const form of forms) {
      if (form instanceof Pair && form.car instanceof SchemeSymbol && form.cdr instanceof Pair) {
        const {name} = form.car;
        if (name === 'begin') {
          this.#declare(itemsOf(form.cdr) ?? [], scope);
        } else if (name === 'define') {
          const target = form.cdr.car;
          const defined = target instanceof Pair ? target.car : target;
          if (defined instanceof SchemeSymbol && !scope.names.includes(defined.name)) {
            scope.names.push(defined.name);
          }
        }
      }
    }
  }

  define(name: string, value: Node, scope: Scope | undefined): Node {
    if (scope === undefined) {
      const cell = this.globals.ownCell(name);
      return new Assign((_, result) => {
        cell.value = result;
      }, value);
    }
    if (!scope.names.includes(name)) {
      scope.names.push(name);
    }
    return new Assign(storeLocal(0, scope.names.indexOf(name)), value);
  }

  assign(name: string, value: Node, scope: Scope | undefined): Node {
    const found = findName(name, scope);
    if (found !== undefined) {
      return new Assign(storeLocal(found.depth, found.slot), value);
    }
    const cell: Cell = this.globals.cell(name);
    return new Assign((_, result) => {
      if (cell.value === undefined) {
        throw new SchemeError(`unbound variable: ${name}`);
      }
      cell.value = result;
    }, value);
  }

  lambda(name: string, parameterList: Value, forms: readonly Value[], scope: Scope | undefined): Node {
    const inner = new Scope([], scope);
    const parameters = this.#parameters(name, parameterList, inner);
    return new Lambda(name, parameters, this.body(forms, inner));
  }

  #parameters(who: string, list: Value, scope: Scope): Parameters {
    let required = 0;
    const optional: Node[] = [];
    const keys: {name: string; initial: Node}[] = [];
    let hasRest = false;
    let mode = '';
    let left = list;
    const add = (value: Value): string => {
      if (!(value instanceof SchemeSymbol)) {
        throw this.fail(`${who}: a parameter must be a name`, list);
      }
      scope.names.push(value.name);
      return value.name;
    };
    while (left instanceof Pair) {
      const parameter = left.car;
      left = left.cdr;
      const [nameForm = parameter, initial = false] = itemsOf(parameter) ?? [];
      if (parameter instanceof SchemeSymbol && parameter.name.startsWith('#!')) {
        mode = parameter.name;
      } else if (mode === '#!optional') {
        const node = this.compile(initial, scope);
        add(nameForm);
        optional.push(node);
      } else if (mode === '#!key') {
        const node = this.compile(initial, scope);
        keys.push({name: add(nameForm), initial: node});
      } else if (mode === '#!rest') {
        add(nameForm);
        hasRest = true;
      } else {
        add(parameter);
        required += 1;
      }
    }
    if (left !== nil) {
      add(left);
      hasRest = true;
    }
    return {required, optional, rest: hasRest, keys};
  }

  fail(message: string, form: Value): SchemeError {
    const position = this.#placeOf(form)?.();
    return new SchemeError(message, position?.line, position?.column);
  }
}

/** The frame of a call: required, optional, rest and keyword parameters, in the order of the compiler's slots. */
export const bind: Bind = (machine, closure, args) => {
  const {required, optional, rest, keys} = closure.parameters;
  const positional = required + optional.length;
  if (args.length < required) {
    throw new SchemeError(`${closure.name}: too few arguments, got ${args.length}`);
  }
  if (args.length > positional && !rest && keys.length === 0) {
    throw new SchemeError(`${closure.name}: too many arguments, got ${args.length}`);
  }
  if (args.length === positional && !rest && keys.length === 0) {
    return new Frame([...args], closure.frame);
  }
  const frame = new Frame(args.slice(0, positional), closure.frame);
  for (let at = Math.max(0, args.length - required); at < optional.length; at += 1) {
    const initial = optional[at];
    frame.slots.push(initial === undefined ? false : machine.run(() => initial.execute(machine, frame)));
  }
  const others = args.slice(positional);
  if (rest) {
    machine.allocate(others.length);
    frame.slots.push(listOf(others));
  }
  for (const {name, initial} of keys) {
    const at = others.findIndex((arg) => arg instanceof Keyword && arg.name === name);
    const given = at < 0 ? undefined : others[at + 1];
    frame.slots.push(given ?? machine.run(() => initial.execute(machine, frame)));
  }
  return frame;
};

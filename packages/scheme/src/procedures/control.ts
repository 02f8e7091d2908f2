/** Procedures that call procedures in ways of their own, and conditions (spec scheme.md 3.2, 3.3). */
import type {Machine} from '../machine.ts';
import {TailProcedure} from '../machine.ts';
import {SchemeError, SchemeExit} from '../scheme-error.ts';
import {
  Delayed,
  display,
  MultipleValues,
  Procedure,
  SchemeSymbol,
  unspecified,
  type Value,
} from '../values.ts';
import {list, number, type ProcedureTable} from './arguments.ts';

/** What `make-parameter` makes: a procedure that gives its value, which `parameterize` changes for a while. */
export class Parameter extends Procedure {
  value: Value;
  constructor(value: Value) {
    super('parameter', () => this.value);
    this.value = value;
  }
}

/** Thrown by the procedure that `call/cc` gives: it can only leave what is still running. */
class Escape {
  readonly target: object;
  readonly value: Value;
  constructor(target: object, value: Value) {
    this.target = target;
    this.value = value;
  }
}

export function control(): ProcedureTable {
  return {
    values: (args) => (args.length === 1 ? (args[0] ?? unspecified) : new MultipleValues(args)),
    force: ([value = unspecified]) => (value instanceof Delayed ? value.force() : value),
    'make-parameter': ([value = unspecified]) => new Parameter(value),
    'procedure?': ([value]) => value instanceof Procedure,
    void: () => unspecified,
    error: (args) => {
      throw new SchemeError(args.map(display).join(' '));
    },
    exit: ([code]) => {
      throw new SchemeExit(code === undefined ? 0 : number(code, 'exit'));
    },
    'condition-property-accessor': ([, property, otherwise = false]) => {
      const name = property instanceof SchemeSymbol ? property.name : '';
      return new Procedure('condition-property-accessor', ([condition]) =>
        condition instanceof Map ? (condition.get(name) ?? otherwise) : otherwise,
      );
    },
  };
}

export function tailProcedures(machine: Machine): readonly TailProcedure[] {
  const callCc = (name: string) =>
    new TailProcedure(
      name,
      (inner, [receiver]) => {
        const target = {};
        const leave = new Procedure('continuation', ([value = unspecified]) => {
          throw new Escape(target, value);
        });
        try {
          return inner.call(receiver, [leave]);
        } catch (error) {
          if (error instanceof Escape && error.target === target) {
            return error.value;
          }
          throw error;
        }
      },
      machine,
    );
  return [
    new TailProcedure(
      'apply',
      (inner, args) => inner.apply(args[0], [...args.slice(1, -1), ...list(args.at(-1), 'apply')]),
      machine,
    ),
    new TailProcedure(
      'call-with-values',
      (inner, [producer, consumer]) => {
        const produced = inner.call(producer, []);
        return inner.apply(consumer, produced instanceof MultipleValues ? produced.items : [produced]);
      },
      machine,
    ),
    callCc('call/cc'),
    callCc('call-with-current-continuation'),
  ];
}

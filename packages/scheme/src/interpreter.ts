/** One Scheme world: the standard procedures, what the caller adds, and the forms it is given. */
import {defaultLimits, Environment, Evaluator, type Limits} from './evaluator.ts';
import {defineProcedures, type Host} from './procedures.ts';
import {SchemeReader} from './reader.ts';
import {SchemeError, SchemeExit} from './scheme-error.ts';
import {Procedure, unspecified, type Value} from './values.ts';

export type InterpreterOptions = {
  readonly host: Host;
  /** Pattern literals `#/.../`, as in log rules. */
  readonly allowsPatterns?: boolean;
  readonly limits?: Limits;
};

export class Interpreter {
  readonly #environment = new Environment();
  readonly #evaluator: Evaluator;
  readonly #allowsPatterns: boolean;

  constructor(options: InterpreterOptions) {
    this.#evaluator = new Evaluator(options.limits ?? defaultLimits);
    this.#allowsPatterns = options.allowsPatterns ?? false;
    defineProcedures(this.#environment, this.#evaluator, options.host);
  }

  define(name: string, value: Value): void {
    this.#environment.define(name, value);
  }

  defineProcedure(name: string, call: (args: readonly Value[]) => Value): void {
    this.define(name, new Procedure(name, call));
  }

  /**
   * Evaluates all forms of `text`, each as soon as it is read, and returns the last value. A `SchemeError` without a place
   * gets that of the form that was evaluated.
   */
  evaluate(text: string): Value {
    const reader = new SchemeReader(text, {allowsPatterns: this.#allowsPatterns});
    let value: Value = unspecified;
    for (let form = reader.next(); form !== undefined; form = reader.next()) {
      try {
        value = this.#evaluator.evaluate(form, this.#environment);
      } catch (error) {
        throw withPlace(error, reader.positionOf(form));
      }
    }
    return value;
  }
}

function withPlace(
  error: unknown,
  place: {readonly line: number; readonly column: number} | undefined,
): unknown {
  if (error instanceof RangeError) {
    return new SchemeError(
      'calls are nested too deeply: this looks like a recursion without end',
      place?.line,
      place?.column,
    );
  }
  if (error instanceof SchemeError && error.line === undefined && place !== undefined) {
    return new SchemeError(error.message, place.line, place.column);
  }
  return error instanceof SchemeExit || error instanceof Error ? error : new Error(String(error));
}

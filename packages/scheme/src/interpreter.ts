/** One Scheme world: the standard procedures, what the caller adds, and the forms it is given. */
import {bind, Compiler} from './compile.ts';
import {Globals} from './globals.ts';
import type {Host} from './host.ts';
import {Input, type ReadForm} from './input.ts';
import {defaultLimits, type Limits, Machine, type Place} from './machine.ts';
import {defineStandardProcedures} from './procedures/standard.ts';
import {type Position, SchemeReader} from './reader.ts';
import {SchemeError} from './scheme-error.ts';
import {fromHost, type HostValue, Procedure, toHost, unspecified, type Value} from './values.ts';

export type InterpreterOptions = {
  readonly host: Host;
  /** Pattern literals `#/.../`, as in log rules. */
  readonly allowsPatterns?: boolean;
  readonly limits?: Partial<Limits>;
};

export class Interpreter {
  readonly #globals = new Globals();
  readonly #machine: Machine;
  readonly #allowsPatterns: boolean;
  /** Standard input, from which `evaluateNext` takes forms and the forms take data. */
  readonly input: Input;

  constructor(options: InterpreterOptions) {
    this.#machine = new Machine({...defaultLimits, ...options.limits}, bind);
    this.#allowsPatterns = options.allowsPatterns ?? false;
    const {host} = options;
    this.input = new Input('', () => host.readInput?.());
    defineStandardProcedures(this.#globals, this.#machine, host, this.input);
    this.defineProcedure('load', ([path]) => {
      if (host.readFile === undefined) {
        throw new SchemeError('load is not allowed here');
      }
      return this.evaluate(host.readFile(String(path)));
    });
  }

  define(name: string, value: HostValue): void {
    this.#globals.define(name, fromHost(value));
  }

  /** A procedure of the host: it is given lists as arrays, and may return arrays for lists. */
  defineProcedure(name: string, call: (args: readonly HostValue[]) => HostValue): void {
    this.#globals.define(name, new Procedure(name, (args) => fromHost(call(args.map(toHost)))));
  }

  /** All names that are defined. */
  get names(): readonly string[] {
    return this.#globals.names;
  }

  /**
   * Evaluates all forms of `text`, each as soon as it is read, and returns the last value. A `SchemeError` without a place
   * gets that of the call that was being made.
   */
  evaluate(text: string): HostValue {
    const reader = new SchemeReader(text, {allowsPatterns: this.#allowsPatterns});
    return toHost(this.#evaluateForms(formsOf(reader), this.#globals));
  }

  /** Evaluates the next form of the standard input; `undefined` at its end. After an error the next call goes on behind it. */
  evaluateNext(): Value | undefined {
    const read = this.input.nextForm();
    this.input.skipLineEnd();
    return read === undefined ? undefined : this.#evaluateForms([read], this.#globals);
  }

  /**
   * Evaluates `text` as a body: what it defines is gone afterwards. A `)` too many ends it; `surplus` is the text from there,
   * empty when there is none.
   */
  evaluateBody(text: string): {readonly value: HostValue; readonly surplus: string} {
    const reader = new SchemeReader(text, {allowsPatterns: this.#allowsPatterns});
    let surplus = '';
    let count = 0;
    const forms = formsOf(reader, () => {
      surplus = count > 0 ? reader.surplus() : '';
      count += 1;
      return surplus !== '';
    });
    const value = this.#evaluateForms(forms, new Globals(this.#globals));
    return {value: toHost(value), surplus};
  }

  #evaluateForms(forms: Iterable<ReadForm>, globals: Globals): Value {
    return this.#machine.evaluate(() => {
      // A file that loads another is at its own place again when that one is done.
      const outerPlace = this.#machine.place;
      let value: Value = unspecified;
      try {
        for (const {form, reader} of forms) {
          value = this.#evaluateForm(form, reader, globals);
        }
      } finally {
        this.#machine.place = outerPlace;
      }
      return value;
    });
  }

  #evaluateForm(form: Value, reader: SchemeReader, globals: Globals): Value {
    const compiler = new Compiler(globals, (inner) => placeIn(reader, inner));
    const start = placeIn(reader, form);
    this.#machine.place = start;
    try {
      return this.#machine.runForm(compiler.compile(form, undefined));
    } catch (error) {
      throw withPlace(error, this.#machine.place?.() ?? start?.());
    }
  }
}

/** Reads each form when it is asked for, because evaluating one may take time or end it all. */
function* formsOf(reader: SchemeReader, isAtEnd: () => boolean = () => false): Generator<ReadForm> {
  while (!isAtEnd()) {
    const form = reader.next();
    if (form === undefined) {
      return;
    }
    yield {form, reader};
  }
}

function placeIn(reader: SchemeReader, form: Value): Place | undefined {
  const offset = reader.offsetOf(form);
  return offset === undefined ? undefined : () => reader.positionAt(offset);
}

function withPlace(error: unknown, place: Position | undefined): unknown {
  if (error instanceof RangeError) {
    const message = error.message.includes('call stack')
      ? 'calls are nested too deeply: this looks like a recursion without end'
      : `a value became too large (${error.message})`;
    return new SchemeError(message, place?.line, place?.column);
  }
  if (error instanceof SchemeError && error.line === undefined && place !== undefined) {
    return new SchemeError(error.message, place.line, place.column);
  }
  return error;
}

/**
 * Runs compiled Scheme (spec scheme.md 7).
 *
 * Every node is executed in tail position: it returns a value, or it says what comes next and returns `pending`. What waits for
 * a value lies on a stack of its own, so neither a tail call nor a deep recursion grows the host's stack, and limits can be
 * kept on steps, time, depth and memory. A node that is `isDirect` never returns `pending`; its parent executes it in place.
 */
import type {Position} from './reader.ts';
import {SchemeError} from './scheme-error.ts';
import {Procedure, unspecified, type Value} from './values.ts';

export type Limits = {
  /** Calls of procedures written in Scheme in one evaluation. */
  readonly maxSteps: number;
  readonly maxMs: number;
  /** Nested calls that are not tail calls. */
  readonly maxDepth: number;
  /** Members of lists, vectors and texts made in one evaluation. */
  readonly maxCells: number;
};

export const defaultLimits: Limits = {
  maxSteps: 50_000_000,
  maxMs: 10_000,
  maxDepth: 100_000,
  maxCells: 5_000_000,
};

/** The clock is looked at once in so many steps. */
const stepsBetweenClocks = 4096;

/** Variables of one call; `undefined` = not defined yet. */
export class Frame {
  readonly slots: (Value | undefined)[];
  readonly parent: Frame | undefined;
  constructor(slots: (Value | undefined)[], parent: Frame | undefined) {
    this.slots = slots;
    this.parent = parent;
  }
}

export const pending: unique symbol = Symbol('pending');
export type Outcome = Value | typeof pending;

export abstract class Node {
  abstract readonly isDirect: boolean;
  abstract execute(machine: Machine, frame: Frame): Outcome;
}

/** What goes on once a value is there. */
export type Continuation = {
  resume(machine: Machine, value: Value): Outcome;
};

/** A place in a text that is only worked out for an error. */
export type Place = () => Position | undefined;

export type Parameters = {
  readonly required: number;
  /** Default values of `#!optional`, computed in the new frame. */
  readonly optional: readonly Node[];
  readonly rest: boolean;
  readonly keys: readonly {readonly name: string; readonly initial: Node}[];
};

/** A procedure written in Scheme. */
export class Closure extends Procedure {
  readonly parameters: Parameters;
  readonly body: Node;
  readonly frame: Frame;

  constructor(name: string, parameters: Parameters, body: Node, frame: Frame, machine: Machine) {
    super(name, (args) => machine.call(this, args));
    this.parameters = parameters;
    this.body = body;
    this.frame = frame;
  }
}

/** A procedure that calls others in tail position, such as `apply`. */
export class TailProcedure extends Procedure {
  readonly start: (machine: Machine, args: readonly Value[]) => Outcome;

  constructor(name: string, start: (machine: Machine, args: readonly Value[]) => Outcome, machine: Machine) {
    super(name, (args) => machine.run(() => start(machine, args)));
    this.start = start;
  }
}

/** Binds the arguments of a call; given by the compiler, which knows the parameter lists. */
export type Bind = (machine: Machine, closure: Closure, args: readonly Value[]) => Frame;

export class Machine {
  readonly #limits: Limits;
  readonly #bind: Bind;
  readonly #stack: Continuation[] = [];
  #next: Node | undefined;
  #frame = new Frame([], undefined);
  #steps = 0;
  #cells = 0;
  #deadlineMs = Number.POSITIVE_INFINITY;
  #isRunning = false;
  /** The call that is being made, for errors. */
  place: Place | undefined;

  constructor(limits: Limits, bind: Bind) {
    this.#limits = limits;
    this.#bind = bind;
  }

  /** Evaluates from the outside: limits count anew, except within an evaluation (a file that loads another). */
  evaluate<T>(work: () => T): T {
    if (this.#isRunning) {
      return work();
    }
    this.#steps = 0;
    this.#cells = 0;
    this.#deadlineMs = performance.now() + this.#limits.maxMs;
    this.#isRunning = true;
    try {
      return work();
    } finally {
      this.#isRunning = false;
    }
  }

  /** Runs a form that stands by itself. */
  runForm(node: Node): Value {
    const frame = new Frame([], undefined);
    return this.run(() => node.execute(this, frame));
  }

  /** Runs something to its end on top of what is running: how a host's procedure calls back. */
  run(start: () => Outcome): Value {
    const base = this.#stack.length;
    try {
      let outcome = start();
      for (;;) {
        if (outcome === pending) {
          this.#countStep();
          const node = this.#next;
          if (node === undefined) {
            throw new Error('nothing to go on with');
          }
          outcome = node.execute(this, this.#frame);
        } else if (this.#stack.length > base) {
          outcome = this.#stack.pop()?.resume(this, outcome) ?? unspecified;
        } else {
          return outcome;
        }
      }
    } catch (error) {
      this.#stack.length = base;
      throw error;
    }
  }

  call(procedure: Value | undefined, args: readonly Value[]): Value {
    return this.run(() => this.apply(procedure, args));
  }

  /** Calls in tail position. */
  apply(procedure: Value | undefined, args: readonly Value[]): Outcome {
    if (procedure instanceof Closure) {
      return this.goOn(procedure.body, this.#bind(this, procedure, args));
    }
    if (procedure instanceof TailProcedure) {
      return procedure.start(this, args);
    }
    if (procedure instanceof Procedure) {
      return procedure.call(args);
    }
    throw new SchemeError('call of something that is no procedure');
  }

  goOn(node: Node, frame: Frame): typeof pending {
    this.#next = node;
    this.#frame = frame;
    return pending;
  }

  push(continuation: Continuation): void {
    if (this.#stack.length >= this.#limits.maxDepth) {
      throw new SchemeError('calls are nested too deeply: this looks like a recursion without end');
    }
    this.#stack.push(continuation);
  }

  /** Counts what a procedure is about to make; a text counts by its length. */
  allocate(cells: number): void {
    this.#cells += cells;
    if (this.#cells > this.#limits.maxCells) {
      throw new SchemeError(
        `gave up: more than ${this.#limits.maxCells} list members or characters were made`,
      );
    }
  }

  #countStep(): void {
    this.#steps += 1;
    if (this.#steps > this.#limits.maxSteps) {
      throw new SchemeError(
        `gave up after ${this.#limits.maxSteps} steps: this looks like a loop without end`,
      );
    }
    if (this.#steps % stepsBetweenClocks === 0 && performance.now() > this.#deadlineMs) {
      throw new SchemeError(
        `gave up after ${this.#limits.maxMs / 1000} seconds: this looks like a loop without end`,
      );
    }
  }
}

/** What Scheme is compiled to: one class for each thing that is done (spec scheme.md 3.2, 7). */
import {
  Closure,
  type Continuation,
  Frame,
  type Machine,
  Node,
  type Outcome,
  type Parameters,
  type Place,
} from './machine.ts';
import {SchemeError} from './scheme-error.ts';
import {isEqual, type Procedure, unspecified, type Value} from './values.ts';

/** A global variable. */
export class Cell {
  readonly name: string;
  value: Value | undefined;
  constructor(name: string, value?: Value) {
    this.name = name;
    this.value = value;
  }
}

/** Executes a direct node; that it is one was decided when it was compiled. */
function direct(node: Node, machine: Machine, frame: Frame): Value {
  return node.execute(machine, frame) as Value;
}

export class Constant extends Node {
  readonly isDirect = true;
  readonly #value: Value;
  constructor(value: Value) {
    super();
    this.#value = value;
  }
  override execute(): Outcome {
    return this.#value;
  }
}

export class Local extends Node {
  readonly isDirect = true;
  readonly #name: string;
  readonly #depth: number;
  readonly #slot: number;
  constructor(name: string, depth: number, slot: number) {
    super();
    this.#name = name;
    this.#depth = depth;
    this.#slot = slot;
  }
  override execute(_: Machine, frame: Frame): Outcome {
    const value = frameAt(frame, this.#depth).slots[this.#slot];
    if (value === undefined) {
      throw new SchemeError(`${this.#name} is used before it is defined`);
    }
    return value;
  }
}

function frameAt(start: Frame, depth: number): Frame {
  let frame = start;
  for (let left = depth; left > 0 && frame.parent !== undefined; left -= 1) {
    frame = frame.parent;
  }
  return frame;
}

export class Global extends Node {
  readonly isDirect = true;
  readonly #cell: Cell;
  readonly #place: Place | undefined;
  constructor(cell: Cell, place: Place | undefined) {
    super();
    this.#cell = cell;
    this.#place = place;
  }
  override execute(machine: Machine): Outcome {
    const {value, name} = this.#cell;
    if (value === undefined) {
      machine.place = this.#place ?? machine.place;
      throw new SchemeError(`unbound variable: ${name} (not supported)`);
    }
    return value;
  }
}

export class Assign extends Node {
  readonly isDirect: boolean;
  readonly #store: (frame: Frame, value: Value) => void;
  readonly #value: Node;
  constructor(store: (frame: Frame, value: Value) => void, value: Node) {
    super();
    this.isDirect = value.isDirect;
    this.#store = store;
    this.#value = value;
  }
  override execute(machine: Machine, frame: Frame): Outcome {
    if (this.#value.isDirect) {
      this.#store(frame, direct(this.#value, machine, frame));
      return unspecified;
    }
    machine.push({
      resume: (_, value) => {
        this.#store(frame, value);
        return unspecified;
      },
    });
    return this.#value.execute(machine, frame);
  }
}

/** Puts a value into a local variable's slot. */
export function storeLocal(depth: number, slot: number): (frame: Frame, value: Value) => void {
  return (frame, value) => {
    frameAt(frame, depth).slots[slot] = value;
  };
}

export class Lambda extends Node {
  readonly isDirect = true;
  readonly #name: string;
  readonly #parameters: Parameters;
  readonly #body: Node;
  constructor(name: string, parameters: Parameters, body: Node) {
    super();
    this.#name = name;
    this.#parameters = parameters;
    this.#body = body;
  }
  override execute(machine: Machine, frame: Frame): Outcome {
    return new Closure(this.#name, this.#parameters, this.#body, frame, machine);
  }
}

export class If extends Node {
  readonly isDirect: boolean;
  readonly test: Node;
  readonly whenTrue: Node;
  readonly otherwise: Node;
  constructor(test: Node, whenTrue: Node, otherwise: Node) {
    super();
    this.test = test;
    this.whenTrue = whenTrue;
    this.otherwise = otherwise;
    this.isDirect = test.isDirect && whenTrue.isDirect && otherwise.isDirect;
  }
  override execute(machine: Machine, frame: Frame): Outcome {
    if (this.test.isDirect) {
      const branch = direct(this.test, machine, frame) === false ? this.otherwise : this.whenTrue;
      return branch.execute(machine, frame);
    }
    machine.push(new IfRest(this, frame));
    return this.test.execute(machine, frame);
  }
}

class IfRest implements Continuation {
  readonly #node: If;
  readonly #frame: Frame;
  constructor(node: If, frame: Frame) {
    this.#node = node;
    this.#frame = frame;
  }
  resume(machine: Machine, value: Value): Outcome {
    return (value === false ? this.#node.otherwise : this.#node.whenTrue).execute(machine, this.#frame);
  }
}

/** Nodes in order; stops early when a value decides (`and`, `or`). The last one is in tail position. */
export class Sequence extends Node {
  readonly isDirect: boolean;
  readonly #nodes: readonly Node[];
  readonly #stopsAt: (value: Value) => boolean;
  readonly #empty: Value;
  constructor(
    nodes: readonly Node[],
    stopsAt: (value: Value) => boolean = () => false,
    empty: Value = unspecified,
  ) {
    super();
    this.#nodes = nodes;
    this.#stopsAt = stopsAt;
    this.#empty = empty;
    this.isDirect = nodes.every((node) => node.isDirect);
  }
  override execute(machine: Machine, frame: Frame): Outcome {
    return this.#from(0, machine, frame);
  }
  #from(start: number, machine: Machine, frame: Frame): Outcome {
    const last = this.#nodes.length - 1;
    for (let at = start; at < last; at += 1) {
      const node = this.#nodes[at];
      if (node === undefined) {
        break;
      }
      if (!node.isDirect) {
        machine.push({
          resume: (_, value) => (this.#stopsAt(value) ? value : this.#from(at + 1, machine, frame)),
        });
        return node.execute(machine, frame);
      }
      const value = direct(node, machine, frame);
      if (this.#stopsAt(value)) {
        return value;
      }
    }
    return this.#nodes[last]?.execute(machine, frame) ?? this.#empty;
  }
}

/** Something that is done once all its operands have values. */
abstract class WithOperands extends Node {
  readonly operands: readonly Node[];
  readonly #areDirect: boolean;
  constructor(operands: readonly Node[]) {
    super();
    this.operands = operands;
    this.#areDirect = operands.every((operand) => operand.isDirect);
  }

  abstract finish(machine: Machine, frame: Frame, values: Value[]): Outcome;

  override execute(machine: Machine, frame: Frame): Outcome {
    if (!this.#areDirect) {
      return this.goOnFrom(0, [], machine, frame);
    }
    const values: Value[] = [];
    for (const operand of this.operands) {
      values.push(direct(operand, machine, frame));
    }
    return this.finish(machine, frame, values);
  }

  goOnFrom(start: number, values: Value[], machine: Machine, frame: Frame): Outcome {
    for (let at = start; at < this.operands.length; at += 1) {
      const operand = this.operands[at];
      if (operand !== undefined && !operand.isDirect) {
        machine.push(new OperandRest(this, at + 1, values, frame));
        return operand.execute(machine, frame);
      }
      if (operand !== undefined) {
        values.push(direct(operand, machine, frame));
      }
    }
    return this.finish(machine, frame, values);
  }
}

class OperandRest implements Continuation {
  readonly #node: WithOperands;
  readonly #next: number;
  readonly #values: Value[];
  readonly #frame: Frame;
  constructor(node: WithOperands, next: number, values: Value[], frame: Frame) {
    this.#node = node;
    this.#next = next;
    this.#values = values;
    this.#frame = frame;
  }
  resume(machine: Machine, value: Value): Outcome {
    this.#values.push(value);
    return this.#node.goOnFrom(this.#next, this.#values, machine, this.#frame);
  }
}

/** A call of whatever the operator turns out to be. */
export class Call extends WithOperands {
  readonly isDirect = false;
  readonly #operator: Node;
  readonly #place: Place | undefined;
  constructor(operator: Node, operands: readonly Node[], place: Place | undefined) {
    super(operator.isDirect ? operands : [operator, ...operands]);
    this.#operator = operator;
    this.#place = place;
  }
  override finish(machine: Machine, frame: Frame, values: Value[]): Outcome {
    if (this.#operator.isDirect) {
      const procedure = direct(this.#operator, machine, frame);
      machine.place = this.#place;
      return machine.apply(procedure, values);
    }
    const [procedure, ...args] = values;
    machine.place = this.#place;
    return machine.apply(procedure, args);
  }
}

/** A call of a standard procedure by its global name; when the name was given another meaning since, of that. */
export class StandardCall extends WithOperands {
  readonly isDirect: boolean;
  readonly #cell: Cell;
  readonly #standard: Procedure;
  readonly #place: Place | undefined;
  constructor(cell: Cell, standard: Procedure, operands: readonly Node[], place: Place | undefined) {
    super(operands);
    this.#cell = cell;
    this.#standard = standard;
    this.#place = place;
    this.isDirect = operands.every((operand) => operand.isDirect);
  }
  override finish(machine: Machine, _: Frame, values: Value[]): Outcome {
    machine.place = this.#place;
    return this.#cell.value === this.#standard
      ? this.#standard.call(values)
      : machine.call(this.#cell.value, values);
  }
}

/** New variables with values, and a body that sees them. */
export class Let extends WithOperands {
  readonly isDirect = false;
  readonly #body: Node;
  constructor(initials: readonly Node[], body: Node) {
    super(initials);
    this.#body = body;
  }
  override finish(machine: Machine, frame: Frame, values: Value[]): Outcome {
    return machine.goOn(this.#body, new Frame(values, frame));
  }
}

/** A node that does something of its own, such as `handle-exceptions`. */
export class Custom extends Node {
  readonly isDirect = false;
  readonly #execute: (machine: Machine, frame: Frame) => Outcome;
  constructor(execute: (machine: Machine, frame: Frame) => Outcome) {
    super();
    this.#execute = execute;
  }
  override execute(machine: Machine, frame: Frame): Outcome {
    return this.#execute(machine, frame);
  }
}

/** Operands given to a function of the compiler's own, such as the parts of a quasiquote. */
export class Combine extends WithOperands {
  readonly isDirect: boolean;
  readonly #combine: (values: readonly Value[], machine: Machine) => Value;
  constructor(combine: (values: readonly Value[], machine: Machine) => Value, operands: readonly Node[]) {
    super(operands);
    this.#combine = combine;
    this.isDirect = operands.every((operand) => operand.isDirect);
  }
  override finish(machine: Machine, _: Frame, values: Value[]): Outcome {
    return this.#combine(values, machine);
  }
}

export type CaseClause = {readonly data: readonly Value[] | 'else'; readonly body: Node};

/** `case`: the first clause that lists the key. */
export class Case extends WithOperands {
  readonly isDirect = false;
  readonly #clauses: readonly CaseClause[];
  constructor(key: Node, clauses: readonly CaseClause[]) {
    super([key]);
    this.#clauses = clauses;
  }
  override finish(machine: Machine, frame: Frame, values: Value[]): Outcome {
    const [key = unspecified] = values;
    const clause = this.#clauses.find(
      ({data}) => data === 'else' || data.some((datum) => isEqual(datum, key)),
    );
    return clause?.body.execute(machine, frame) ?? unspecified;
  }
}

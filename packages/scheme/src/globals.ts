/** Names that are known everywhere in one piece of Scheme; what is defined in an inner table is gone with it. */
import {Cell} from './nodes.ts';
import type {Value} from './values.ts';

export class Globals {
  readonly #cells = new Map<string, Cell>();
  readonly #outer: Globals | undefined;
  readonly macros = new Map<string, Value>();

  constructor(outer?: Globals) {
    this.#outer = outer;
  }

  define(name: string, value: Value): void {
    this.ownCell(name).value = value;
  }

  isDefined(name: string): boolean {
    return this.#find(name)?.value !== undefined;
  }

  /** The cell that a use of the name means; a name that is defined later gets its value then. */
  cell(name: string): Cell {
    const found = this.#find(name);
    return found?.value === undefined ? this.ownCell(name) : found;
  }

  ownCell(name: string): Cell {
    const known = this.#cells.get(name);
    if (known !== undefined) {
      return known;
    }
    const cell = new Cell(name);
    this.#cells.set(name, cell);
    return cell;
  }

  get names(): readonly string[] {
    return [...(this.#outer?.names ?? []), ...this.#cells.keys()];
  }

  #find(name: string): Cell | undefined {
    const own = this.#cells.get(name);
    return own !== undefined || this.#outer === undefined ? own : this.#outer.#find(name);
  }
}

/** Which names a place in the program knows, and where their values are at run time. */
import type {Value} from './values.ts';

/** Names of one frame, and what surrounds it. */
export class Scope {
  readonly names: string[];
  readonly parent: Scope | undefined;
  readonly macros = new Map<string, Value>();
  constructor(names: readonly string[], parent: Scope | undefined) {
    this.names = [...names];
    this.parent = parent;
  }
}

export type Found = {readonly depth: number; readonly slot: number};

/** How many frames out, and in which slot; `undefined` for a global name. */
export function findName(name: string, start: Scope | undefined): Found | undefined {
  let depth = 0;
  for (let scope = start; scope !== undefined; scope = scope.parent) {
    const slot = scope.names.lastIndexOf(name);
    if (slot >= 0) {
      return {depth, slot};
    }
    depth += 1;
  }
  return undefined;
}

export function findMacro(name: string, start: Scope | undefined): Value | undefined {
  for (let scope = start; scope !== undefined; scope = scope.parent) {
    const macro = scope.macros.get(name);
    if (macro !== undefined) {
      return macro;
    }
  }
  return undefined;
}

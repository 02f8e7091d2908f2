/** The procedures that every piece of Scheme finds defined (spec scheme.md 3.3). */
import type {Globals} from '../globals.ts';
import type {Host} from '../host.ts';
import type {Input} from '../input.ts';
import type {Machine} from '../machine.ts';
import {Procedure} from '../values.ts';
import {control, tailProcedures} from './control.ts';
import {lists} from './lists.ts';
import {numbers} from './numbers.ts';
import {patterns} from './patterns.ts';
import {strings} from './strings.ts';
import {tables} from './tables.ts';
import {world} from './world.ts';

export function defineStandardProcedures(globals: Globals, machine: Machine, host: Host, input: Input): void {
  const groups = [
    numbers(),
    lists(machine),
    strings(machine),
    patterns(),
    tables(machine),
    control(),
    world(machine, host, input),
  ];
  for (const group of groups) {
    for (const [name, implementation] of Object.entries(group)) {
      globals.define(name, new Procedure(name, implementation));
    }
  }
  for (const procedure of tailProcedures(machine)) {
    globals.define(procedure.name, procedure);
  }
}

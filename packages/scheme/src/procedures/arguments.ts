/** Arguments of procedures: what is given is checked here, with the procedure's name in the message. */
import type {Machine} from '../machine.ts';
import {SchemeError} from '../scheme-error.ts';
import {display, type HostValue, itemsOf, numberOf, Real, type Value} from '../values.ts';

export type Implementation = (args: readonly Value[]) => Value;
export type ProcedureTable = Readonly<Record<string, Implementation>>;

/** Makes procedures; those that call others or make much of something need the machine. */
export type ProcedureGroup = (machine: Machine) => ProcedureTable;

function wanted(who: string, what: string, value: HostValue | undefined): SchemeError {
  return new SchemeError(
    `${who}: expected ${what}, got ${value === undefined ? 'nothing' : display(value).slice(0, 80)}`,
  );
}

export function text(value: HostValue | undefined, who: string): string {
  if (typeof value !== 'string') {
    throw wanted(who, 'a string', value);
  }
  return value;
}

export function number(value: Value | undefined, who: string): number {
  const result = value === undefined ? undefined : numberOf(value);
  if (result === undefined) {
    throw wanted(who, 'a number', value);
  }
  return result;
}

/** A whole number within bounds that a position or a count can have. */
export function count(value: Value | undefined, who: string, most: number): number {
  const result = number(value, who);
  if (!Number.isInteger(result) || result < 0 || result > most) {
    throw wanted(who, `a whole number from 0 to ${most}`, value);
  }
  return result;
}

export function list(value: Value | undefined, who: string): readonly Value[] {
  const items = itemsOf(value);
  if (items === undefined) {
    throw wanted(who, 'a list', value);
  }
  return items;
}

/** An integer stays one when all arguments are integers and the result is whole and exact. */
export function arithmetic(args: readonly Value[], result: number): Value {
  return args.some((arg) => arg instanceof Real) || !Number.isSafeInteger(result) ? new Real(result) : result;
}

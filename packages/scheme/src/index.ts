export type {Host as SchemeHost} from './host.ts';
export {Interpreter, type InterpreterOptions} from './interpreter.ts';
export type {Limits as SchemeLimits} from './machine.ts';
export {text as schemeText} from './procedures/arguments.ts';
export {toRegExp} from './procedures/patterns.ts';
export {parseNumber} from './reader.ts';
export {SchemeError, SchemeExit} from './scheme-error.ts';
export {
  display,
  type HostValue as Value,
  isList,
  Keyword,
  numberOf,
  Pattern,
  Procedure,
  printReal,
  Real,
  SchemeSymbol,
  unspecified,
  write,
} from './values.ts';

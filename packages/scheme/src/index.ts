export {Interpreter, type InterpreterOptions} from './interpreter.ts';
export {type Host as SchemeHost, text as schemeText, toRegExp} from './procedures.ts';
export {parseNumber} from './reader.ts';
export {SchemeError, SchemeExit} from './scheme-error.ts';
export {
  display,
  isList,
  Keyword,
  numberOf,
  Pattern,
  Procedure,
  printReal,
  Real,
  SchemeSymbol,
  unspecified,
  type Value,
} from './values.ts';

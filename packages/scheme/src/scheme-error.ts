/** What is wrong with a piece of Scheme; line and column count from 1. */
export class SchemeError extends Error {
  readonly line: number | undefined;
  readonly column: number | undefined;

  constructor(message: string, line?: number, column?: number) {
    super(message);
    this.name = 'SchemeError';
    this.line = line;
    this.column = column;
  }
}

/** The text ends within a form: with more text it may be right. */
export class UnfinishedText extends SchemeError {}

/** `(exit N)` was called. */
export class SchemeExit extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`exit ${code}`);
    this.name = 'SchemeExit';
    this.code = code;
  }
}

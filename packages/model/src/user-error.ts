/**
 * What a user can cause: a wrong line in a file, an unknown target, a full disk.
 *
 * A command prints such an error as one sentence with its place and ends with `exitCode`
 * (spec cli.md 7); it never shows a stack. What only a bug can cause is an ordinary `Error`.
 */

/** A place in a text file; lines and columns count from 1. */
export type Place = {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
  /** The text of the line, shown below the message with a caret under `column`. */
  readonly lineText?: string;
};

export type UserErrorOptions = {
  readonly place?: Place;
  /** What to do about it: a sentence of its own, such as `did you mean "sqlite"?`. */
  readonly hint?: string;
  /** Exit code of the command that ends with this error. */
  readonly exitCode?: number;
  readonly cause?: unknown;
};

const mark = Symbol.for('megatest.UserError');

export class UserError extends Error {
  /** Commands are bundled in parts, each with a class of its own: one part catches what another has thrown. */
  static override [Symbol.hasInstance](value: unknown): value is UserError {
    // biome-ignore lint/complexity/noThisInStatic: derived classes inherit this, and each is asked for itself.
    if (this !== UserError) {
      // biome-ignore lint/complexity/noThisInStatic: as above.
      return Function.prototype[Symbol.hasInstance].call(this, value);
    }
    return typeof value === 'object' && value !== null && mark in value;
  }

  readonly [mark] = true;
  readonly place: Place | undefined;
  readonly hint: string | undefined;
  readonly exitCode: number;

  constructor(message: string, options: UserErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : {cause: options.cause});
    this.name = 'UserError';
    this.place = options.place;
    this.hint = options.hint;
    this.exitCode = options.exitCode ?? 1;
  }
}

/** `file:line:column` as far as it is known. */
export function printPlace(place: Place): string {
  const parts = [place.file];
  if (place.line !== undefined) {
    parts.push(String(place.line));
    if (place.column !== undefined) {
      parts.push(String(place.column));
    }
  }
  return parts.join(':');
}

/**
 * Prints an error the way a compiler does: place and sentence, the line itself, a caret, a hint.
 * Lines end with `\n`, the last one too.
 */
export function printUserError(error: UserError): string {
  const {place} = error;
  const lines = [place === undefined ? error.message : `${printPlace(place)}: ${error.message}`];
  if (place?.lineText !== undefined) {
    lines.push(`  ${place.lineText}`);
    if (place.column !== undefined) {
      lines.push(`  ${place.lineText.slice(0, place.column - 1).replace(/[^\t]/g, ' ')}^`);
    }
  }
  if (error.hint !== undefined) {
    lines.push(`  hint: ${error.hint}`);
  }
  return `${lines.join('\n')}\n`;
}

/**
 * What `read`, `read-line` and `json-read` take from, and how far they are. Standard input comes in pieces, as late as possible:
 * whoever writes it may wait for an answer. Forms that are evaluated may stand between the data that they read.
 */
import {SchemeReader} from './reader.ts';
import {UnfinishedText} from './scheme-error.ts';
import type {Value} from './values.ts';

/** A form, and the reader that knows where it stands. */
export type ReadForm = {readonly form: Value; readonly reader: SchemeReader};

export class Input {
  #text: string;
  #at = 0;
  readonly #more: () => string | undefined;

  /** `more` gives further whole lines, or `undefined` at the end. */
  constructor(text: string, more: () => string | undefined = () => undefined) {
    this.#text = text;
    this.#more = more;
  }

  add(text: string): void {
    this.#text += text;
  }

  /** What the text that is there already begins with. */
  get waiting(): 'nothing' | 'part of a form' | 'a form' {
    try {
      return new SchemeReader(this.#text, {at: this.#at}).next() === undefined ? 'nothing' : 'a form';
    } catch (error) {
      return error instanceof UnfinishedText ? 'part of a form' : 'a form';
    }
  }

  /** Behind a mistake the next line is read. */
  nextForm(): ReadForm | undefined {
    for (;;) {
      const reader = new SchemeReader(this.#text, {at: this.#at});
      try {
        const form = reader.next();
        if (form !== undefined) {
          this.#at = reader.at;
          return {form, reader};
        }
        if (!this.#grow()) {
          this.#at = this.#text.length;
          return undefined;
        }
      } catch (error) {
        if (error instanceof UnfinishedText && this.#grow()) {
          continue;
        }
        this.#at = error instanceof UnfinishedText ? this.#text.length : this.#lineEnd(reader.at);
        throw error;
      }
    }
  }

  nextLine(): string | undefined {
    if (this.#at >= this.#text.length && !this.#grow()) {
      return undefined;
    }
    const end = this.#text.indexOf('\n', this.#at);
    const line = this.#text.slice(this.#at, end < 0 ? undefined : end);
    this.#at = end < 0 ? this.#text.length : end + 1;
    return line;
  }

  /** Blanks behind a form, and the end of its line, belong to neither the form nor what follows. */
  skipLineEnd(): void {
    const blanks = /[ \t\r]*(\n|$)/y;
    blanks.lastIndex = this.#at;
    this.#at += blanks.exec(this.#text)?.[0].length ?? 0;
  }

  /** The text of one JSON value, without what follows it; whether it is right is for the parser to say. */
  nextJson(): string {
    for (;;) {
      const end = jsonEnd(this.#text, this.#at);
      if (end === undefined && this.#grow()) {
        continue;
      }
      const json = this.#text.slice(this.#at, end);
      this.#at = end ?? this.#text.length;
      return json;
    }
  }

  #grow(): boolean {
    const more = this.#more();
    this.#text += more ?? '';
    return more !== undefined;
  }

  #lineEnd(at: number): number {
    const end = this.#text.indexOf('\n', at);
    return end < 0 ? this.#text.length : end + 1;
  }
}

const jsonPiece = /\s*(?:"[^"\\]*(?:\\.[^"\\]*)*"|[[{\]},:]|[^\s"[\]{},:]+)/sy;

/** Where the value that begins at `start` ends; `undefined` when the text ends before. */
function jsonEnd(text: string, start: number): number | undefined {
  let depth = 0;
  jsonPiece.lastIndex = start;
  for (;;) {
    const piece = jsonPiece.exec(text)?.[0].trimStart();
    if (piece === undefined) {
      return undefined;
    }
    if (piece === '[' || piece === '{') {
      depth += 1;
    } else if (piece === ']' || piece === '}') {
      depth -= 1;
    }
    if (depth <= 0) {
      return jsonPiece.lastIndex;
    }
  }
}

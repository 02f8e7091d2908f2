/** Reads Scheme text into values, form by form (spec scheme.md 3.1), and remembers where each list began. */
import {SchemeError, UnfinishedText} from './scheme-error.ts';
import {
  Character,
  endOfFile,
  itemsOf,
  Keyword,
  listOf,
  nil,
  Pair,
  Pattern,
  Real,
  symbol,
  type Value,
  Vector,
} from './values.ts';

export type Position = {readonly line: number; readonly column: number};

/** How deep lists may nest, so that a hostile text cannot exhaust the stack. */
const maxDepth = 1000;
const closers: Readonly<Record<string, string>> = {'(': ')', '[': ']', '{': '}', '<': '>'};
const characterNames: Readonly<Record<string, string>> = {
  space: ' ',
  newline: '\n',
  tab: '\t',
  return: '\r',
  nul: '\0',
};
const specialNames = new Set(['#!optional', '#!rest', '#!key', '#!eof']);
const quotes: Readonly<Record<string, string>> = {
  "'": 'quote',
  '`': 'quasiquote',
  ',': 'unquote',
  ',@': 'unquote-splicing',
};
const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\x07',
  b: '\b',
  v: '\v',
  f: '\f',
};

export class SchemeReader {
  readonly #text: string;
  readonly #allowsPatterns: boolean;
  /** Offset at which each list began; its line is counted only when somebody asks. */
  readonly #offsets = new WeakMap<object, number>();
  #at = 0;

  /** Reads from the offset `at` on. */
  constructor(text: string, options: {readonly allowsPatterns?: boolean; readonly at?: number} = {}) {
    this.#text = text;
    this.#at = options.at ?? 0;
    this.#allowsPatterns = options.allowsPatterns ?? false;
  }

  /** The next form, or `undefined` at the end of the text. */
  next(): Value | undefined {
    this.#skipBlanks();
    return this.#at >= this.#text.length ? undefined : this.#read(0);
  }

  /** How far the text is read. */
  get at(): number {
    return this.#at;
  }

  /** Where a list that this reader made began. */
  offsetOf(form: Value): number | undefined {
    return typeof form === 'object' ? this.#offsets.get(form) : undefined;
  }

  positionAt(offset: number): Position {
    return this.#position(offset);
  }

  /** The rest of the text when it begins with a `)` that closes nothing; else empty. */
  surplus(): string {
    this.#skipBlanks();
    return /[)\]]/.test(this.#text[this.#at] ?? '') ? this.#text.slice(this.#at).trim() : '';
  }

  /** Line and column of an offset, both from 1. */
  #position(at = this.#at): Position {
    let line = 1;
    let lineStart = 0;
    for (
      let end = this.#text.indexOf('\n');
      end >= 0 && end < at;
      end = this.#text.indexOf('\n', lineStart)
    ) {
      line += 1;
      lineStart = end + 1;
    }
    return {line, column: at - lineStart + 1};
  }

  #fail(message: string, at = this.#at): never {
    const {line, column} = this.#position(at);
    throw new SchemeError(message, line, column);
  }

  #failUnfinished(message: string, at = this.#at): never {
    const {line, column} = this.#position(at);
    throw new UnfinishedText(message, line, column);
  }

  #skipBlanks(): void {
    for (;;) {
      const char = this.#text[this.#at];
      if (char !== undefined && /\s/.test(char)) {
        this.#at += 1;
      } else if (char === ';') {
        const end = this.#text.indexOf('\n', this.#at);
        this.#at = end < 0 ? this.#text.length : end;
      } else if (this.#text.startsWith('#|', this.#at)) {
        this.#skipBlockComment();
      } else if (this.#text.startsWith('#;', this.#at)) {
        this.#at += 2;
        this.#skipBlanks();
        this.#read(0);
      } else {
        return;
      }
    }
  }

  #skipBlockComment(): void {
    const start = this.#at;
    let depth = 0;
    do {
      if (this.#at >= this.#text.length) {
        this.#failUnfinished('this comment is never closed', start);
      }
      if (this.#text.startsWith('#|', this.#at)) {
        depth += 1;
        this.#at += 2;
      } else if (this.#text.startsWith('|#', this.#at)) {
        depth -= 1;
        this.#at += 2;
      } else {
        this.#at += 1;
      }
    } while (depth > 0);
  }

  #read(depth: number): Value {
    if (depth > maxDepth) {
      this.#fail(`lists are nested deeper than ${maxDepth}`);
    }
    this.#skipBlanks();
    const start = this.#at;
    const char = this.#text[start];
    if (char === undefined) {
      this.#failUnfinished('the text ends in the middle of a form');
    }
    if (char === '(' || char === '[') {
      this.#at += 1;
      return this.#readList(closers[char] ?? ')', start, depth);
    }
    if (char === ')' || char === ']') {
      this.#fail(`"${char}" closes nothing`);
    }
    if (char === '"') {
      return this.#readString();
    }
    const quote = this.#text.startsWith(',@', start) ? ',@' : char;
    const quoteName = quotes[quote];
    if (quoteName !== undefined) {
      this.#at += quote.length;
      return this.#mark(listOf([symbol(quoteName), this.#read(depth + 1)]), start);
    }
    if (char === '#') {
      return this.#readHash(depth);
    }
    if (char === '|') {
      // Any text between bars is a name.
      const end = this.#text.indexOf('|', start + 1);
      if (end < 0) {
        this.#failUnfinished('this symbol is never closed');
      }
      this.#at = end + 1;
      return symbol(this.#text.slice(start + 1, end));
    }
    return atom(this.#readWord());
  }

  #readList(closer: string, start: number, depth: number): Value {
    const items: Value[] = [];
    let tail: Value | undefined;
    for (;;) {
      this.#skipBlanks();
      const char = this.#text[this.#at];
      if (char === undefined) {
        this.#failUnfinished('this list is never closed', start);
      }
      if (char === ')' || char === ']') {
        if (char !== closer) {
          this.#fail(`"${char}" closes a list that "${closer === ')' ? '(' : '['}" opened`);
        }
        this.#at += 1;
        break;
      }
      if (char === '.' && /[\s()]/.test(this.#text[this.#at + 1] ?? ' ') && items.length > 0) {
        this.#at += 1;
        tail = this.#read(depth + 1);
        continue;
      }
      items.push(this.#read(depth + 1));
    }
    return this.#mark(listOf(items, tail ?? nil), start);
  }

  #mark<T extends Value>(form: T, start: number): T {
    if (form instanceof Pair || form instanceof Pattern) {
      this.#offsets.set(form, start);
    }
    return form;
  }

  #readString(): string {
    const start = this.#at;
    let text = '';
    for (this.#at += 1; ; this.#at += 1) {
      const char = this.#text[this.#at];
      if (char === undefined) {
        this.#failUnfinished('this string is never closed', start);
      }
      if (char === '"') {
        this.#at += 1;
        return text;
      }
      if (char !== '\\') {
        text += char;
        continue;
      }
      this.#at += 1;
      const escaped = this.#text[this.#at] ?? '';
      if (escaped === 'x' && /^[0-9a-fA-F]{2}/.test(this.#text.slice(this.#at + 1))) {
        text += String.fromCharCode(Number.parseInt(this.#text.slice(this.#at + 1, this.#at + 3), 16));
        this.#at += 2;
      } else if (escaped === '\n') {
        while (/[ \t]/.test(this.#text[this.#at + 1] ?? '')) {
          this.#at += 1;
        }
      } else {
        text += escapes[escaped] ?? escaped;
      }
    }
  }

  #readHash(depth: number): Value {
    const start = this.#at;
    const rest = this.#text.slice(start, start + 12);
    if (this.#allowsPatterns && rest.startsWith('#/')) {
      this.#at += 2;
      return this.#readPattern('/', start);
    }
    if (this.#allowsPatterns && /^#r\W/.test(rest)) {
      const opener = rest[2] ?? '';
      this.#at += 3;
      return this.#readPattern(closers[opener] ?? opener, start);
    }
    if (rest.startsWith('#(')) {
      this.#at += 2;
      return new Vector(itemsOf(this.#readList(')', start, depth)) ?? []);
    }
    if (rest.startsWith('#<<')) {
      return this.#readHereString(start);
    }
    if (rest.startsWith('#:')) {
      this.#at += 2;
      return new Keyword(this.#readWord());
    }
    if (rest.startsWith('#\\')) {
      this.#at += 3;
      const first = this.#text[this.#at - 1] ?? '';
      const more = /\w/.test(first)
        ? (/^\w*/.exec(this.#text.slice(this.#at, this.#at + 16))?.[0] ?? '')
        : '';
      this.#at += more.length;
      const name = first + more;
      const code = /^x([0-9a-fA-F]+)$/.exec(name);
      return new Character(
        name.length === 1
          ? name
          : (characterNames[name] ?? (code ? String.fromCharCode(Number.parseInt(code[1] ?? '', 16)) : name)),
      );
    }
    if (rest.startsWith('#!')) {
      const name = this.#readWord();
      if (!specialNames.has(name)) {
        this.#fail(`"${name}" is not known here`, start);
      }
      return name === '#!eof' ? endOfFile : symbol(name);
    }
    const word = this.#readWord();
    if (word === '#t' || word === '#true') {
      return true;
    }
    if (word === '#f' || word === '#false') {
      return false;
    }
    const value = parseNumber(word);
    if (value === undefined) {
      this.#fail(`"${word}" is not known here`, start);
    }
    return value;
  }

  #readPattern(closer: string, start: number): Pattern {
    const from = this.#at;
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined) {
        this.#failUnfinished('this pattern is never closed', start);
      }
      if (char === closer) {
        break;
      }
      this.#at += char === '\\' ? 2 : 1;
    }
    const source = this.#text.slice(from, this.#at);
    this.#at += 1;
    const flags = /^[ixu]{0,3}/.exec(this.#text.slice(this.#at, this.#at + 3))?.[0] ?? '';
    this.#at += flags.length;
    const ordered = ['i', 'x', 'u'].filter((flag) => flags.includes(flag)).join('');
    return this.#mark(new Pattern(source, ordered), start);
  }

  /** `#<<TAG`, a line break, and all lines up to one that is just TAG. */
  #readHereString(start: number): string {
    const lineEnd = this.#text.indexOf('\n', start);
    const tag = this.#text.slice(start + 3, lineEnd < 0 ? undefined : lineEnd).trimEnd();
    const body = lineEnd < 0 ? '' : this.#text.slice(lineEnd + 1);
    let at = 0;
    while (at < body.length) {
      const end = body.indexOf('\n', at);
      const line = body.slice(at, end < 0 ? undefined : end);
      if (line === tag) {
        this.#at = lineEnd + 1 + at + line.length;
        return body.slice(0, Math.max(0, at - 1));
      }
      at = end < 0 ? body.length : end + 1;
    }
    return this.#failUnfinished(`the line ${tag} that ends this text is missing`, start);
  }

  #readWord(): string {
    const word = /^[^\s()[\]"';`,]+/.exec(this.#text.slice(this.#at, this.#at + 4096))?.[0] ?? '';
    if (word === '') {
      this.#fail(`"${this.#text[this.#at] ?? ''}" is not known here`);
    }
    this.#at += word.length;
    return word;
  }
}

function atom(word: string): Value {
  const value = parseNumber(word);
  if (value !== undefined) {
    return value;
  }
  return word.length > 1 && word.endsWith(':') ? new Keyword(word.slice(0, -1)) : symbol(word);
}

const radixes: Readonly<Record<string, number>> = {'#x': 16, '#b': 2, '#o': 8, '#d': 10};

/** A number as Scheme writes it, or `undefined`. */
export function parseNumber(word: string): number | Real | undefined {
  if (/^[+-]?\d+$/.test(word)) {
    const value = Number(word);
    // Beyond this the original's integers became reals, too.
    return Number.isSafeInteger(value) ? value : new Real(value);
  }
  if (/^[+-]?(\d+\.\d*|\.\d+|\d+)([eE][+-]?\d+)?$/.test(word)) {
    return new Real(Number(word));
  }
  const quotient = /^([+-]?\d+)\/(\d+)$/.exec(word);
  if (quotient !== null) {
    const value = Number(quotient[1]) / Number(quotient[2]);
    return Number.isInteger(value) ? value : new Real(value);
  }
  const special: Readonly<Record<string, number>> = {
    '+inf.0': Number.POSITIVE_INFINITY,
    '-inf.0': Number.NEGATIVE_INFINITY,
    '+nan.0': Number.NaN,
  };
  if (special[word] !== undefined) {
    return new Real(special[word]);
  }
  const radix = radixes[word.slice(0, 2)];
  if (radix !== undefined && /^[+-]?[0-9a-fA-F]+$/.test(word.slice(2))) {
    const value = Number.parseInt(word.slice(2), radix);
    return Number.isNaN(value) ? undefined : value;
  }
  return undefined;
}

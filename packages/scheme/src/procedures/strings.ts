/** Strings, symbols and characters (spec scheme.md 3.3). */
import type {Machine} from '../machine.ts';
import {SchemeError} from '../scheme-error.ts';
import {
  Character,
  display,
  isEqual,
  isSame,
  Keyword,
  listOf,
  Procedure,
  SchemeSymbol,
  symbol,
  type Value,
  write,
} from '../values.ts';
import {count, type Implementation, list, number, type ProcedureTable, text} from './arguments.ts';

function compare(who: string, holds: (a: string, b: string) => boolean): Implementation {
  return ([a, b]) => holds(text(a, who), text(b, who));
}

function character(value: Value | undefined, who: string): string {
  if (!(value instanceof Character)) {
    throw new SchemeError(
      `${who}: expected a character, got ${value === undefined ? 'nothing' : display(value)}`,
    );
  }
  return value.text;
}

function compareCharacters(who: string, holds: (a: string, b: string) => boolean): Implementation {
  return ([a, b]) => holds(character(a, who), character(b, who));
}

function split(value: string, separators: string, keepsEmpty: boolean): readonly string[] {
  const pieces: string[] = [];
  let start = 0;
  for (let at = 0; at <= value.length; at += 1) {
    if (at === value.length || separators.includes(value[at] ?? '')) {
      if (at > start || keepsEmpty) {
        pieces.push(value.slice(start, at));
      }
      start = at + 1;
    }
  }
  return pieces;
}

function slice(
  who: string,
  value: Value | undefined,
  from: Value | undefined,
  to: Value | undefined,
): string {
  const whole = text(value, who);
  const start = count(from ?? 0, who, whole.length);
  const end = to === undefined ? whole.length : count(to, who, whole.length);
  if (end < start) {
    throw new SchemeError(`${who}: the end ${end} is before the start ${start}`);
  }
  return whole.slice(start, end);
}

/** `~a` and `~s` of `format`, `%s` and `%d` of `sprintf`. */
function fill(pattern: string, values: readonly Value[]): string {
  const left = [...values];
  return pattern.replace(/~([asdASD%~n])|%([sd%])/g, (_, tilde?: string, percent?: string) => {
    const directive = tilde ?? percent ?? '';
    if (directive === '~' || (percent === '%' && tilde === undefined)) {
      return directive;
    }
    if (directive === '%' || directive === 'n') {
      return '\n';
    }
    const value = left.shift() ?? '';
    return tilde === 's' || tilde === 'S' ? write(value) : display(value);
  });
}

export function strings(machine: Machine): ProcedureTable {
  const made = (result: string): string => {
    machine.allocate(result.length >> 3);
    return result;
  };
  const strings = (pieces: readonly string[]): Value => {
    machine.allocate(pieces.length);
    return listOf(pieces);
  };
  const conc: Implementation = (args) => made(args.map(display).join(''));
  const join: Implementation = ([items, separator = ' ']) =>
    made(
      list(items, 'string-intersperse')
        .map((item) => text(item, 'string-intersperse'))
        .join(text(separator, 'string-intersperse')),
    );
  const pad = (who: string, isLeft: boolean): Implementation => {
    return ([value, width, char]) => {
      const size = count(width, who, 1_000_000);
      const filler = char === undefined ? ' ' : display(char);
      const whole = text(value, who);
      return isLeft ? whole.slice(-size).padStart(size, filler) : whole.slice(0, size).padEnd(size, filler);
    };
  };
  return {
    conc,
    '->string': conc,
    'string-append': (args) => made(args.map((arg) => text(arg, 'string-append')).join('')),
    'string-split': ([value, separators = ' \t\n', keepsEmpty = false]) =>
      strings(split(text(value, 'string-split'), text(separators, 'string-split'), keepsEmpty !== false)),
    'string-intersperse': join,
    'string-join': join,
    'make-string': ([length, char]) => {
      const size = count(length, 'make-string', 10_000_000);
      return made((char === undefined ? ' ' : character(char, 'make-string')).repeat(size));
    },
    string: (args) => args.map((arg) => character(arg, 'string')).join(''),
    substring: ([value, from, to]) => slice('substring', value, from, to),
    'string-copy': ([value]) => text(value, 'string-copy'),
    'string-take': ([value, length]) => slice('string-take', value, 0, length),
    'string-drop': ([value, length]) => slice('string-drop', value, length, undefined),
    'string-length': ([value]) => text(value, 'string-length').length,
    'string=?': compare('string=?', (a, b) => a === b),
    'string<?': compare('string<?', (a, b) => a < b),
    'string>?': compare('string>?', (a, b) => a > b),
    'string<=?': compare('string<=?', (a, b) => a <= b),
    'string>=?': compare('string>=?', (a, b) => a >= b),
    'string-ci=?': compare('string-ci=?', (a, b) => a.toLowerCase() === b.toLowerCase()),
    'string-prefix?': compare('string-prefix?', (a, b) => b.startsWith(a)),
    'string-suffix?': compare('string-suffix?', (a, b) => b.endsWith(a)),
    'string?': ([value]) => typeof value === 'string',
    'string-null?': ([value]) => text(value, 'string-null?') === '',
    'string-upcase': ([value]) => text(value, 'string-upcase').toUpperCase(),
    'string-downcase': ([value]) => text(value, 'string-downcase').toLowerCase(),
    'string-reverse': ([value]) => [...text(value, 'string-reverse')].reverse().join(''),
    'string-contains': ([value, part]) => {
      const at = text(value, 'string-contains').indexOf(text(part, 'string-contains'));
      return at < 0 ? false : at;
    },
    'string-index': ([value, wanted]) => {
      const chars = [...text(value, 'string-index')];
      const at = chars.findIndex((char) =>
        wanted instanceof Procedure
          ? machine.call(wanted, [new Character(char)]) !== false
          : char === character(wanted, 'string-index'),
      );
      return at < 0 ? false : at;
    },
    'string-pad-left': pad('string-pad-left', true),
    'string-pad': pad('string-pad', true),
    'string-pad-right': pad('string-pad-right', false),
    'string-trim': ([value]) => text(value, 'string-trim').trimStart(),
    'string-trim-right': ([value]) => text(value, 'string-trim-right').trimEnd(),
    'string-trim-both': ([value]) => text(value, 'string-trim-both').trim(),
    'string-chomp': ([value, suffix = '\n']) => {
      const [whole, end] = [text(value, 'string-chomp'), text(suffix, 'string-chomp')];
      return end !== '' && whole.endsWith(end) ? whole.slice(0, -end.length) : whole;
    },
    'string-ref': ([value, index]) => {
      const whole = text(value, 'string-ref');
      return new Character(whole[count(index, 'string-ref', whole.length - 1)] ?? '');
    },
    'string->list': ([value]) => {
      const chars = [...text(value, 'string->list')];
      machine.allocate(chars.length);
      return listOf(chars.map((char) => new Character(char)));
    },
    'list->string': ([items]) =>
      list(items, 'list->string')
        .map((item) => character(item, 'list->string'))
        .join(''),
    'string-translate': ([value, from, to]) => {
      const who = 'string-translate';
      const source = from instanceof Character ? from.text : text(from, who);
      const target = to === undefined ? '' : to instanceof Character ? to.text : text(to, who);
      return [...text(value, who)]
        .map((char) => (source.includes(char) ? (target[source.indexOf(char)] ?? '') : char))
        .join('');
    },
    sprintf: ([pattern, ...values]) => made(fill(text(pattern, 'sprintf'), values)),
    format: ([pattern, ...values]) =>
      // (format #f "...") is the usual way to ask for a string.
      typeof pattern === 'boolean'
        ? made(fill(text(values[0], 'format'), values.slice(1)))
        : made(fill(text(pattern, 'format'), values)),
    'string->symbol': ([value]) => symbol(text(value, 'string->symbol')),
    'symbol->string': ([value]) =>
      value instanceof SchemeSymbol ? value.name : text(value, 'symbol->string'),
    'symbol?': ([value]) => value instanceof SchemeSymbol,
    'keyword?': ([value]) => value instanceof Keyword,
    'char?': ([value]) => value instanceof Character,
    'char=?': compareCharacters('char=?', (a, b) => a === b),
    'char<?': compareCharacters('char<?', (a, b) => a < b),
    'char-upcase': ([value]) => new Character(character(value, 'char-upcase').toUpperCase()),
    'char-downcase': ([value]) => new Character(character(value, 'char-downcase').toLowerCase()),
    'char-numeric?': ([value]) => /^\d$/.test(character(value, 'char-numeric?')),
    'char-alphabetic?': ([value]) => /^[A-Za-z]$/.test(character(value, 'char-alphabetic?')),
    'char-whitespace?': ([value]) => /^\s$/.test(character(value, 'char-whitespace?')),
    'char->integer': ([value]) => character(value, 'char->integer').charCodeAt(0),
    'integer->char': ([value]) => new Character(String.fromCharCode(number(value, 'integer->char'))),
    'eq?': ([a = false, b = true]) => isSame(a, b),
    'eqv?': ([a = false, b = true]) => isSame(a, b),
    'equal?': ([a = false, b = true]) => isEqual(a, b),
    not: ([value]) => value === false,
    'boolean?': ([value]) => typeof value === 'boolean',
  };
}

/**
 * Patterns of log rules: Perl-like text translated to a JavaScript expression that works on Latin-1 text (spec logpro.md 3.5).
 * Throws a `SyntaxError` for what the dialect does not have.
 */

const posixClasses: Readonly<Record<string, string>> = {
  alpha: 'A-Za-z',
  digit: '0-9',
  alnum: 'A-Za-z0-9',
  upper: 'A-Z',
  lower: 'a-z',
  space: ' \\t\\n\\r\\f\\v',
  blank: ' \\t',
  punct: '!-\\/:-@\\[-`{-~',
  xdigit: '0-9A-Fa-f',
  cntrl: '\\x00-\\x1f\\x7f',
  graph: '!-~',
  print: ' -~',
};

const escapesOutside: Readonly<Record<string, string>> = {
  '<': '\\b(?=\\w)',
  '>': '\\b(?<=\\w)',
  A: '^',
  z: '$',
  Z: '(?=\\n?$)',
  s: '[ \\t\\n]',
  S: '[^ \\t\\n]',
  a: '\\x07',
  e: '\\x1b',
  R: '(?:\\r\\n|[\\n-\\r])',
};

const escapesInside: Readonly<Record<string, string>> = {
  s: ' \\t\\n',
  a: '\\x07',
  e: '\\x1b',
  b: 'b',
  B: 'B',
};
const sameLetters = new Set('dDwWbBnrtfkx'.split(''));

export function compilePattern(source: string, flags: string): RegExp {
  const body = translate(flags.includes('x') ? dropSpace(source) : source);
  return new RegExp(body, flags.includes('i') ? 'i' : '');
}

/** Flag `x`: unescaped white space outside classes goes, and `#` to the end of the line. */
function dropSpace(source: string): string {
  let result = '';
  let isInClass = false;
  for (let at = 0; at < source.length; at += 1) {
    const char = source[at] ?? '';
    if (char === '\\') {
      result += char + (source[at + 1] ?? '');
      at += 1;
    } else if (!isInClass && char === '#') {
      const end = source.indexOf('\n', at);
      at = end < 0 ? source.length : end;
    } else if (isInClass || !/\s/.test(char)) {
      isInClass = char === '[' ? true : char === ']' ? false : isInClass;
      result += char;
    }
  }
  return result;
}

function translate(source: string): string {
  let result = '';
  for (let at = 0; at < source.length; at += 1) {
    const char = source[at] ?? '';
    if (char === '\\') {
      const [text, length] = translateEscape(source, at);
      result += text;
      at += length - 1;
    } else if (char === '[') {
      const [text, length] = translateClass(source, at);
      result += text;
      at += length - 1;
    } else if (char === '{' && !/^\{\d*,?\d*\}/.test(source.slice(at))) {
      result += '\\{';
    } else if (source.startsWith('(?#', at)) {
      const end = source.indexOf(')', at);
      at = end < 0 ? source.length : end;
    } else if (/^\(\?(P<|'|R\))/.test(source.slice(at, at + 4))) {
      throw new SyntaxError(`${source.slice(at, at + 4)} is not supported in a pattern`);
    } else {
      result += char;
    }
  }
  return result;
}

function translateEscape(source: string, at: number): readonly [string, number] {
  const next = source[at + 1];
  if (next === undefined) {
    throw new SyntaxError('the pattern ends in a backslash');
  }
  if (next === 'Q') {
    const end = source.indexOf('\\E', at + 2);
    const text = source.slice(at + 2, end < 0 ? source.length : end);
    return [text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'), text.length + (end < 0 ? 2 : 4)];
  }
  const code = /^\\x\{([0-9A-Fa-f]+)\}/.exec(source.slice(at));
  if (code !== null) {
    return [`\\u${(code[1] ?? '').padStart(4, '0')}`, code[0].length];
  }
  const translated = escapesOutside[next];
  if (translated !== undefined) {
    return [translated, 2];
  }
  if (/[A-Za-z]/.test(next) && !sameLetters.has(next)) {
    throw new SyntaxError(`unknown escape sequence \\${next}`);
  }
  if (/[0-9A-Za-z]/.test(next)) {
    return [`\\${next}`, 2];
  }
  return [/[\\^$.*+?()[\]{}|/-]/.test(next) ? `\\${next}` : next, 2];
}

function translateClass(source: string, start: number): readonly [string, number] {
  let at = start + 1;
  let result = '[';
  if (source[at] === '^') {
    result += '^';
    at += 1;
  }
  for (let isFirst = true; ; isFirst = false) {
    const char = source[at];
    if (char === undefined) {
      throw new SyntaxError('a class [...] is never closed');
    }
    if (char === ']' && !isFirst) {
      return [`${result}]`, at + 1 - start];
    }
    const posix = /^\[:(\w+):\]/.exec(source.slice(at, at + 12));
    if (posix !== null) {
      const members = posixClasses[posix[1] ?? ''];
      if (members === undefined) {
        throw new SyntaxError(`unknown class ${posix[0]}`);
      }
      result += members;
      at += posix[0].length;
    } else if (char === '\\') {
      const next = source[at + 1] ?? '';
      result += escapesInside[next] ?? `\\${next}`;
      at += 2;
    } else {
      result += char === '[' || (char === ']' && isFirst) ? `\\${char}` : char;
      at += 1;
    }
  }
}

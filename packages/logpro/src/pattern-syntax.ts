/**
 * Reads the text of a pattern, which is Perl-like (spec logpro.md 3.5), into a tree. Flags are gone from the tree: `i` has
 * widened the sets, `x` has dropped blanks and comments, and `u` shows in the range of the sets.
 *
 * Throws a `SyntaxError` for what the dialect does not have.
 */
import {
  type CharacterSet,
  codeOf,
  complement,
  lastByte,
  lastCharacter,
  ofRange,
  ofText,
  union,
  withBothCases,
} from './character-set.ts';

export type PatternNode =
  | {readonly kind: 'characters'; readonly set: CharacterSet}
  | {readonly kind: 'sequence'; readonly items: readonly PatternNode[]}
  | {readonly kind: 'choice'; readonly options: readonly PatternNode[]}
  | {
      readonly kind: 'repeat';
      readonly item: PatternNode;
      readonly min: number;
      readonly max: number;
      readonly isLazy: boolean;
    }
  /** A capturing group; the first has number 1. */
  | {readonly kind: 'group'; readonly number: number; readonly item: PatternNode}
  | {readonly kind: 'atomic'; readonly item: PatternNode}
  | {
      readonly kind: 'look';
      readonly direction: 'ahead' | 'behind';
      readonly isNegative: boolean;
      readonly item: PatternNode;
    }
  | {
      readonly kind: 'assertion';
      readonly at: 'line start' | 'line end' | 'boundary' | 'no boundary' | 'word start' | 'word end';
    }
  | {readonly kind: 'reference'; readonly group: number | string};

export type PatternTree = {
  readonly root: PatternNode;
  /** How many capturing groups there are. */
  readonly groups: number;
  readonly names: ReadonlyMap<string, number>;
  readonly isUnicode: boolean;
  /** Whether the whole pattern ignores case; the sets know already, back references do not. */
  readonly ignoresCase: boolean;
};

export function parsePattern(source: string, flags: string): PatternTree {
  return new PatternParser(source, flags).parse();
}

/** A count above this only serves to exhaust the memory. */
const maxCount = 1000;
/** Groups nest no deeper, so that a hostile pattern cannot exhaust the stack. */
const maxDepth = 200;

const digits = ofRange('0', '9');
const letters = union(ofRange('a', 'z'), ofRange('A', 'Z'));
const wordCharacters = union(digits, letters, ofText('_'));
const blanks = ofText(' \t\n');
const punctuation = union(ofRange('!', '/'), ofRange(':', '@'), ofRange('[', '`'), ofRange('{', '~'));

const posixClasses: ReadonlyMap<string, CharacterSet> = new Map([
  ['alpha', letters],
  ['digit', digits],
  ['alnum', union(letters, digits)],
  ['upper', ofRange('A', 'Z')],
  ['lower', ofRange('a', 'z')],
  ['space', union(ofText(' '), ofRange('\t', '\r'))],
  ['blank', ofText(' \t')],
  ['punct', punctuation],
  ['xdigit', union(digits, ofRange('a', 'f'), ofRange('A', 'F'))],
  ['cntrl', union(ofRange('\0', '\x1f'), ofText('\x7f'))],
  ['graph', ofRange('!', '~')],
  ['print', ofRange(' ', '~')],
]);

const controls: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['f', '\f'],
  ['a', '\x07'],
  ['e', '\x1b'],
  ['0', '\0'],
]);

const assertions: ReadonlyMap<string, (PatternNode & {readonly kind: 'assertion'})['at']> = new Map([
  ['A', 'line start'],
  ['z', 'line end'],
  // The optional newline before the end cannot occur inside a line.
  ['Z', 'line end'],
  ['b', 'boundary'],
  ['B', 'no boundary'],
  ['<', 'word start'],
  ['>', 'word end'],
]);

type Flags = {readonly ignoresCase: boolean; readonly isExtended: boolean};

class PatternParser {
  readonly #source: string;
  readonly #last: number;
  readonly #ignoresCase: boolean;
  readonly #names = new Map<string, number>();
  readonly #references: (number | string)[] = [];
  #flags: Flags;
  #at = 0;
  #groups = 0;
  #depth = 0;

  constructor(source: string, flags: string) {
    const isUnicode = flags.includes('u') || /\(\?[a-z]*u[a-z]*[-:)]/.test(source);
    this.#source = isUnicode ? Buffer.from(source, 'latin1').toString('utf8') : source;
    this.#last = isUnicode ? lastCharacter : lastByte;
    this.#ignoresCase = flags.includes('i');
    this.#flags = {ignoresCase: this.#ignoresCase, isExtended: flags.includes('x')};
  }

  parse(): PatternTree {
    const root = this.#choice();
    if (this.#at < this.#source.length) {
      throw new SyntaxError('a ")" closes nothing');
    }
    for (const reference of this.#references) {
      const isThere = typeof reference === 'number' ? reference <= this.#groups : this.#names.has(reference);
      if (!isThere) {
        throw new SyntaxError(`there is no group ${reference} to refer to`);
      }
    }
    return {
      root,
      groups: this.#groups,
      names: this.#names,
      isUnicode: this.#last > lastByte,
      ignoresCase: this.#ignoresCase,
    };
  }

  #choice(): PatternNode {
    this.#depth += 1;
    if (this.#depth > maxDepth) {
      throw new SyntaxError(`groups are nested deeper than ${maxDepth}`);
    }
    const options = [this.#sequence()];
    while (this.#source[this.#at] === '|') {
      this.#at += 1;
      options.push(this.#sequence());
    }
    this.#depth -= 1;
    const [only] = options;
    return options.length === 1 && only !== undefined ? only : {kind: 'choice', options};
  }

  #sequence(): PatternNode {
    const items: PatternNode[] = [];
    for (;;) {
      this.#skipIgnored();
      const char = this.#source[this.#at];
      if (char === undefined || char === '|' || char === ')') {
        return {kind: 'sequence', items};
      }
      const atom = this.#atom();
      if (atom !== undefined) {
        items.push(...this.#quantified(atom));
      }
    }
  }

  /** White space and comments of the flag `x`, and `(?#...)`. */
  #skipIgnored(): void {
    for (;;) {
      const char = this.#source[this.#at];
      if (this.#source.startsWith('(?#', this.#at)) {
        const end = this.#source.indexOf(')', this.#at);
        if (end < 0) {
          throw new SyntaxError('a comment (?#...) is never closed');
        }
        this.#at = end + 1;
      } else if (this.#flags.isExtended && char === '#') {
        const end = this.#source.indexOf('\n', this.#at);
        this.#at = end < 0 ? this.#source.length : end + 1;
      } else if (this.#flags.isExtended && char !== undefined && /\s/.test(char)) {
        this.#at += 1;
      } else {
        return;
      }
    }
  }

  /** `undefined` for what only switches flags. */
  #atom(): readonly PatternNode[] | undefined {
    const char = this.#next();
    switch (char) {
      case '(':
        return this.#group();
      case '[':
        return [{kind: 'characters', set: this.#class()}];
      case '.':
        return [{kind: 'characters', set: complement(ofText('\n'), this.#last)}];
      case '^':
        return [{kind: 'assertion', at: 'line start'}];
      case '$':
        return [{kind: 'assertion', at: 'line end'}];
      case '\\':
        return this.#escape();
      case '*':
      case '+':
      case '?':
        throw new SyntaxError(`there is nothing before "${char}" to repeat`);
      case '{':
        if (this.#counts(this.#at - 1) !== undefined) {
          throw new SyntaxError('there is nothing before "{" to repeat');
        }
        return [this.#literal(char)];
      default:
        return [this.#literal(char)];
    }
  }

  #next(): string {
    const code = this.#source.codePointAt(this.#at) ?? 0;
    const char = String.fromCodePoint(code);
    this.#at += char.length;
    return char;
  }

  #literal(char: string): PatternNode {
    return {kind: 'characters', set: this.#cased(ofText(char))};
  }

  #cased(set: CharacterSet): CharacterSet {
    return this.#flags.ignoresCase ? withBothCases(set) : set;
  }

  /** Of several nodes (quoted text) only the last is repeated. */
  #quantified(nodes: readonly PatternNode[]): readonly PatternNode[] {
    this.#skipIgnored();
    const quantifier = this.#quantifier();
    const item = nodes.at(-1);
    if (quantifier === undefined || item === undefined) {
      return nodes;
    }
    if (item.kind === 'assertion' || item.kind === 'look') {
      throw new SyntaxError('an assertion cannot be repeated');
    }
    const isLazy = this.#source[this.#at] === '?';
    this.#at += isLazy ? 1 : 0;
    if (this.#quantifier() !== undefined) {
      throw new SyntaxError(
        'a repetition cannot be repeated: doubled and possessive forms are not supported',
      );
    }
    return [...nodes.slice(0, -1), {kind: 'repeat', item, ...quantifier, isLazy}];
  }

  #quantifier(): {readonly min: number; readonly max: number} | undefined {
    const simple = {'*': [0, Number.POSITIVE_INFINITY], '+': [1, Number.POSITIVE_INFINITY], '?': [0, 1]};
    const char = this.#source[this.#at] ?? '';
    if (char === '*' || char === '+' || char === '?') {
      this.#at += 1;
      const [min = 0, max = 0] = simple[char];
      return {min, max};
    }
    const counts = this.#counts(this.#at);
    if (counts === undefined) {
      return undefined;
    }
    this.#at += counts.length;
    if (
      counts.min > counts.max ||
      counts.min > maxCount ||
      (counts.max > maxCount && Number.isFinite(counts.max))
    ) {
      throw new SyntaxError(
        `{${counts.min},${counts.max}} is no count: at most ${maxCount}, the smaller one first`,
      );
    }
    return {min: counts.min, max: counts.max};
  }

  /** `{n}`, `{n,}`, `{n,m}` or `{,m}`; a brace that opens nothing of the kind is a character. */
  #counts(at: number): {readonly min: number; readonly max: number; readonly length: number} | undefined {
    const found = /^\{(?:(\d+)(,(\d*))?|,(\d*))\}/.exec(this.#source.slice(at, at + 24));
    if (found === null) {
      return undefined;
    }
    const [whole, min = '0', range, upper, onlyUpper] = found;
    const max = range === undefined && onlyUpper === undefined ? min : (upper ?? onlyUpper ?? '');
    return {
      min: Number(min),
      max: max === '' ? Number.POSITIVE_INFINITY : Number(max),
      length: whole.length,
    };
  }

  #group(): readonly PatternNode[] | undefined {
    if (this.#source[this.#at] !== '?') {
      return [this.#capture()];
    }
    const rest = this.#source.slice(this.#at, this.#at + 80);
    const named = /^\?<([A-Za-z_]\w*)>/.exec(rest);
    if (named !== null) {
      const [whole, name = ''] = named;
      if (this.#names.has(name)) {
        throw new SyntaxError(`two groups are named ${name}`);
      }
      this.#at += whole.length;
      this.#names.set(name, this.#groups + 1);
      return [this.#capture()];
    }
    const look = /^\?(<?)([=!])/.exec(rest);
    if (look !== null) {
      this.#at += look[0].length;
      const direction = look[1] === '<' ? 'behind' : 'ahead';
      return [{kind: 'look', direction, isNegative: look[2] === '!', item: this.#rest(this.#flags)}];
    }
    if (rest.startsWith('?>')) {
      this.#at += 2;
      return [{kind: 'atomic', item: this.#rest(this.#flags)}];
    }
    const switches = /^\?([imxu]*)(?:-([imxu]+))?([:)])/.exec(rest);
    if (switches === null) {
      throw new SyntaxError(`(${rest.slice(0, 3)} is not supported in a pattern`);
    }
    const [whole, on = '', off = '', end] = switches;
    this.#at += whole.length;
    const flags = {
      ignoresCase: (this.#flags.ignoresCase || on.includes('i')) && !off.includes('i'),
      isExtended: (this.#flags.isExtended || on.includes('x')) && !off.includes('x'),
    };
    if (end === ')') {
      this.#flags = flags;
      return undefined;
    }
    return [this.#rest(flags)];
  }

  #capture(): PatternNode {
    this.#groups += 1;
    const number = this.#groups;
    return {kind: 'group', number, item: this.#rest(this.#flags)};
  }

  /** What stands before the closing parenthesis; flags that are switched inside end with it. */
  #rest(flags: Flags): PatternNode {
    const before = this.#flags;
    this.#flags = flags;
    const item = this.#choice();
    if (this.#source[this.#at] !== ')') {
      throw new SyntaxError('a group (...) is never closed');
    }
    this.#at += 1;
    this.#flags = before;
    return item;
  }

  #escape(): readonly PatternNode[] {
    if (this.#at >= this.#source.length) {
      throw new SyntaxError('the pattern ends in a backslash');
    }
    const rest = this.#source.slice(this.#at, this.#at + 80);
    if (rest.startsWith('Q')) {
      return this.#quoted();
    }
    const reference = /^(?:([1-9]\d?)|k<(\w+)>|k\{(\w+)\}|k'(\w+)')/.exec(rest);
    if (reference !== null) {
      const [whole, number, ...names] = reference;
      this.#at += whole.length;
      const group = number === undefined ? (names.find((name) => name !== undefined) ?? '') : Number(number);
      this.#references.push(group);
      return [{kind: 'reference', group}];
    }
    const char = rest[0] ?? '';
    const at = assertions.get(char);
    if (at !== undefined) {
      this.#at += 1;
      return [{kind: 'assertion', at}];
    }
    if (char === 'R') {
      this.#at += 1;
      return [{kind: 'characters', set: ofRange('\n', '\r')}];
    }
    return [{kind: 'characters', set: this.#cased(this.#escapedSet())}];
  }

  #quoted(): readonly PatternNode[] {
    const end = this.#source.indexOf('\\E', this.#at);
    const text = this.#source.slice(this.#at + 1, end < 0 ? this.#source.length : end);
    this.#at = end < 0 ? this.#source.length : end + 2;
    return [...text].map((char) => this.#literal(char));
  }

  /** An escape that means the same inside and outside of a class. */
  #escapedSet(): CharacterSet {
    const code = /^x(?:\{([0-9A-Fa-f]{1,6})\}|([0-9A-Fa-f]{2}))/.exec(
      this.#source.slice(this.#at, this.#at + 10),
    );
    if (code !== null) {
      this.#at += code[0].length;
      const value = Number.parseInt(code[1] ?? code[2] ?? '', 16);
      if (value > this.#last) {
        throw new SyntaxError(
          `\\${code[0]} is no character${this.#last === lastByte ? ' without the flag u' : ''}`,
        );
      }
      return [[value, value]];
    }
    const char = this.#next();
    switch (char) {
      case 'd':
        return digits;
      case 'D':
        return complement(digits, this.#last);
      case 'w':
        return wordCharacters;
      case 'W':
        return complement(wordCharacters, this.#last);
      case 's':
        return blanks;
      case 'S':
        return complement(blanks, this.#last);
      default: {
        const control = controls.get(char);
        if (control === undefined && /[0-9A-Za-z]/.test(char)) {
          throw new SyntaxError(`unknown escape sequence \\${char}`);
        }
        return ofText(control ?? char);
      }
    }
  }

  #class(): CharacterSet {
    const isNegated = this.#source[this.#at] === '^';
    this.#at += isNegated ? 1 : 0;
    const sets: CharacterSet[] = [];
    for (let isFirst = true; isFirst || this.#source[this.#at] !== ']'; isFirst = false) {
      if (this.#at >= this.#source.length) {
        throw new SyntaxError('a class [...] is never closed');
      }
      sets.push(this.#classRange());
    }
    this.#at += 1;
    const set = this.#cased(union(...sets));
    return isNegated ? complement(set, this.#last) : set;
  }

  #classRange(): CharacterSet {
    const from = this.#classItem();
    const isRange = this.#source[this.#at] === '-' && (this.#source[this.#at + 1] ?? ']') !== ']';
    const first = singleCode(from);
    if (!isRange || first === undefined) {
      return from;
    }
    this.#at += 1;
    const last = singleCode(this.#classItem());
    if (last === undefined || last < first) {
      throw new SyntaxError('a range in a class [...] is the wrong way round');
    }
    return [[first, last]];
  }

  #classItem(): CharacterSet {
    const posix = /^\[:(\w+):\]/.exec(this.#source.slice(this.#at, this.#at + 16));
    if (posix !== null) {
      const set = posixClasses.get(posix[1] ?? '');
      if (set === undefined) {
        throw new SyntaxError(`unknown class ${posix[0]}`);
      }
      this.#at += posix[0].length;
      return set;
    }
    const char = this.#next();
    if (char !== '\\') {
      return [[codeOf(char), codeOf(char)]];
    }
    // Outside a class these are assertions and line ends; inside they are letters.
    if (/[bB]/.test(this.#source[this.#at] ?? '')) {
      return ofText(this.#next());
    }
    return this.#escapedSet();
  }
}

function singleCode(set: CharacterSet): number | undefined {
  const [range] = set;
  return set.length === 1 && range !== undefined && range[0] === range[1] ? range[0] : undefined;
}

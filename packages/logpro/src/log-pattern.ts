/** A pattern of a rule or trigger, ready to look for in a line: the tree of its syntax written as a JavaScript expression. */
import {lastByte, lastCharacter, printSet} from './character-set.ts';
import {lineAutomaton} from './line-automaton.ts';
import {LineFilter} from './line-filter.ts';
import {type PatternNode, type PatternTree, parsePattern} from './pattern-syntax.ts';
import {bytesOf, charactersOf} from './utf8-bytes.ts';

/** The matched text, then the captured groups; `undefined` for a group that took no part. */
export type Captured = readonly (string | undefined)[];

/** On a line of this length a pattern that looks harmless may take long, too. */
const longLine = 4096;

export class LogPattern {
  /** What reports show: `/regex/flags`. */
  readonly text: string;
  readonly tree: PatternTree;
  readonly #regex: RegExp;
  /** Place of group N in the result of the expression, which has groups of its own; `undefined` when they agree. */
  readonly #places: readonly number[] | undefined;
  readonly #isRisky: boolean;
  #guard: LineFilter | 'none' | undefined;

  /** Throws a `SyntaxError` for a pattern that is not valid. */
  constructor(source: string, flags: string) {
    this.text = `/${source}/${flags}`;
    this.tree = parsePattern(source, flags);
    const writer = new ExpressionWriter(this.tree);
    this.#regex = new RegExp(writer.source, writer.flags);
    this.#places = writer.places;
    this.#isRisky = hasNestedRepeat(this.tree.root);
  }

  /** Looks for the pattern anywhere in a line of Latin-1 text. */
  find(line: string): Captured | undefined {
    if (!this.#mayMatch(line)) {
      return undefined;
    }
    const found = this.#regex.exec(this.tree.isUnicode ? charactersOf(line) : line);
    if (found === null) {
      return undefined;
    }
    const captured = this.#places === undefined ? found : this.#places.map((place) => found[place]);
    return this.tree.isUnicode
      ? captured.map((text) => (text === undefined ? undefined : bytesOf(text)))
      : captured;
  }

  isIn(line: string): boolean {
    return this.#mayMatch(line) && this.#regex.test(this.tree.isUnicode ? charactersOf(line) : line);
  }

  /**
   * JavaScript tries all ways in which a pattern might match: for `(a+)+b` on a line of thirty `a` that takes minutes, and for
   * others on a very long line. There an automaton, which reads the line once, looks first whether there is any.
   */
  #mayMatch(line: string): boolean {
    if (!this.#isRisky && line.length < longLine) {
      return true;
    }
    if (this.#guard === undefined) {
      const automaton = lineAutomaton([this.tree]);
      this.#guard = automaton === undefined ? 'none' : new LineFilter(automaton);
    }
    return this.#guard === 'none' || this.#guard.find(Buffer.from(`${line}\n`, 'latin1'), 0) === 0;
  }
}

/** Whether something is repeated any number of times that is more than one character. */
function hasNestedRepeat(node: PatternNode): boolean {
  switch (node.kind) {
    case 'repeat':
      return (
        (node.max === Number.POSITIVE_INFINITY && node.item.kind !== 'characters') ||
        hasNestedRepeat(node.item)
      );
    case 'sequence':
      return node.items.some(hasNestedRepeat);
    case 'choice':
      return node.options.some(hasNestedRepeat);
    case 'group':
    case 'atomic':
    case 'look':
      return hasNestedRepeat(node.item);
    case 'characters':
    case 'assertion':
    case 'reference':
      return false;
  }
}

class ExpressionWriter {
  readonly source: string;
  readonly flags: string;
  readonly places: readonly number[] | undefined;
  readonly #tree: PatternTree;
  readonly #places: number[] = [0];
  #groups = 0;
  #hasReference = false;
  #hasOwnGroup = false;

  constructor(tree: PatternTree) {
    this.#tree = tree;
    this.source = this.#write(tree.root);
    // The sets have both cases already; only a back reference has to be told.
    this.flags = `${tree.isUnicode ? 'u' : ''}${tree.ignoresCase && this.#hasReference ? 'i' : ''}`;
    this.places = this.#hasOwnGroup ? this.#places : undefined;
  }

  #write(node: PatternNode): string {
    switch (node.kind) {
      case 'characters':
        return printSet(node.set, this.#tree.isUnicode ? lastCharacter : lastByte);
      case 'sequence':
        return node.items
          .map((item) => (item.kind === 'choice' ? `(?:${this.#write(item)})` : this.#write(item)))
          .join('');
      case 'choice':
        return node.options.map((option) => this.#write(option)).join('|');
      case 'repeat': {
        const item = this.#write(node.item);
        const isSingle = node.item.kind === 'characters' || node.item.kind === 'group';
        return `${isSingle ? item : `(?:${item})`}${printCount(node.min, node.max)}${node.isLazy ? '?' : ''}`;
      }
      case 'group':
        this.#groups += 1;
        this.#places[node.number] = this.#groups;
        return `(${this.#write(node.item)})`;
      case 'atomic': {
        // A look-ahead never gives back what it matched; the group in it says what that was.
        this.#hasOwnGroup = true;
        this.#groups += 1;
        const own = this.#groups;
        return `(?=(${this.#write(node.item)}))(?:\\${own})`;
      }
      case 'look':
        return `(?${node.direction === 'behind' ? '<' : ''}${node.isNegative ? '!' : '='}${this.#write(node.item)})`;
      case 'assertion':
        return assertionTexts[node.at];
      case 'reference': {
        this.#hasReference = true;
        const number = typeof node.group === 'number' ? node.group : (this.#tree.names.get(node.group) ?? 0);
        // A group that stands further on has taken no part yet, and refers to nothing.
        return `(?:\\${this.#places[number] ?? number})`;
      }
    }
  }
}

const assertionTexts: Readonly<Record<(PatternNode & {kind: 'assertion'})['at'], string>> = {
  'line start': '^',
  'line end': '$',
  boundary: '\\b',
  'no boundary': '\\B',
  'word start': '\\b(?=\\w)',
  'word end': '\\b(?<=\\w)',
};

function printCount(min: number, max: number): string {
  if (max === Number.POSITIVE_INFINITY) {
    return min === 0 ? '*' : min === 1 ? '+' : `{${min},}`;
  }
  return min === 0 && max === 1 ? '?' : min === max ? `{${min}}` : `{${min},${max}}`;
}

/**
 * The filters of what is shown: comma lists of patterns, one of which must match (spec dashboard.md A4.5 with the changes of B5.2).
 *
 * A pattern with `%` ignores the case of ASCII letters, any other is taken as a GLOB with `?` and `[...]`; in both, `*` and `%` stand for
 * any text and `_` for itself. A leading `~` means all that does not match. An empty filter lets everything pass.
 */

/** A character by its code point; `undefined`: any text. */
type Token = ((codePoint: number) => boolean) | undefined;

/** `tokens` is `undefined` when the text is no pattern. */
type Pattern = {readonly tokens: readonly Token[] | undefined; readonly isNegated: boolean};

/** Of one value, such as the name of a run. */
export class TextFilter {
  /** Patterns that are none: they match nothing. */
  readonly invalid: readonly string[];
  readonly #patterns: readonly Pattern[];

  constructor(text: string) {
    const members = membersOf(text);
    this.#patterns = members.map(compile);
    this.invalid = members.filter((_, index) => this.#patterns[index]?.tokens === undefined);
  }

  matches(value: string): boolean {
    return this.#patterns.length === 0 || this.#patterns.some((pattern) => isMatch(pattern, value));
  }
}

type TestMember = {readonly text: string; readonly name: Pattern; readonly item: Pattern | undefined};

/** Of tests and items: `test` means all of a test, `test/` only the test itself, `test/item` such items. */
export class TestFilter {
  readonly invalid: readonly string[];
  readonly #members: readonly TestMember[];

  constructor(text: string) {
    this.#members = membersOf(text).map((member) => {
      const slash = member.indexOf('/');
      return {
        text: member,
        name: compile(slash < 0 ? member : member.slice(0, slash)),
        item: slash < 0 ? undefined : compile(member.slice(slash + 1)),
      };
    });
    this.invalid = this.#members
      .filter(
        ({name, item}) => name.tokens === undefined || (item !== undefined && item.tokens === undefined),
      )
      .map((member) => member.text);
  }

  get isEmpty(): boolean {
    return this.#members.length === 0;
  }

  matches(testName: string, itemPath: string): boolean {
    return this.forTest(testName)(itemPath);
  }

  /** Which item paths of one test pass; made once, it is quick to ask for each of a hundred thousand items. */
  forTest(testName: string): (itemPath: string) => boolean {
    const named = this.#members.filter(({name}) => isMatch(name, testName));
    if (this.isEmpty || named.some(({item}) => item === undefined)) {
      return () => true;
    }
    return (itemPath) => named.some(({item}) => item !== undefined && isMatch(item, itemPath));
  }
}

function membersOf(text: string): readonly string[] {
  return text
    .split(',')
    .map((member) => member.trim())
    .filter((member) => member !== '');
}

function compile(text: string): Pattern {
  const isNegated = text.startsWith('~');
  const body = isNegated ? text.slice(1) : text;
  return {isNegated, tokens: body.includes('%') ? likeTokens(body) : globTokens(body)};
}

function likeTokens(text: string): readonly Token[] {
  return [...text].map((character) => {
    if (character === '%' || character === '*') {
      return undefined;
    }
    const [lower, upper] = [lowered(character).codePointAt(0), raised(character).codePointAt(0)];
    return (codePoint) => codePoint === lower || codePoint === upper;
  });
}

function lowered(character: string): string {
  return /[A-Z]/.test(character) ? character.toLowerCase() : character;
}

function raised(character: string): string {
  return /[a-z]/.test(character) ? character.toUpperCase() : character;
}

/** `undefined` when a class does not end, or has a range that goes backwards. */
function globTokens(text: string): readonly Token[] | undefined {
  const tokens: Token[] = [];
  const characters = [...text];
  for (let at = 0; at < characters.length; at += 1) {
    const character = characters[at] ?? '';
    switch (character) {
      case '*':
        tokens.push(undefined);
        break;
      case '?':
        tokens.push(() => true);
        break;
      case '[': {
        const isNegated = characters[at + 1] === '^';
        const begin = at + (isNegated ? 2 : 1);
        // A bracket that stands first is a member.
        const end = characters.indexOf(']', begin + 1);
        const ranges = end < 0 ? undefined : rangesOf(characters.slice(begin, end));
        if (ranges === undefined) {
          return undefined;
        }
        tokens.push(
          (codePoint) =>
            ranges.some(([first, last]) => codePoint >= first && codePoint <= last) !== isNegated,
        );
        at = end;
        break;
      }
      default: {
        const wanted = character.codePointAt(0);
        tokens.push((codePoint) => codePoint === wanted);
      }
    }
  }
  return tokens;
}

function rangesOf(characters: readonly string[]): readonly (readonly [number, number])[] | undefined {
  const codePoints = characters.map((character) => character.codePointAt(0) ?? 0);
  const ranges: (readonly [number, number])[] = [];
  for (let at = 0; at < codePoints.length; at += 1) {
    const first = codePoints[at] ?? 0;
    const last = characters[at + 1] === '-' ? codePoints[at + 2] : undefined;
    if (last !== undefined) {
      at += 2;
    }
    ranges.push([first, last ?? first]);
  }
  return ranges.every(([first, last]) => first <= last) ? ranges : undefined;
}

function isMatch({tokens, isNegated}: Pattern, text: string): boolean {
  return tokens !== undefined && isWhole(tokens, text) !== isNegated;
}

/**
 * Goes back to the last "any text" only, never to one before: so a pattern with many of them costs no more than its length times that of
 * the text.
 */
function isWhole(tokens: readonly Token[], text: string): boolean {
  let [token, at] = [0, 0];
  let [tokenAfterAny, atAfterAny] = [-1, 0];
  while (at < text.length) {
    const codePoint = text.codePointAt(at) ?? 0;
    const wanted = tokens[token];
    if (token < tokens.length && wanted === undefined) {
      token += 1;
      [tokenAfterAny, atAfterAny] = [token, at];
    } else if (wanted?.(codePoint) === true) {
      token += 1;
      at += widthOf(codePoint);
    } else if (tokenAfterAny >= 0) {
      atAfterAny += widthOf(text.codePointAt(atAfterAny) ?? 0);
      [token, at] = [tokenAfterAny, atAfterAny];
    } else {
      return false;
    }
  }
  return tokens.slice(token).every((rest) => rest === undefined);
}

function widthOf(codePoint: number): number {
  return codePoint > 0xffff ? 2 : 1;
}

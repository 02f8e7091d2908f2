/**
 * The patterns that choose tests and items of a run: `name`, `name/item`, wildcards, regular expressions, negation and comma
 * lists (spec runs.md 2.2). The selectors of stored rows (runs.md 2.3) are SQL and live in the store.
 */

/** One `name-part [/ item-part]` of a pattern list, compiled. */
type Member = {
  readonly text: string;
  readonly name: Part;
  /** `undefined` = no slash in the text: any item path matches. */
  readonly item: Part | undefined;
};

type Part = {readonly regex: RegExp | undefined; readonly isNegated: boolean};

export class TestPattern {
  readonly text: string;
  /** Members whose text is not a valid regular expression; they match nothing. */
  readonly invalid: readonly string[];
  readonly #members: readonly Member[];

  constructor(text: string) {
    this.text = text;
    this.#members = text
      .split(',')
      .map((member) => member.trim())
      .filter((member) => member !== '')
      .map(compileMember);
    this.invalid = this.#members
      .filter(
        (member) =>
          member.name.regex === undefined || (member.item !== undefined && member.item.regex === undefined),
      )
      .map((member) => member.text);
  }

  /** Whether a test of this name may be meant: only the name parts are looked at. */
  matchesName(testName: string): boolean {
    return this.#members.some((member) => matchesPart(member.name, testName));
  }

  matches(testName: string, itemPath: string): boolean {
    return this.#members.some(
      (member) =>
        matchesPart(member.name, testName) &&
        (member.item === undefined || matchesPart(member.item, itemPath)),
    );
  }

  /** The texts of the members, as given. */
  get members(): readonly string[] {
    return this.#members.map((member) => member.text);
  }
}

function compileMember(text: string): Member {
  const slash = text.indexOf('/');
  return {
    text,
    name: compilePart(slash < 0 ? text : text.slice(0, slash)),
    item: slash < 0 ? undefined : compilePart(text.slice(slash + 1)),
  };
}

function compilePart(text: string): Part {
  const isNegated = text.startsWith('~');
  const body = isNegated ? text.slice(1) : text;
  const ignoresCase = body.includes('%');
  const source = ignoresCase ? body.replaceAll('%', '.*') : body.replaceAll('*', '.*');
  try {
    return {regex: new RegExp(`^(?:${source})$`, ignoresCase ? 'is' : 's'), isNegated};
  } catch {
    return {regex: undefined, isNegated};
  }
}

function matchesPart(part: Part, text: string): boolean {
  return part.regex?.test(text) !== undefined && part.regex.test(text) !== part.isNegated;
}

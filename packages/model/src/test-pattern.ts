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
  /** The texts of the members, as given. */
  readonly members: readonly string[];
  /** Members whose text is not a valid regular expression; they match nothing. */
  readonly invalid: readonly string[];
  readonly #valid: readonly Member[];

  constructor(text: string) {
    this.text = text;
    const members = text
      .split(',')
      .map((member) => member.trim())
      .filter((member) => member !== '')
      .map(compileMember);
    this.members = members.map((member) => member.text);
    this.#valid = members.filter(isValid);
    this.invalid = members.filter((member) => !isValid(member)).map((member) => member.text);
  }

  /** Whether a test of this name may be meant: only the name parts are looked at. */
  matchesName(testName: string): boolean {
    return this.memberFor(testName) !== undefined;
  }

  /** The first member that may mean a test of this name. */
  memberFor(testName: string): string | undefined {
    return this.#valid.find((member) => matchesPart(member.name, testName))?.text;
  }

  matches(testName: string, itemPath: string): boolean {
    return this.forTest(testName)(itemPath);
  }

  /** Which item paths of one test are meant; made once, it is quick to ask for each of a hundred thousand items. */
  forTest(testName: string): (itemPath: string) => boolean {
    const parts: Part[] = [];
    for (const {name, item} of this.#valid) {
      if (matchesPart(name, testName)) {
        if (item === undefined) {
          return () => true;
        }
        parts.push(item);
      }
    }
    return (itemPath) => parts.some((part) => matchesPart(part, itemPath));
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

function isValid({name, item}: Member): boolean {
  return name.regex !== undefined && (item === undefined || item.regex !== undefined);
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
  return part.regex !== undefined && part.regex.test(text) !== part.isNegated;
}
